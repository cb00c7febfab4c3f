// The board: shows each document that the server sends. Every text is set as text: nothing of the ledger can become markup.
"use strict";
import { LANGUAGE, n, t } from "/language.js";
const LATE_SECONDS = 30, SILENT_MS = 20000;
const MAIN_COUNTS = [["right", t("reads")], ["flashed", t("flashed")], ["packed", t("packed")], ["shipped", t("shipped")], ["labels", t("labels")], ["issued", t("issued")]];
const DESKS = { press: t("Press"), scan: t("Scan"), flasher: t("Flasher"), packing: t("Packing"), office: t("Office") };
const WORK = {
  "print": t("to print"), "print queued": t("queued"), "at printer": t("at the printer"), "send again": t("files to send again"), "verify": t("to scan"), "program": t("keys due"),
  "complete release": t("keys cut off"), "report flashed": t("to report"), "flash failed": t("failed when flashed"), "pack": t("to pack"), "ship": t("to ship"), "replace": t("to replace"),
  "answer rejected": t("rejected by Amazon"), "close": t("to close"),
};
const body = document.body, find = (name) => document.getElementById(name);
const number = (value) => value.toLocaleString(LANGUAGE);
const share = (value) => value === null ? "–" : (value === 1 ? 1 : Math.floor(value * 1000) / 1000).toLocaleString(LANGUAGE, { style: "percent", minimumFractionDigits: value === 1 ? 0 : 1 });
const WALL = "wall", words = location.hash.slice(1).split("&").filter(Boolean); // #TOKEN, #wall or #TOKEN&wall
let heard = Date.now(), line = null;

/** An element with a class, and texts or elements in it. */
function make(tag, name, ...inside) {
  const element = document.createElement(tag);
  if (name) element.className = name;
  element.append(...inside);
  return element;
}

function note(words) {
  return make("p", "none-yet", words);
}

/** A bar of a width from 0 to 1. */
function bar(name, part) {
  const found = make("i", name);
  found.style.width = `${Math.max(0, Math.min(1, part)) * 100}%`;
  return found;
}

function showTiles({ counts, stations, hours, by_hour, waiting }) {
  const hour = by_hour.filter((one) => one.hour === hours.at(-1)).reduce((sum, one) => sum + one.right, 0);
  const rate = stations.reduce((sum, one) => sum + one.per_hour, 0);
  const troubles = waiting.filter((one) => one.trouble).reduce((sum, one) => sum + one.count, 0);
  const yielded = counts.first_pass_yield;
  const tiles = [
    [number(hour), t("right reads this hour"), ""],
    [number(rate), t("per hour just now"), ""],
    [share(yielded), t("first-pass yield"), yielded === null ? "" : yielded >= .98 ? "good" : yielded >= .9 ? "warn" : "bad"],
    [number(counts.wrong), t("wrong reads"), counts.wrong ? "bad" : ""],
    [number(counts.scrapped), t("units scrapped"), ""],
    troubles ? [number(troubles), t("need help"), "bad"] : [number(counts.shipped), t("packages shipped"), ""],
  ];
  find("tiles").replaceChildren(...tiles.map(([value, words, tone]) => make("div", "tile", make("b", tone, value), make("small", "", words))));
}

function showBatches({ batches }) {
  const rows = batches.map((one) => {
    const all = one.packages || 1;
    const meter = make("div", "meter");
    for (const stage of ["printed", "verified", ...(one.packed ? ["packed"] : []), "shipped"]) meter.append(bar(stage, one[stage] / all));
    meter.setAttribute("role", "img");
    meter.setAttribute("aria-label", t("{verified} of {packages} packages verified, {shipped} shipped", { verified: one.verified, packages: one.packages, shipped: one.shipped }));
    const numbers = [[one.packages, t("packages")], [one.printed, t("printed")], [one.verified, t("verified")], [one.released, t("of {units} keys released", { units: one.units })], ...(one.flashed ? [[one.flashed, t("flashed")]] : []), ...(one.packed ? [[one.packed, t("packed")]] : []), [one.shipped, t("shipped")]]
      .map(([value, words]) => make("span", "", make("b", "", number(value)), ` ${words}`));
    if (one.scrapped_packages) numbers.push(make("span", "bad", make("b", "", number(one.scrapped_packages)), ` ${t("scrapped")}`));
    const state = one.state === "open" ? "" : ` · ${t(one.state)}`;
    const name = make("div", "name", make("b", "", one.batch), make("span", "soft", `${one.title || one.product}${state}`),
      make("em", "", share(one.packages ? one.verified / one.packages : null), make("small", "", ` ${t("verified")}`)));
    return make("article", "batch", name, meter, make("div", "thread", bar("released", one.released / (one.units || 1)), bar("flashed", one.flashed / (one.units || 1))), make("p", "numbers-line", ...numbers));
  });
  find("flashed-key").hidden = !batches.some((one) => one.flashed);
  find("packed-key").hidden = !batches.some((one) => one.packed);
  find("batches").replaceChildren(...(rows.length ? rows : [note(t("No batch was issued yet."))]));
}

