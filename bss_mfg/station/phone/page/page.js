import { Camera, Reader, drawMarks, drawPhoto } from "/camera.js";
import { Labels, Refused, ask } from "/labels.js";
import { LANGUAGE, n, t } from "/language.js";

const LISTED = 12;
const EVERY = 2500; // milliseconds between two looks at the counts, which other phones change too
const EXPLAINED = {
  false: t("Sheets: a label counts once, however often you pass over it."),
  true: t("Boxes: a label that leaves the picture and comes back is another box's."),
};

const at = (id) => document.getElementById(id);
const body = document.body;
const camera = new Camera(at("video"));
const reader = new Reader();
const labels = new Labels(answered, connected);
let sound = null;
let filming = false;
let held = null; // the wrong answer that waits to be tapped

// --- the station --------------------------------------------------------------------------------------------------

async function enter() {
  const token = location.hash.slice(1);
  history.replaceState(null, "", "/"); // the token opens nothing any more, and stays in no history
  try {
    if (token) showState(await ask("/session", { token }));
    else showState(await ask("/state"));
  } catch (error) {
    try {
      showState(await ask("/state")); // this phone is in already
    } catch {
      leave(error instanceof Refused ? error.message : t("the station doesn't answer"));
      return;
    }
  }
  ready("");
  setInterval(watch, EVERY);
}

async function watch() {
  try {
    connected(true, await ask("/state"));
  } catch (error) {
    connected(false, error);
  }
}

function connected(yes, said) {
  at("offline").hidden = yes;
  if (yes) {
    showState(said);
    labels.send();
  } else if (said instanceof Refused) {
    leave(said.message);
  }
}

function showState(state) {
  const { counts } = state;
  at("batch").textContent = state.batch;
  at("who").textContent = [state.station, state.operator].filter(Boolean).join(" · ");
  const missing = counts.missing ?? counts.packages - counts.verified;
  for (const [id, number] of Object.entries({ ...counts, missing })) {
    if (at(id)) at(id).textContent = number.toLocaleString(LANGUAGE);
  }
  at("of").textContent = t("of {packages} verified", { packages: counts.packages });
  at("share").max = Math.max(counts.packages, 1);
  at("share").value = counts.verified;
  const more = missing > state.missing.length ? " …" : "";
  at("unseen").textContent = missing
    ? t("Still missing: {serials}", { serials: state.missing.join(", ") + more }) : t("Nothing is missing.");
  document.querySelector(".wrong").classList.toggle("some", counts.wrong > 0);
}

function leave(why) {
  body.dataset.state = "out";
  at("begin").hidden = true;
  at("hint").textContent = t("This phone is not in: {why}. Scan the code on the station's screen.", { why: t(why) });
}

// --- answers ------------------------------------------------------------------------------------------------------

function answered(answer) {
  const item = document.createElement("li");
  item.dataset.tone = answer.tone;
  item.dataset.word = answer.word;
  const serials = document.createElement("span");
  serials.textContent = answer.serials || answer.shown.detail;
  const word = document.createElement("span");
  word.className = "said";
  word.textContent = answer.shown.word;
  item.append(serials, word);
  at("answers").prepend(item);
  while (at("answers").children.length > LISTED) at("answers").lastChild.remove();
  if (answer.tone !== "good" && answer.word !== "OTHER CODE") ring(answer.tone);
  if (answer.tone === "bad") held = answer;
  if (answer.tone === "bad" || !held) show(answer);
}

function show(answer) {
  at("answer").dataset.tone = answer?.tone ?? "none";
  at("word").textContent = answer?.shown.word ?? t("Show a label");
  at("serials").textContent = answer?.serials ?? "";
  at("detail").textContent = answer?.shown.detail ?? "";
  at("dismiss").hidden = answer?.tone !== "bad";
}

function ring(tone) {
  const wrong = tone === "bad";
  navigator.vibrate?.(wrong ? [200, 80, 200] : 120);
  if (!sound) return;
  const wave = sound.createOscillator();
  const volume = sound.createGain();
  wave.type = wrong ? "square" : "sine";
  wave.frequency.value = wrong ? 440 : 880;
  volume.gain.value = 0.2;
  wave.connect(volume).connect(sound.destination);
  wave.start();
  wave.stop(sound.currentTime + (wrong ? 0.5 : 0.15));
}

at("answer").onclick = () => {
  held = null;
  show(null);
};

