// Sliders with number fields: the parameters of every chosen function, and other settings.
const Controls = (() => {
  const STEPS = 1000;

  // A slider and a field for one number. The slider sweeps an interval; the field takes any
  // legal number and shows what is legal when given another.
  function number({ name, symbol, low, high, log, value, legal, domain, digits = 3, change }) {
    const toSlider = (x) => {
      const at = log ? Math.log(x / low) / Math.log(high / low) : (x - low) / (high - low);
      return Math.round(Math.min(Math.max(at, 0), 1) * STEPS);
    };
    const fromSlider = (place) => {
      const share = place / STEPS, x = log ? low * (high / low) ** share : low + (high - low) * share;
      if (place === 0) return low;
      if (place === STEPS) return high;
      // Short numbers: as many digits as the slider can tell apart.
      if (log) return Number(x.toPrecision(digits));
      const places = Math.max(0, Math.ceil(-Math.log10((high - low) / STEPS)));
      return Number(x.toFixed(Math.min(places, 12)));
    };
    const slider = Dom.make("input", { type: "range", min: 0, max: STEPS, step: 1, "aria-label": `${name}, slider` });
    const field = Dom.make("input", { type: "text", inputmode: "decimal", "aria-label": name, autocomplete: "off", spellcheck: "false" });
    const error = Dom.make("p", { class: "error", hidden: true });
    error.id = `error-${Math.random().toString(36).slice(2)}`;
    field.setAttribute("aria-describedby", error.id);
    const set = (x) => {
      slider.value = toSlider(x);
      slider.setAttribute("aria-valuetext", Dom.plain(x));
      if (document.activeElement !== field) field.value = Dom.plain(x);
      accept();
    };
    const accept = () => {
      error.hidden = true;
      field.removeAttribute("aria-invalid");
    };
    slider.addEventListener("input", () => {
      const x = fromSlider(Number(slider.value));
      if (!legal(x)) return;
      field.value = Dom.plain(x);
      slider.setAttribute("aria-valuetext", Dom.plain(x));
      accept();
      change(x);
    });
    field.addEventListener("input", () => {
      const text = field.value.trim().replace("−", "-").replace(",", "."), x = Number(text);
      if (text !== "" && legal(x)) {
        accept();
        slider.value = toSlider(x);
        change(x);
      } else {
        error.textContent = `${name} must be a number in ${domain}`;
        error.hidden = false;
        field.setAttribute("aria-invalid", "true");
      }
    });
    let last = value;
    field.addEventListener("blur", () => set(last));
    const words = Dom.make("span", { class: "symbol" });
    if (symbol) words.innerHTML = `<math>${symbol}</math>`;
    else words.textContent = name;
    const row = Dom.make("div", { class: "number" }, words, slider, field, error);
    const before = change;
    change = (x) => {
      last = x;
      before(x);
    };
    set(value);
    return { row, set: (x) => { last = x; set(x); } };
  }

  function create(app) {
    const box = Dom.byId("chosen");
    let fields = [];

    function build() {
      fields = [];
      box.replaceChildren(...app.bound.map((f, place) => panel(f.chosen, place)));
      Dom.byId("hint").hidden = app.bound.length > 0;
    }

    function panel(chosen, place) {
      const { entry } = chosen;
      const sliders = entry.params.map((param, k) => {
        const made = number({
          name: param.name, symbol: param.symbol, ...param.slider, value: chosen.values[k],
          domain: param.domain, legal: (x) => State.legal(param, x),
          change: (x) => {
            app.state.selected[place].values[k] = x;
            app.changed("params");
          },
        });
        made.row.title = [param.meaning, `in ${param.domain}`].filter(Boolean).join(", ");
        fields.push(() => made.set(app.state.selected[place].values[k]));
        return made.row;
      });
      const button = (words, label, action) => Dom.make("button", { type: "button", class: "quiet", "aria-label": `${label} ${entry.name}`, title: label, onclick: action }, words);
      return Dom.make("section", { class: "chosen", "data-place": place, "aria-label": entry.name },
        Dom.make("header", {},
          Dom.make("button", { type: "button", class: "name", onclick: () => app.activate(place) },
            Dom.make("span", { class: "swatch" }), Dom.make("span", {}, entry.name)),
          entry.params.length ? button("reset", "Reset", () => app.reset(place)) : null,
          entry.params.length ? button("duplicate", "Add a second", () => app.duplicate(place)) : null,
          button("×", "Remove", () => app.remove(place))),
        ...sliders,
        sliders.length ? null : Dom.make("p", { class: "faint" }, "no parameters"));
    }

    return {
      needs: new Set(["selection", "params", "theme", "active", "loaded"]),
      draw(kinds) {
        if (kinds.has("selection") || box.children.length !== app.bound.length) build();
        else if (kinds.has("loaded")) for (const refresh of fields) refresh();
        [...box.children].forEach((section, place) => {
          section.classList.toggle("active", place === app.state.active);
          section.querySelector(".swatch").style.setProperty("--swatch", app.bound[place].colour);
        });
      },
    };
  }

  return { create, number };
})();