function showHours({ hours, hour_names, by_hour, stations }) {
  const head = make("tr", "", make("th", "", ""));
  hour_names.forEach((name, index) => head.append(make("th", index === hours.length - 1 ? "running" : "", name)));
  for (const words of [t("all"), t("yield"), t("now/h")]) head.append(make("th", "sum", words));
  const cells = new Map(by_hour.map((one) => [`${one.hour} ${one.station}`, one]));
  const rows = stations.map((station) => {
    const [main, words] = MAIN_COUNTS.find(([name]) => station[name]) ?? (station.wrong ? ["right", t("reads")] : ["scrapped", t("scrapped")]);
    const most = Math.max(1, ...hours.map((hour) => cells.get(`${hour} ${station.station}`)?.[main] ?? 0));
    const row = make("tr", "", make("th", "", station.station || t("(no name)"), make("small", "", words)));
    for (const hour of hours) {
      const counts = cells.get(`${hour} ${station.station}`);
      const value = counts?.[main] ?? 0;
      const cell = make("td", value / most > .62 ? "strong" : "", counts ? number(value) : "·");
      const heat = counts?.wrong > value ? "--heat-bad" : "--heat"; // an hour with more wrong than right is none to be green
      if (value) cell.style.backgroundColor = `rgba(var(${heat}), ${(.12 + .88 * value / most).toFixed(2)})`;
      if (counts?.wrong) {
        cell.append(make("small", "", `${number(counts.wrong)} \u2715`));
        cell.title = t("{count} wrong", { count: counts.wrong });
      }
      row.append(cell);
    }
    row.append(make("td", "sum", number(station[main])), make("td", "sum", share(station.first_pass_yield)),
      make("td", "sum", main === "right" ? number(station.per_hour) : ""));
    return row;
  });
  find("hours").tHead.replaceChildren(head);
  find("hours").tBodies[0].replaceChildren(...rows);
  if (!rows.length) find("hours").tBodies[0].append(make("tr", "", make("th", "", t("Nothing yet"))));
  find("hours").style.setProperty("--rows", Math.max(rows.length, 5));
  if (!find("hours").dataset.shown) { // on a phone the running hour comes first into view
    find("hours").dataset.shown = "yes";
    find("hours").querySelector(".running")?.scrollIntoView({ block: "nearest", inline: "end" });
    scrollTo(0, 0);
  }
}

function showWaiting({ waiting }) {
  const desks = Object.entries(DESKS).map(([desk, name]) => [name, waiting.filter((one) => one.desk === desk)]).filter(([, items]) => items.length);
  const rows = desks.map(([name, items]) => make("div", "desk", make("h3", "", name), make("ul", "", ...items
    .sort((one, two) => two.trouble - one.trouble || two.count - one.count).slice(0, 4)
    .map((one) => make("li", one.trouble ? "trouble" : "", make("b", "", number(one.count)), make("span", "", [WORK[one.work] ?? one.work, one.station, one.batch].filter(Boolean).join(" · ")))))));
  find("waiting").replaceChildren(...(rows.length ? rows : [note(t("Nothing waits."))]));
}

