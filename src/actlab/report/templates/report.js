"use strict";
// Filters and sorts the table of runs, and lights up one function in the figures of a study.
// Without this script the page is complete; it only does not answer.
(() => {
  const open = () => {
    let name = location.hash.slice(1);
    try { name = decodeURIComponent(name); } catch { return; }
    const target = document.getElementById(name);
    for (let box = target; box; box = box.parentElement) if (box.tagName === "DETAILS") box.open = true;
    if (target) target.scrollIntoView();
  };
  window.addEventListener("hashchange", open);
  open();

  // What is printed is not folded up.
  let folded = [];
  window.addEventListener("beforeprint", () => {
    folded = [...document.querySelectorAll("details:not([open])")];
    for (const box of folded) box.open = true;
  });
  window.addEventListener("afterprint", () => { for (const box of folded) box.open = false; });

  for (const study of document.querySelectorAll("[data-study]")) {
    const names = [...study.querySelectorAll("[data-pick]")];
    const light = (number) => {
      study.classList.toggle("picked", number !== undefined);
      for (const mark of study.querySelectorAll("[data-f]")) {
        const lit = mark.dataset.f === number;
        mark.classList.toggle("lit", lit);
        if (lit) mark.parentNode.append(mark);
      }
      for (const name of names) {
        const on = name.dataset.pick === number;
        name.classList.toggle("on", on);
        name.querySelector("[role=button]").setAttribute("aria-pressed", on);
      }
    };
    for (const name of names) {
      name.classList.add("pick");
      // In a table the cell stays a heading, and the name in it is the button.
      const button = name.querySelector("bdi");
      button.tabIndex = 0;
      button.setAttribute("role", "button");
      const press = () => light(name.classList.contains("on") ? undefined : name.dataset.pick);
      name.addEventListener("click", press);
      name.addEventListener("keydown", (event) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        press();
      });
    }
    light(undefined);
  }

  const form = document.getElementById("_filter");
  const table = document.getElementById("_runs");
  if (!form || !table) return;
  form.hidden = false;
  const body = table.tBodies[0];
  const rows = [...body.rows];
  const heads = [...table.tHead.rows[0].cells];
  const text = (row, place) => row.cells[place].textContent.trim();
  const chosen = { place: 0, function: 1, status: 4 };
  for (const [name, place] of Object.entries(chosen)) {
    const values = [...new Set(rows.map((row) => text(row, place)))].sort();
    for (const value of values) form.elements[name].add(new Option(value, value));
  }
  const apply = () => {
    const terms = form.elements.text.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of rows) {
      const all = row.textContent.toLowerCase();
      const hit = Object.entries(chosen).every(([name, place]) => {
        const wanted = form.elements[name].value;
        return !wanted || text(row, place) === wanted.trim();
      }) && terms.every((term) => all.includes(term));
      row.hidden = !hit;
      shown += hit;
    }
    form.querySelector("output").textContent = `${shown} of ${rows.length} runs`;
  };
  form.addEventListener("input", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  heads.forEach((head, place) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const up = head.getAttribute("aria-sort") !== "ascending";
      for (const other of heads) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      const sign = up ? 1 : -1;
      rows.sort((a, b) => {
        const [x, y] = [text(a, place), text(b, place)];
        const [p, q] = [Number(x), Number(y)];
        // What is no number comes last, whichever way the numbers go.
        if (Number.isNaN(p) !== Number.isNaN(q)) return Number.isNaN(p) ? 1 : -1;
        return sign * (Number.isNaN(p) ? x.localeCompare(y) : p - q);
      });
      body.append(...rows);
    });
  });
  apply();
})();
