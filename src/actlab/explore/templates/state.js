// The state of the page, and its form in the address after the #.
const State = (() => {
  const INITS = ["own", "he", "torch", "critical", "custom"];
  const LIMITS = { layers: [1, 200], sw: [0, 100], sb: [0, 100], correlation: [-1, 1] };

  const fresh = () => ({
    selected: [],
    active: 0,
    view: [-5, 5, -2, 5],
    show: { value: true, slope: true, curvature: false, partials: false },
    input: { kind: "normal", mu: 0, sigma: 1, low: -2, high: 2 },
    depth: { init: "own", layers: 50, sw: 1.4, sb: 0, norm: false, correlation: 0.5 },
    format: "bf16",
    what: "slope",
  });

  const LETTERS = { f: "value", d: "slope", c: "curvature", p: "partials" };
  const short = (number) => String(Number(number.toPrecision(12)));

  function write(state) {
    const functions = state.selected.map(({ entry, values }) => {
      const given = entry.params
        .map((param, k) => [param.name, values[k], param.default])
        .filter(([, value, usual]) => value !== usual)
        .map(([name, value]) => `${name}=${value}`);
      return entry.name + (given.length ? `(${given.join(",")})` : "");
    });
    const { input, depth, show } = state;
    const parts = [
      ["f", functions.join(",")],
      ["view", state.view.map(short).join(",")],
      ["show", Object.keys(LETTERS).filter((letter) => show[LETTERS[letter]]).join("") || "-"],
      ["in", input.kind === "normal" ? `normal,${short(input.mu)},${short(input.sigma)}` : `uniform,${short(input.low)},${short(input.high)}`],
      ["depth", [depth.init, depth.layers, short(depth.correlation), short(depth.sw), short(depth.sb), depth.norm ? "norm" : "plain"].join(",")],
      ["numbers", `${state.format},${state.what}`],
      ["at", String(state.active)],
    ];
    return parts.map(([key, value]) => `${key}=${value}`).join("&");
  }

  // Whatever does not make sense is left at its default: a link may be cut or mistyped.
  function read(hash, entries) {
    const state = fresh(), given = new Map();
    for (const part of decoded(hash.replace(/^#/, "")).split("&")) {
      const cut = part.indexOf("=");
      if (cut > 0) given.set(part.slice(0, cut), part.slice(cut + 1));
    }
    state.selected = readFunctions(given.get("f") ?? "", entries);
    const view = numbers(given.get("view"), 4);
    if (view && usable(view[0], view[1]) && usable(view[2], view[3])) state.view = view;
    const show = given.get("show");
    if (show !== undefined && /^([fdcp]+|-)$/.test(show)) {
      for (const [letter, key] of Object.entries(LETTERS)) state.show[key] = show.includes(letter);
    }
    readInput(given.get("in") ?? "", state.input);
    readDepth(given.get("depth") ?? "", state.depth);
    const [format, what] = (given.get("numbers") ?? "").split(",");
    if (Object.hasOwn(Formats, format)) state.format = format;
    if (what === "value" || what === "slope") state.what = what;
    const active = Number(given.get("at"));
    if (Number.isInteger(active) && active >= 0 && active < state.selected.length) state.active = active;
    return state;
  }

  function decoded(text) {
    try {
      return decodeURIComponent(text);
    } catch {
      return text; // a stray percent sign
    }
  }

  function readFunctions(text, entries) {
    const found = [];
    for (const [, name, inside] of text.matchAll(/([A-Za-z_]\w*)(?:\(([^)]*)\))?/g)) {
      const entry = entries.find((one) => one.name === name || one.aliases.includes(name));
      if (!entry || found.length >= 24) continue;
      const values = entry.params.map((param) => param.default);
      for (const pair of (inside ?? "").split(",")) {
        const [key, written] = pair.split("=");
        const at = entry.params.findIndex((param) => param.name === key);
        if (at >= 0 && legal(entry.params[at], Number(written)) && written !== "") values[at] = Number(written);
      }
      found.push({ entry, values });
    }
    return found;
  }

  function readInput(text, input) {
    const [kind, ...rest] = text.split(",");
    const [a, b] = numbers(rest.join(","), 2) ?? [NaN, NaN];
    if (kind === "normal" && Math.abs(a) <= 1e6 && b >= 1e-3 && b <= 1e3) Object.assign(input, { kind, mu: a, sigma: b });
    if (kind === "uniform" && usable(a, b)) Object.assign(input, { kind, low: a, high: b });
  }

  function readDepth(text, depth) {
    const [init, layers, correlation, sw, sb, norm] = text.split(",");
    if (INITS.includes(init)) depth.init = init;
    for (const [key, written] of Object.entries({ layers, correlation, sw, sb })) {
      const number = written === undefined || written === "" ? NaN : Number(written);
      if (number >= LIMITS[key][0] && number <= LIMITS[key][1]) depth[key] = number;
    }
    depth.layers = Math.round(depth.layers);
    depth.norm = norm === "norm";
  }

  function numbers(text, count) {
    const found = (text ?? "").split(",").map((word) => (word.trim() === "" ? NaN : Number(word)));
    return found.length === count && found.every(Number.isFinite) ? found : null;
  }

  const usable = (low, high) => high - low > 1e-9 && Math.abs(low) < 1e12 && Math.abs(high) < 1e12;

  function legal(param, value) {
    if (!Number.isFinite(value)) return false;
    const above = param.low === null || value > param.low || (param.closedLow && value === param.low);
    const below = param.high === null || value < param.high || (param.closedHigh && value === param.high);
    return above && below;
  }

  return { fresh, read, write, legal, LIMITS };
})();
