// Everything else there is to know about one function, and how to use it from Python.
const Card = (() => {
  function create(app) {
    const box = Dom.byId("card"), tabs = Dom.byId("tabs");

    const list = (title, items) => (items.length
      ? [Dom.make("h3", {}, title), Dom.make("ul", {}, ...items.map((item) => Dom.make("li", {}, item)))]
      : []);

    function formula(markup) {
      const row = Dom.make("div", { class: "formula", tabindex: "0", role: "math" });
      row.innerHTML = markup; // printed from the definition; every text in it is escaped
      return row;
    }

    function parameters(entry) {
      if (!entry.params.length) return [];
      const row = (param) => {
        const symbol = Dom.make("td", {});
        symbol.innerHTML = `<math>${param.symbol}</math>`;
        return Dom.make("tr", {}, Dom.make("th", { scope: "row" }, param.name), symbol,
          Dom.make("td", {}, Dom.plain(param.default)), Dom.make("td", {}, param.domain),
          Dom.make("td", { class: "left" }, param.meaning + (param.learnable ? " (learned by default)" : "")));
      };
      return [Dom.make("h3", {}, "Parameters"), Dom.make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "parameters" },
        Dom.make("table", {}, Dom.make("tr", {}, ...["name", "", "default", "domain", "meaning"].map((name) => Dom.make("th", { scope: "col", class: name === "meaning" ? "left" : null }, name))),
          ...entry.params.map(row)))];
    }

    function python({ entry, values }) {
      const given = entry.params.map((param, k) => [param.name, values[k], param.default])
        .filter(([, value, usual]) => value !== usual).map(([name, value]) => `${name}=${value}`).join(", ");
      const call = entry.python.call + (given ? `, ${given}` : "") + ")";
      const module = (entry.python.module + given).replace(/, $/, "") + ")";
      return `import actlab.functional as F\nfrom actlab import nn\n\ny = ${call}\nlayer = ${module}`;
    }

    // Parameters that change every frame only touch the snippet.
    let snippet = null;

    function draw() {
      const f = app.bound[app.state.active];
      tabs.replaceChildren(...app.bound.map((one, place) => {
        const swatch = Dom.make("span", { class: "swatch" });
        swatch.style.setProperty("--swatch", one.colour);
        return Dom.make("button", { type: "button", "aria-pressed": String(place === app.state.active), onclick: () => app.activate(place) }, swatch, one.chosen.entry.name);
      }));
      snippet = null;
      if (!f) {
        box.replaceChildren(Dom.make("p", { class: "faint" }, "Choose a function to read about it."));
        return;
      }
      const { entry } = f.chosen;
      const source = app.sources[entry.module];
      snippet = Dom.make("code", {}, python(f.chosen));
      box.replaceChildren(
        Dom.make("h2", {}, entry.title),
        ...(entry.use ? [Dom.make("p", { class: "use" }, entry.use)] : []),
        Dom.make("div", { class: "formulas" }, formula(entry.formula), formula(entry.derivative)),
        ...parameters(entry),
        ...list("Properties", [...entry.properties, ...entry.joints]),
        ...list("Notes", entry.notes),
        ...list("The same function as", [...entry.aliases.map((alias) => `${alias} (another name)`), ...entry.equivalents]),
        ...list("Family", [`${entry.family}${entry.year ? `, ${entry.year}` : ""}`]),
        ...list("References", entry.references),
        Dom.make("h3", {}, "In Python"),
        Dom.make("div", { class: "code" }, Dom.make("pre", { tabindex: "0" }, snippet),
          Dom.copyButton("Copy", () => python(app.bound[app.state.active].chosen), { id: "copy-python", "aria-label": "Copy as Python" })),
        ...(source ? [Dom.make("details", {}, Dom.make("summary", {}, `Definition: ${entry.module}`),
          Dom.make("pre", { tabindex: "0" }, Dom.make("code", {}, source)))] : []),
      );
    }

    return {
      needs: new Set(["selection", "active", "params", "theme", "loaded"]),
      draw(kinds) {
        if (kinds.size === 1 && kinds.has("params") && snippet) snippet.textContent = python(app.bound[app.state.active].chosen);
        else draw();
      },
    };
  }

  return { create };
})();
