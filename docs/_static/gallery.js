/* Shows the cards that match the search and the family. */
"use strict";
(() => {
  const search = document.getElementById("gallery-search");
  const family = document.getElementById("gallery-family");
  const count = document.getElementById("gallery-count");
  const cards = [...document.querySelectorAll(".gallery .card")];
  const update = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const card of cards) {
      const fits =
        words.every((word) => card.dataset.words.includes(word)) &&
        (!family.value || card.dataset.family === family.value);
      card.hidden = !fits;
      card.style.display = fits ? "" : "none";
      shown += fits;
    }
    count.textContent = shown === cards.length ? `${shown} activations` : `${shown} of ${cards.length} activations`;
  };
  search.addEventListener("input", update);
  family.addEventListener("change", update);
})();
