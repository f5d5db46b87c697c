// All functions, with search and filters.
const List = (() => {
  const FACTS = ["smooth", "monotone", "odd", "bounded", "learnable", "dead"];
  const MEANING = { dead: "has an interval of slope 0", learnable: "has a parameter that is learned by default" };

  function create(app) {
    const box = Dom.byId("list"), search = Dom.byId("search"), family = Dom.byId("family"), since = Dom.byId("since");
    const wanted = new Map(), items = new Map();

    const families = [...new Set(app.entries.map((entry) => entry.family))].sort();
    family.append(...families.map((name) => Dom.make("option", { value: name }, name)));
    const years = [...new Set(app.entries.map((entry) => entry.year).filter(Boolean))].sort();
    since.append(...years.map((year) => Dom.make("option", { value: year }, `since ${year}`)));

    Dom.byId("facts").replaceChildren(...FACTS.map((fact) => {
      const button = Dom.make("button", { type: "button", title: MEANING[fact] ?? fact, "data-fact": fact }, fact);
      const shown = () => {
        const want = wanted.get(fact);
        button.textContent = want === false ? `not ${fact}` : fact;
        button.setAttribute("aria-pressed", String(want !== undefined));
      };
      button.addEventListener("click", () => {
        // Any, then only those, then only the others.
        const next = { undefined: true, true: false, false: undefined }[wanted.get(fact)];
        if (next === undefined) wanted.delete(fact);
        else wanted.set(fact, next);
        shown();
        filter();
      });
      shown();
      return button;
    }));

    for (const entry of app.entries) {
      const item = Dom.make("button", {
        type: "button", class: "function", "data-name": entry.name, tabindex: "-1", title: entry.title,
        onclick: () => app.toggle(entry.name),
      }, spark(app.bind({ entry, values: entry.params.map((param) => param.default) })),
      Dom.make("span", { class: "words" }, Dom.make("b", {}, entry.name),
        Dom.make("small", {}, [entry.family, entry.year].filter(Boolean).join(" · "))),
      Dom.make("span", { class: "swatch", "aria-hidden": "true" }));
      items.set(entry.name, item);
      box.append(Dom.make("li", {}, item));
    }

    function matches(entry) {
      const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
      const text = [entry.name, entry.title, entry.family, entry.use, entry.year, ...entry.aliases, ...entry.equivalents, ...entry.references].join(" ").toLowerCase();
      return words.every((word) => text.includes(word))
        && (family.value === "" || entry.family === family.value)
        && (since.value === "" || entry.year >= Number(since.value))
        && [...wanted].every(([fact, want]) => entry.facts[fact] === want);
    }

    function filter() {
      let count = 0;
      for (const entry of app.entries) {
        const fits = matches(entry);
        items.get(entry.name).parentElement.hidden = !fits;
        count += fits;
      }
      Dom.byId("count").textContent = count === app.entries.length ? `${count} functions` : `${count} of ${app.entries.length}`;
      Dom.byId("none").hidden = count > 0;
      reachable();
    }

    // The list is one stop of the Tab key; arrows move inside it.
    const visible = () => [...items.values()].filter((item) => !item.parentElement.hidden);

    function reachable(item) {
      const all = visible(), stop = item ?? all.find((one) => one.tabIndex === 0) ?? all[0];
      for (const one of items.values()) one.tabIndex = one === stop ? 0 : -1;
    }

    box.addEventListener("keydown", (event) => {
      const all = visible(), at = all.indexOf(document.activeElement);
      const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[event.key];
      if (to === undefined || at < 0) return;
      event.preventDefault();
      if (to < 0) search.focus();
      const next = all[Math.min(to, all.length - 1)];
      if (to >= 0 && next) {
        reachable(next);
        next.focus();
      }
    });

    search.addEventListener("keydown", (event) => {
      const first = visible()[0];
      if (event.key === "ArrowDown" && first) {
        event.preventDefault();
        reachable(first);
        first.focus();
      }
      if (event.key === "Enter" && first) app.toggle(first.dataset.name);
      if (event.key === "Escape") {
        search.value = "";
        filter();
      }
    });
    for (const field of [search, family, since]) field.addEventListener("input", filter);
    Dom.byId("clear").addEventListener("click", () => {
      search.value = family.value = since.value = "";
      for (const button of Dom.byId("facts").children) while (wanted.has(button.dataset.fact)) button.click();
      filter();
    });
    filter();

    return {
      needs: new Set(["selection", "theme", "active"]),
      draw() {
        for (const [name, item] of items) {
          const f = app.bound.find((one) => one.chosen.entry.name === name);
          item.setAttribute("aria-pressed", String(Boolean(f)));
          item.lastChild.style.setProperty("--swatch", f ? f.colour : "transparent");
        }
      },
    };
  }

  // A small drawing of f on [-4, 4], as a vector path that takes the colour of the text.
  function spark(f) {
    const width = 52, height = 30, points = 60;
    let low = -1, high = 1;
    const ys = Array.from({ length: points + 1 }, (_, k) => f.value(-4 + (8 * k) / points));
    for (const y of ys) {
      if (!Number.isFinite(y)) continue;
      low = Math.min(low, Math.max(y, -4));
      high = Math.max(high, Math.min(y, 4));
    }
    const toY = (y) => 2 + ((high - Math.min(Math.max(y, low - 9), high + 9)) / (high - low)) * (height - 4);
    let path = "", open = false;
    ys.forEach((y, k) => {
      if (Number.isFinite(y)) path += `${open ? "L" : "M"}${((k * width) / points).toFixed(1)} ${toY(y).toFixed(1)}`;
      open = Number.isFinite(y);
    });
    const drawing = (tag, given) => {
      const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
      for (const [key, value] of Object.entries(given)) element.setAttribute(key, value);
      return element;
    };
    const svg = drawing("svg", { viewBox: `0 0 ${width} ${height}`, class: "spark", "aria-hidden": "true" });
    svg.append(drawing("path", { d: `M0 ${toY(0).toFixed(1)}H${width}M${width / 2} 0V${height}`, class: "zero" }), drawing("path", { d: path, class: "line" }));
    return svg;
  }

  return { create };
})();
