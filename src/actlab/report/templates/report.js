"use strict";
// Filters and sorts the table of runs; without this script the table is simply complete.
(() => {
  const form = document.getElementById("filter");
  const body = document.querySelector("#runs tbody");
  if (!form || !body) return;
  form.hidden = false;
  const rows = [...body.rows];
  const count = document.getElementById("shown");
  const cell = (row, place) => row.cells[place].dataset.sort ?? row.cells[place].textContent;
  const fill = (name, place) => {
    const values = [...new Set(rows.map((row) => row.cells[place].textContent))].sort();
    for (const value of values) form.elements[name].add(new Option(value, value));
  };
  fill("place", 0);
  fill("function", 1);
  fill("status", 4);
  const apply = () => {
    const { place, function: fn, status, text } = form.elements;
    const terms = text.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of rows) {
      const all = row.textContent.toLowerCase();
      const hit = (!place.value || row.cells[0].textContent === place.value)
        && (!fn.value || row.cells[1].textContent === fn.value)
        && (!status.value || row.cells[4].textContent === status.value)
        && terms.every((term) => all.includes(term));
      row.hidden = !hit;
      shown += hit;
    }
    count.textContent = `${shown} of ${rows.length} runs`;
  };
  form.addEventListener("input", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  document.querySelectorAll("#runs thead th").forEach((head, place) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const up = head.getAttribute("aria-sort") !== "ascending";
      document.querySelectorAll("#runs thead th").forEach((h) => h.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      const sign = up ? 1 : -1;
      rows.sort((a, b) => {
        const [x, y] = [cell(a, place), cell(b, place)];
        const [p, q] = [Number(x), Number(y)];
        return sign * (Number.isNaN(p) || Number.isNaN(q) ? x.localeCompare(y) : p - q);
      });
      body.append(...rows);
    });
  });
  const open = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    for (let box = target; box; box = box.parentElement) if (box.tagName === "DETAILS") box.open = true;
    if (target) target.scrollIntoView();
  };
  window.addEventListener("hashchange", open);
  open();
  apply();
})();