// --- pictures -----------------------------------------------------------------------------------------------------

function ready(hint) {
  body.dataset.state = "ready";
  at("hint").textContent = hint;
  at("begin").hidden = false;
}

at("begin").onclick = async () => {
  sound ??= window.AudioContext ? new AudioContext() : null;
  sound?.resume();
  at("hint").textContent = t("Starting the camera …");
  try {
    await camera.open();
  } catch (error) {
    const refused = error.name === "NotAllowedError";
    ready(refused ? t("The camera was refused. Take photos instead: Photo.")
      : t("There is no camera that can be used. Take photos instead: Photo."));
    return;
  }
  body.dataset.state = "live";
  at("light").hidden = !camera.hasLight;
  at("light").setAttribute("aria-pressed", "false");
  camera.track.onended = () => ready(t("The camera was taken by something else."));
  stayAwake();
  if (!filming) film();
};

function stayAwake() {
  navigator.wakeLock?.request("screen").catch(() => {}); // refused where the battery is low
}

document.addEventListener("visibilitychange", () => {
  if (!document.hidden && body.dataset.state === "live") stayAwake();
});

async function film() {
  filming = true;
  let frames = 0;
  while (body.dataset.state !== "out") {
    await nextFrame();
    const picture = body.dataset.state === "live" ? camera.grab() : null;
    if (!picture) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      continue;
    }
    const size = { width: picture.width, height: picture.height };
    const { symbols, failed } = await reader.read(picture);
    body.dataset.frames = ++frames;
    if (failed) at("explained").textContent = t("This browser can't read labels ({why}).", { why: failed });
    if (body.dataset.state !== "live") continue;
    // The picture that was read lies under its marks: over the video, which is ahead of it, they would lie beside.
    drawMarks(at("marks"), size, labels.see(symbols, performance.now()), camera.canvas);
  }
}

function nextFrame() {
  return new Promise((resolve) => {
    const video = at("video");
    if (video.requestVideoFrameCallback && body.dataset.state === "live") {
      const handle = setTimeout(resolve, 500); // a hidden page gets no frames
      video.requestVideoFrameCallback(() => { clearTimeout(handle); resolve(); });
    } else {
      requestAnimationFrame(resolve);
    }
  });
}

at("take").onchange = async () => {
  const [file] = at("take").files;
  at("take").value = "";
  if (!file || body.dataset.state === "out") return;
  at("picture").click(); // the photo before is done with
  await new Promise(requestAnimationFrame);
  const before = camera.track?.readyState === "live" ? "live" : "ready";
  body.dataset.state = "photo";
  let redrawn = 0;
  try {
    const picture = await drawPhoto(file, at("photo"));
    at("photo").hidden = false;
    const size = { width: picture.width, height: picture.height };
    const { symbols } = await reader.read(picture);
    const drawn = labels.see(symbols, performance.now(), true);
    const again = () => drawMarks(at("marks"), size, drawn);
    again();
    redrawn = setInterval(again, 200); // answers come, and change: a second label with one string, a scrapped unit
    at("explained").textContent = symbols.length
      ? n("{count} symbol read in the photo. Tap the photo to continue.",
          "{count} symbols read in the photo. Tap the photo to continue.", symbols.length)
      : t("No symbol was read in the photo: go nearer, hold still, more light. Tap the photo to continue.");
    await new Promise((resolve) => { at("picture").onclick = resolve; });
  } catch {
    at("explained").textContent = t("This photo can't be opened.");
    body.dataset.state = before;
    return;
  } finally {
    clearInterval(redrawn);
    at("picture").onclick = null;
    at("photo").hidden = true;
    drawMarks(at("marks"), { width: 1, height: 1 }, []);
  }
  explain();
  if (before === "live") body.dataset.state = "live";
  else ready("");
};

at("light").onclick = async () => {
  const on = at("light").getAttribute("aria-pressed") !== "true";
  try {
    await camera.light(on);
    at("light").setAttribute("aria-pressed", on);
  } catch {
    at("light").hidden = true;
  }
};

for (const mode of ["sheets", "boxes"]) {
  at(mode).onclick = () => {
    labels.boxes = mode === "boxes";
    at("sheets").setAttribute("aria-pressed", !labels.boxes);
    at("boxes").setAttribute("aria-pressed", labels.boxes);
    explain();
  };
}

function explain() {
  at("explained").textContent = EXPLAINED[labels.boxes];
}

explain();
enter();
