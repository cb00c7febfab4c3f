// Shows, searches and sorts the table. Every cell is set as text: nothing that was scanned can become markup.
"use strict";
(() => {
  const STEP = 200;
  const rows = JSON.parse(document.getElementById("rows").textContent);
  const body = document.querySelector("#table tbody");
  const search = document.getElementById("search");
  const verdict = document.getElementById("verdict");
  const more = document.getElementById("more");
  const heads = document.querySelectorAll("#table th button");
  let column = -1, down = false, found = rows, limit = STEP;

  const draw = () => {
    const lines = document.createDocumentFragment();
    for (const row of found.slice(0, limit)) {
      const line = document.createElement("tr");
      row.forEach((value, index) => {
        const cell = document.createElement("td");
        cell.textContent = value === null ? "" : value;
        if (index === 2 && value !== document.getElementById("table").dataset.right) cell.className = "bad";
        line.append(cell);
      });
      lines.append(line);
    }
    body.replaceChildren(lines);
    more.hidden = found.length <= limit;
    const shown = document.getElementById("shown"), number = (value) => value.toLocaleString(document.documentElement.lang);
    shown.textContent = shown.dataset.words.replace("{shown}", number(Math.min(limit, found.length)))
      .replace("{count}", number(found.length));
  };

  const choose = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    found = rows.filter((row) => (!verdict.value || row[2] === verdict.value)
      && words.every((word) => row.some((value) => String(value ?? "").toLowerCase().includes(word))));
    if (column >= 0) {
      const order = new Intl.Collator("en", { numeric: true });
      found.sort((one, two) => order.compare(one[column] ?? "", two[column] ?? "") * (down ? -1 : 1));
    }
    limit = STEP;
    draw();
  };

  search.addEventListener("input", choose);
  verdict.addEventListener("change", choose);
  more.addEventListener("click", () => { limit += 5 * STEP; draw(); });
  heads.forEach((head, index) => head.addEventListener("click", () => {
    down = column === index && !down;
    column = index;
    heads.forEach((other) => other.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    choose();
  }));
  choose();
})();
