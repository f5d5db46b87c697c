"use strict";
// Filters the list of claims; without this script all of them are shown.
(() => {
  const form = document.getElementById("filter");
  if (!form) return;
  form.hidden = false;
  const entries = [...document.querySelectorAll("article[data-word]")];
  const count = document.getElementById("shown");
  const apply = () => {
    const kind = form.elements.kind.value;
    const word = form.elements.word.value;
    const terms = form.elements.text.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const entry of entries) {
      const hit = (!kind || entry.dataset.kind === kind)
        && (!word || entry.dataset.word === word)
        && terms.every((term) => entry.dataset.text.includes(term));
      entry.hidden = !hit;
      shown += hit;
    }
    count.textContent = `${shown} of ${entries.length} claims`;
  };
  form.addEventListener("input", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  document.querySelectorAll("[data-choose]").forEach((bar) => {
    bar.addEventListener("click", () => {
      const word = bar.dataset.choose;
      form.elements.word.value = form.elements.word.value === word ? "" : word;
      apply();
    });
  });
  apply();
})();