function showFailures({ failures }) {
  const cards = [...failures].sort((one, two) => one.settled - two.settled).map((one) => { // what is still wrong, first
    let picture = make("div", "no-picture", one.picture_at ? t("picture at {station}", { station: one.picture_at }) : t("no picture"));
    if (one.picture) {
      picture = make("img", "");
      picture.src = one.picture;
      picture.alt = t("the label, {verdict}", { verdict: one.words });
    }
    const what = one.serials || (one.package === null ? t("label not known") : t("package {number}", { number: one.package }));
    const where = one.file && one.file !== "scanner" ? one.page ? t("{file}, page {page}", { file: one.file, page: one.page }) : one.file : "";
    const about = make("div", "", make("b", "", one.settled ? t("{verdict} – settled", { verdict: one.words }) : one.words), make("p", "", what),
      make("p", "", one.batch), make("p", "soft", `${one.clock} ${one.station}`));
    if (where) about.append(make("p", "soft", where));
    return make("article", one.settled ? "failure settled" : "failure", picture, about);
  });
  find("failures").replaceChildren(...(cards.length ? cards : [note(t("No read failed."))]));
}

function showScrap({ scrap_reasons }) {
  const most = Math.max(1, ...scrap_reasons.map((one) => one.units));
  const rows = scrap_reasons.slice(0, 8).map((one) => make("div", "reason", make("span", "", one.reason), make("div", "", bar("", one.units / most)), make("b", "", number(one.units))));
  find("scrap").replaceChildren(...(rows.length ? rows : [note(t("No unit was scrapped."))]));
}

function show(news) {
  line = news;
  if (!news.hours) return alarm(t("The ledger can't be read. The terminal says why."));
  document.title = `${news.title} – bss-mfg ${t("board")}`;
  find("title").textContent = news.title;
  find("span").textContent = n("the last hour", "the last {count} hours", news.hours.length);
  for (const part of [showTiles, showBatches, showHours, showWaiting, showFailures, showScrap]) part(news);
  fit();
  body.dataset.head = news.head;
  if (news.trouble) alarm(t("The ledger can't be read: these numbers are of {clock}.", { clock: news.clock }));
}

/** On a wall nothing can be scrolled: what has no room is left out whole, and counted. */
function fit() {
  for (const part of document.querySelectorAll(".part")) {
    const items = [...part.querySelectorAll(".batch, .desk li, .reason, .failure")];
    for (const item of items) item.hidden = false;
    const bottom = part.getBoundingClientRect().bottom - 4;
    const over = body.classList.contains(WALL) ? items.filter((item) => item.getBoundingClientRect().bottom > bottom) : [];
    for (const item of over) item.hidden = true;
    part.querySelector("h2").dataset.more = over.length ? ` ${t("and {count} more", { count: over.length })}` : "";
  }
}

function alarm(words) {
  find("alert").textContent = words;
  find("alert").hidden = !words;
}

/** Say how fresh the numbers are. */
function judge(age) {
  const late = age > LATE_SECONDS;
  body.dataset.state = late ? "late" : "live";
  find("live").textContent = late ? t("not up to date") : t("live");
  if (!line?.trouble) alarm(late ? t("The ledger wasn't read for some time: these numbers are old.") : "");
}

function listen() {
  const source = new EventSource("/events");
  source.addEventListener("line", (event) => { heard = Date.now(); show(JSON.parse(event.data)); });
  source.addEventListener("beat", (event) => { heard = Date.now(); judge(JSON.parse(event.data).age); });
  source.onerror = async () => {
    if (source.readyState !== EventSource.CLOSED) return; // it tries again by itself
    body.dataset.state = "out";
    find("live").textContent = t("not let in");
    alarm(t("This browser was not let in: open the board with the link that the terminal shows."));
  };
}

/** What a bookmark keeps: no token, for the browser is in. */
function showAddress() {
  history.replaceState(null, "", location.pathname + (body.classList.contains(WALL) ? `#${WALL}` : ""));
}

async function begin() {
  const token = words.find((word) => word !== WALL);
  if (token) {
    const answer = await fetch("/session", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ token }) });
    if (answer.ok) showAddress();
  }
  listen();
}

setInterval(() => {
  find("clock").textContent = new Date().toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
  if (body.dataset.state !== "out" && Date.now() - heard > SILENT_MS) {
    body.dataset.state = "late";
    find("live").textContent = t("no connection");
    alarm(t("No answer from the board's computer: these numbers are old."));
  }
}, 1000);

find("wall").addEventListener("click", () => {
  const on = body.classList.toggle(WALL);
  find("wall").setAttribute("aria-pressed", on);
  if (body.dataset.state !== "starting") showAddress();
  fit();
});
addEventListener("resize", fit);
if (words.includes(WALL)) find("wall").click();
begin();
