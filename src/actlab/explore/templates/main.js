// The application: one state, panels that draw what changed, and the address that holds it all.
const App = (() => {
  const data = JSON.parse(Dom.byId("data").textContent);
  const FIRST = 4; // how many functions a page without an address starts with
  let panels = [], pending = new Set(), frame = 0, addressTimer = 0, address = location.hash;

  const app = {
    entries: data.activations,
    sources: data.sources,
    state: State.fresh(),
    bound: [],
    bind, changed, activate, toggle, remove, duplicate, reset,
  };

  // A function with its parameters set.
  function bind({ entry, values }) {
    const printed = FUNCTIONS[entry.name];
    const usual = values.every((value, k) => value === entry.params[k].default);
    const known = printed.joints.filter((_, k) => usual || printed.moving[k]);
    return {
      chosen: { entry, values },
      value: printed.value(values),
      slope: printed.slope(values),
      curvature: printed.curvature(values),
      naive: printed.naive(values),
      partials: entry.params.map((param) => printed.partials[param.name](values)),
      joints: [...new Set(known.map((place) => place(values)))].filter(Number.isFinite),
    };
  }

  // Functions keep their colour while others come and go.
  function rebind() {
    app.bound = app.state.selected.map((chosen, place) => {
      const old = app.bound.find((f) => f.owner === chosen);
      if (old && old.chosen.values.every((value, k) => value === chosen.values[k])) return Object.assign(old, { place });
      return Object.assign(bind({ entry: chosen.entry, values: [...chosen.values] }), { owner: chosen, place });
    });
    const used = new Set(app.state.selected.map((chosen) => chosen.series).filter((series) => series !== undefined));
    for (const f of app.bound) {
      if (f.owner.series === undefined) {
        let free = 0;
        while (used.has(free)) free++;
        used.add(free);
        f.owner.series = free;
      }
      f.colour = Dom.colour(f.owner.series);
    }
  }

  function changed(...kinds) {
    for (const kind of kinds) pending.add(kind);
    frame ||= requestAnimationFrame(draw);
  }

  function draw() {
    frame = 0;
    const kinds = pending;
    pending = new Set();
    if (["selection", "params", "theme"].some((kind) => kinds.has(kind))) rebind();
    for (const panel of panels) {
      for (const kind of kinds) if (panel.needs.has(kind)) panel.stale.add(kind);
      refresh(panel);
    }
    if (!(kinds.size === 1 && (kinds.has("cross") || kinds.has("size")))) {
      clearTimeout(addressTimer);
      addressTimer = setTimeout(writeAddress, 120);
    }
  }

  // Panels out of sight wait until they are scrolled to.
  function refresh(panel) {
    if (!panel.stale.size || !panel.seen) return;
    const kinds = panel.stale;
    panel.stale = new Set();
    panel.draw(kinds);
  }

  function writeAddress() {
    // A changed address whose event is still on its way must not be overwritten.
    if (location.hash !== address) return;
    const hash = `#${State.write(app.state)}`;
    if (hash !== location.hash) history.replaceState(null, "", hash);
    address = location.hash;
  }

  function readAddress() {
    address = location.hash;
    app.state = State.read(address, app.entries);
    app.bound = [];
    changed("selection", "params", "view", "show", "input", "depth", "format", "active", "loaded");
  }

  function activate(place) {
    app.state.active = place;
    changed("active");
  }

  function toggle(name) {
    const { selected } = app.state;
    const at = selected.findIndex(({ entry }) => entry.name === name);
    if (at >= 0) {
      while (selected.some(({ entry }) => entry.name === name)) remove(selected.findIndex(({ entry }) => entry.name === name));
      return;
    }
    const entry = app.entries.find((one) => one.name === name);
    selected.push({ entry, values: entry.params.map((param) => param.default) });
    app.state.active = selected.length - 1;
    Dom.say(`${name} added`);
    changed("selection", "active");
  }

  function remove(place) {
    const [gone] = app.state.selected.splice(place, 1);
    app.state.active = Math.max(0, Math.min(app.state.active - (place < app.state.active), app.state.selected.length - 1));
    Dom.say(`${gone.entry.name} removed`);
    changed("selection", "active");
  }

  function duplicate(place) {
    const { entry, values } = app.state.selected[place];
    app.state.selected.splice(place + 1, 0, { entry, values: [...values] });
    app.state.active = place + 1;
    changed("selection", "active");
  }

  function reset(place) {
    const { entry, values } = app.state.selected[place];
    entry.params.forEach((param, k) => { values[k] = param.default; });
    changed("params", "loaded");
  }

  // Without an address: functions that have a module class of their own, else those on top.
  function first() {
    const own = app.entries.filter((entry) => !entry.python.module.startsWith("nn.Activation"));
    const chosen = (own.length ? own : app.entries).slice(0, FIRST);
    return chosen.map((entry) => ({ entry, values: entry.params.map((param) => param.default) }));
  }

  function theme() {
    const button = Dom.byId("theme"), root = document.documentElement, dark = matchMedia("(prefers-color-scheme: dark)");
    const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : dark.matches);
    const repaint = () => {
      Dom.forget();
      button.textContent = isDark() ? "Light" : "Dark";
      button.setAttribute("aria-label", `Use the ${isDark() ? "light" : "dark"} scheme`);
      changed("theme");
    };
    button.addEventListener("click", () => {
      root.dataset.theme = isDark() ? "light" : "dark";
      repaint();
    });
    dark.addEventListener("change", repaint);
    repaint();
  }

  function start() {
    const made = [
      ["side", List], ["main-plot", Plot], ["parameters", Controls], ["signal", Signal],
      ["depth", Propagation], ["precision", FormatPanel], ["about", Card],
    ];
    app.state = State.read(location.hash, app.entries);
    if (!location.hash) app.state.selected = first();
    panels = made.map(([id, part]) => Object.assign(part.create(app), { stale: new Set(), seen: true, section: Dom.byId(id) }));
    const observer = new IntersectionObserver((seen) => {
      for (const { target, isIntersecting } of seen) {
        const panel = panels.find(({ section }) => section === target);
        panel.seen = isIntersecting;
        refresh(panel);
      }
    }, { rootMargin: "200px" });
    for (const panel of panels.slice(3)) observer.observe(panel.section);
    const sizes = new ResizeObserver(() => changed("size"));
    for (const panel of panels) if (panel.canvas) sizes.observe(panel.canvas);
    Dom.byId("link-place").append(Dom.copyButton("Copy link", () => {
      writeAddress();
      return location.href;
    }, { id: "copy-link" }));
    addEventListener("hashchange", readAddress);
    Dom.byId("finder").open = innerWidth > 720;
    theme();
    changed("selection", "params", "view", "show", "input", "depth", "format", "active", "loaded");
  }

  start();
  return app;
})();

// For tests and for the curious: the functions, the numerics and the state behind the page.
globalThis.actlab = { functions: FUNCTIONS, maths: M, Moments, Depth, Precision, Formats, State, app: App };
