// The panel of depth: what happens to signal, gradient and correlation through many layers.
const Propagation = (() => {
  const INITS = [
    ["own", "own gain", "each function's own forward gain, no bias"],
    ["he", "He", "weights of variance 2 / fan-in, no bias"],
    ["torch", "PyTorch", "nn.Linear as it comes: weights and biases of variance 1 / (3 fan-in), 512 units wide"],
    ["critical", "critical", "each function's own critical point, where it has one"],
    ["custom", "custom", "weights of variance sw² / fan-in, biases of variance sb²"],
  ];
  const VANISHED = -40;
  const WIDTH = 512; // units per layer, on which the biases of nn.Linear depend

  function create(app) {
    const box = Dom.byId("init"), table = Dom.byId("depth-table"), norm = Dom.byId("norm");
    const canvases = ["depth-variance", "depth-gradient", "depth-correlation"].map(Dom.byId);
    const fields = {};
    const points = new WeakMap(); // critical points and gains, which cost something to find

    Dom.choice(box, INITS.map(([key, words]) => [key, words]), "own", (key) => {
      app.state.depth.init = key;
      app.changed("depth");
    });
    [...box.children].forEach((button, k) => { button.title = INITS[k][2]; });

    const field = (id, key, name, range, whole) => {
      const [low, high] = State.LIMITS[key];
      fields[key] = Controls.number({
        name, ...range, value: app.state.depth[key], domain: `[${low}, ${high}]${whole ? ", a whole number" : ""}`,
        legal: (x) => x >= low && x <= high && (!whole || Number.isInteger(x)),
        change: (x) => {
          app.state.depth[key] = x;
          app.changed("depth");
        },
      });
      Dom.byId(id).append(fields[key].row);
    };
    field("depth-fields", "layers", "layers", { low: 1, high: 200, log: true, digits: 1 }, true);
    field("depth-fields", "correlation", "correlation", { low: 0, high: 1 });
    field("custom-fields", "sw", "sw", { low: 0, high: 4 });
    field("custom-fields", "sb", "sb", { low: 0, high: 2 });
    norm.addEventListener("change", () => {
      app.state.depth.norm = norm.checked;
      app.changed("depth");
    });

    // The weight and bias scale of one function; null where it has no critical point.
    function scales(f) {
      const { init, sw, sb } = app.state.depth;
      if (init === "custom") return { sw, sb };
      if (init === "he") return { sw: Math.SQRT2, sb: 0 };
      if (init === "torch") return { sw: Math.sqrt(1 / 3), sb: Math.sqrt(1 / (3 * WIDTH)) };
      if (!points.has(f)) points.set(f, {});
      const held = points.get(f);
      if (init === "own") return (held.own ??= { sw: 1 / Math.sqrt(Moments.of(f, Moments.standard).square), sb: 0 });
      if (held.critical === undefined) held.critical = Depth.critical(f);
      return held.critical;
    }

    function draw() {
      const { depth } = app.state;
      Dom.byId("custom-fields").hidden = depth.init !== "custom";
      Dom.press(box, depth.init);
      norm.checked = depth.norm;
      const runs = app.bound.map((f) => {
        const scale = scales(f);
        return { f, scale, run: scale && Depth.propagate(f, { ...depth, ...scale }) };
      });
      const layers = Array.from({ length: depth.layers + 1 }, (_, k) => k);
      const log = (q) => (q === 0 ? -Infinity : Math.log10(q));
      const shapes = [
        ["log₁₀ variance of the signal", (run) => run.variance.map(log), [-2, 2]],
        ["log₁₀ squared gradient, relative", (run) => run.gradient, [-2, 2]],
        ["correlation of two inputs", (run) => run.overlap, null],
      ];
      shapes.forEach(([title, curve, least], k) => {
        const curves = runs.filter(({ run }) => run).map(({ f, run }) => ({ f, ys: curve(run) }));
        const made = Axes.frame(canvases[k], [0, depth.layers], least ? range(curves, least) : [Math.min(0, depth.correlation), 1.02], { title, xName: "layer", flat: true });
        Axes.clipped(made, () => {
          for (const { f, ys } of curves) Axes.path(made, layers, ys.map((y) => (Number.isFinite(y) ? y : NaN)), { colour: f.colour, width: f.place === app.state.active ? 2.6 : 1.8 });
        });
      });
      write(runs);
    }

    // All of every curve, but no further than numbers that no dtype holds.
    function range(curves, [low, high]) {
      for (const { ys } of curves) {
        for (const y of ys) {
          if (y < low) low = Math.max(y, VANISHED);
          if (y > high) high = Math.min(y, -VANISHED);
        }
      }
      const margin = (high - low) * 0.06;
      return [low - margin, high + margin];
    }

    function write(runs) {
      const names = ["function", "σw", "σb", "variance", "squared gradient", "correlation", ""];
      const rows = runs.map(({ f, scale, run }, place) => {
        const swatch = Dom.make("span", { class: "swatch" });
        swatch.style.setProperty("--swatch", f.colour);
        const head = Dom.make("th", { scope: "row" }, swatch, Dom.label(f.chosen));
        const given = { class: place === app.state.active ? "active" : null };
        if (!run) return Dom.make("tr", given, head, Dom.make("td", { colspan: 6, class: "left" }, "none: no weight and bias scale keeps both variance and gradient"));
        const last = app.state.depth.layers, log = run.gradient[last];
        return Dom.make("tr", given, head,
          ...[Dom.number(scale.sw, 5), Dom.number(scale.sb, 4), Dom.number(run.variance[last], 4),
            log === log ? Dom.power(Dom.cleaned(log, 1)) : "–", Dom.number(run.overlap[last], 4)].map((text) => Dom.make("td", {}, text)),
          Dom.make("td", { class: "left" }, verdict(run, last)));
      });
      table.replaceChildren(Dom.make("tr", {}, ...names.map((name) => Dom.make("th", { scope: "col" }, name))), ...rows);
    }

    function verdict(run, last) {
      const variance = Math.log10(run.variance[last]), gradient = run.gradient[last];
      if (!(Math.abs(variance) < 300)) return variance > 0 ? "signal explodes" : "signal dies";
      if (gradient < -6) return "gradient vanishes";
      if (gradient > 6) return "gradient explodes";
      if (variance < -6) return "signal fades";
      if (variance > 6) return "signal grows";
      if (run.overlap[last] > 0.9999) return "inputs become one";
      return "passes";
    }

    return {
      needs: new Set(["selection", "params", "depth", "theme", "size", "active", "loaded"]),
      canvas: canvases[0],
      draw(kinds) {
        if (kinds.has("loaded")) for (const [key, made] of Object.entries(fields)) made.set(app.state.depth[key]);
        draw();
      },
    };
  }

  return { create };
})();
