// The panel of the signal: a random input, the law of the output, and what is left of it.
const Signal = (() => {
  const BINS = 240;
  const COLUMNS = [
    ["mean", "mean", "E f"],
    ["variance", "variance", "Var f"],
    ["slopeSquare", "E f′²", "what squared gradients are multiplied by"],
    ["dead", "dead", "P(f′ = 0)"],
    ["zero", "sparsity", "P(f = 0)"],
    ["forward", "forward gain", "keeps the second moment"],
    ["backward", "backward gain", "keeps squared gradients"],
    ["centred", "centred gain", "keeps the variance"],
  ];

  function create(app) {
    const canvas = Dom.byId("law"), table = Dom.byId("moments"), kinds = Dom.byId("input-kind"), box = Dom.byId("input-fields");
    let fields = {};

    function settings() {
      const { input } = app.state;
      const specs = input.kind === "normal"
        ? [["mu", "μ", { low: -5, high: 5 }, (x) => Math.abs(x) <= 1e6, "[-1e6, 1e6]"],
           ["sigma", "σ", { low: 0.05, high: 20, log: true }, (x) => x >= 1e-3 && x <= 1e3, "[0.001, 1000]"]]
        : [["low", "from", { low: -10, high: 10 }, (x) => x < input.high - 1e-6 && x > -1e6, "reals below the other end"],
           ["high", "to", { low: -10, high: 10 }, (x) => x > input.low + 1e-6 && x < 1e6, "reals above the other end"]];
      fields = {};
      box.replaceChildren(...specs.map(([key, name, range, legal, domain]) => {
        fields[key] = Controls.number({
          name, ...range, value: input[key], legal, domain,
          change: (x) => {
            input[key] = x;
            app.changed("input");
          },
        });
        return fields[key].row;
      }));
    }

    Dom.choice(kinds, [["normal", "normal"], ["uniform", "uniform"]], "normal", (kind) => {
      app.state.input.kind = kind;
      settings();
      app.changed("input");
    });

    function draw() {
      const { input } = app.state;
      const all = app.bound.map((f) => ({ f, moments: Moments.of(f, input) }));
      const [low, high] = range(input, all);
      const laws = all.map(({ f }) => Moments.outputLaw(f, input, low, high, BINS));
      const given = Array.from({ length: BINS }, (_, k) => density(input, low + ((high - low) * (k + 0.5)) / BINS));
      const peak = Math.max(...given) || 1;
      const top = Math.max(peak * 1.15, Math.min(peak * 3, ...[Math.max(peak, ...laws.map((law) => quantile(law.density))) * 1.15]));
      const made = Axes.frame(canvas, [low, high], [0, top], { xName: "value" });
      const xs = Array.from({ length: BINS }, (_, k) => low + ((high - low) * (k + 0.5)) / BINS);
      Axes.clipped(made, (context) => {
        context.globalAlpha = 0.14;
        area(made, xs, given, Dom.look().faint);
        context.globalAlpha = 1;
        Axes.path(made, xs, given, { colour: Dom.look().faint, width: 1.4, dash: [4, 3] });
        laws.forEach((law, place) => {
          const { colour } = app.bound[place];
          context.globalAlpha = 0.13;
          area(made, xs, law.density, colour);
          context.globalAlpha = 1;
          Axes.path(made, xs, law.density, { colour, width: place === app.state.active ? 2.4 : 1.8 });
        });
        const pins = laws.flatMap((law, place) => law.atoms.map((atom) => ({ ...atom, colour: app.bound[place].colour })));
        atoms(made, pins, top);
      });
      write(all);
    }

    // The outputs that matter: a few standard deviations around every mean, and the input's.
    function range(input, all) {
      let low = input.kind === "normal" ? input.mu - 3 * input.sigma : input.low;
      let high = input.kind === "normal" ? input.mu + 3 * input.sigma : input.high;
      for (const { moments } of all) {
        const reach = 3 * Math.sqrt(Math.max(moments.variance, 0));
        if (!Number.isFinite(reach + moments.mean)) continue;
        low = Math.min(low, moments.mean - reach);
        high = Math.max(high, moments.mean + reach);
      }
      const margin = (high - low) * 0.03;
      return [low - margin, high + margin];
    }

    function density(input, x) {
      if (input.kind === "normal") return M.normal_density((x - input.mu) / input.sigma) / input.sigma;
      return x >= input.low && x <= input.high ? 1 / (input.high - input.low) : 0;
    }

    // The height that all but the highest few bins stay below: spikes may leave the plot.
    function quantile(values) {
      const sorted = [...values].sort((a, b) => a - b);
      return sorted[Math.floor(sorted.length * 0.97)];
    }

    function area(made, xs, ys, colour) {
      const { context, toX, toY, bottom } = made;
      context.fillStyle = colour;
      context.beginPath();
      context.moveTo(toX(xs[0]), bottom);
      for (let i = 0; i < xs.length; i++) context.lineTo(toX(xs[i]), Math.max(toY(ys[i]), -1000));
      context.lineTo(toX(xs[xs.length - 1]), bottom);
      context.fill();
    }

    // Pins of several functions at one place stand side by side, their words above each other.
    function atoms(made, pins, top) {
      const { context, toX, toY } = made;
      const near = (a, b) => Math.abs(toX(a.y) - toX(b.y)) < 60;
      pins.forEach((pin, k) => {
        const before = pins.slice(0, k).filter((other) => near(other, pin)).length;
        const x = toX(pin.y) + 5 * before, height = toY(top * Math.min(pin.mass, 1) * 0.9);
        context.strokeStyle = context.fillStyle = pin.colour;
        context.lineWidth = 3;
        context.beginPath();
        context.moveTo(x, toY(0));
        context.lineTo(x, height);
        context.stroke();
        context.beginPath();
        context.arc(x, height, 4, 0, 2 * Math.PI);
        context.fill();
        context.textAlign = "right";
        context.textBaseline = "middle";
        context.fillText(Dom.percent(pin.mass), toX(pin.y) - 10, height - 17 * before);
      });
    }

    function write(all) {
      const head = Dom.make("tr", {}, Dom.make("th", { scope: "col" }, "function"),
        ...COLUMNS.map(([, name, meaning]) => Dom.make("th", { scope: "col", title: meaning }, name)));
      const rows = all.map(({ f, moments }, place) => {
        const facts = { ...moments, ...Moments.gains(moments, app.state.input) };
        facts.mean = Dom.cleaned(facts.mean, Math.sqrt(moments.square));
        const swatch = Dom.make("span", { class: "swatch" });
        swatch.style.setProperty("--swatch", f.colour);
        return Dom.make("tr", { class: place === app.state.active ? "active" : null },
          Dom.make("th", { scope: "row" }, swatch, Dom.label(f.chosen)),
          ...COLUMNS.map(([key]) => Dom.make("td", { "data-key": key },
            key === "dead" || key === "zero" ? Dom.percent(facts[key]) : Dom.number(facts[key], 6))));
      });
      table.replaceChildren(head, ...rows);
    }

    settings();
    return {
      needs: new Set(["selection", "params", "input", "theme", "size", "active", "loaded"]),
      canvas,
      draw(kinds_) {
        if (kinds_.has("loaded")) settings();
        Dom.press(kinds, app.state.input.kind);
        draw();
      },
    };
  }

  return { create };
})();
