// The panel of precision: stored results against the careless formula, in a narrow format.
const FormatPanel = (() => {
  const POINTS = 700;

  function create(app) {
    const curves = Dom.byId("stored"), errors = Dom.byId("errors"), box = Dom.byId("format"), what = Dom.byId("what"), table = Dom.byId("thresholds");
    const settled = new WeakMap(); // the thresholds of a function, by format

    Dom.choice(box, Object.values(Formats).map((form) => [form.name, form.label]), "bf16", (key) => {
      app.state.format = key;
      app.changed("format");
    });
    Dom.choice(what, [["value", "f"], ["slope", "f′ (gradient)"]], "slope", (key) => {
      app.state.what = key;
      app.changed("format");
    });

    function draw() {
      const f = app.bound[app.state.active], form = Formats[app.state.format];
      Dom.press(box, app.state.format);
      Dom.press(what, app.state.what);
      Dom.byId("precision-name").textContent = f ? Dom.label(f.chosen) : "";
      Dom.byId("precision").classList.toggle("empty", !f);
      if (!f) return;
      const [low, high] = app.state.view;
      const { rows, numbers } = Precision.sample(f, form, low, high, POINTS);
      const suffix = app.state.what === "value" ? "Value" : "Slope";
      const stored = rows.map((row) => row[app.state.what]), naive = rows.map((row) => row[`naive${suffix}`]);
      const error = rows.map((row) => row[`${app.state.what}Error`]);
      const xs = rows.map((row) => row.x);
      const letter = app.state.what === "value" ? "f" : "f′";
      drawCurves(f, xs, stored, naive, `${letter} as ${form.label} holds it`);
      drawErrors(f, xs, error);
      const bad = rows.filter((_, k) => naive[k] !== stored[k] && !(naive[k] !== naive[k] && stored[k] !== stored[k])).length;
      const lost = naive.filter((y) => y !== y).length;
      Dom.byId("precision-words").textContent = rows.length
        ? `${Dom.number(numbers, 7)} numbers of ${form.label} lie in this view. Of ${rows.length} looked at, the formula as printed, every operation rounded, misses the nearest ${form.label} number for ${bad}${lost ? ` and gives NaN for ${lost}` : ""}; the largest error is ${Dom.number(Math.max(...error.filter((e) => e === e), 0), 4)} ulp.`
        : `No number of ${form.label} lies in this view.`;
      write(f, form);
    }

    function drawCurves(f, xs, stored, naive, title) {
      const { view } = app.state;
      let low = Infinity, high = -Infinity;
      for (const y of stored) if (Number.isFinite(y)) [low, high] = [Math.min(low, y), Math.max(high, y)];
      if (!(high > low)) [low, high] = [low - 0.5, high + 0.5];
      if (!Number.isFinite(low)) [low, high] = [-1, 1];
      const margin = (high - low) * 0.12;
      const made = Axes.frame(curves, [view[0], view[1]], [low - margin, high + margin], { title, flat: true });
      Axes.clipped(made, (context) => {
        context.fillStyle = Dom.look().accent;
        // Where the careless formula gives NaN, a band.
        context.globalAlpha = 0.16;
        naive.forEach((y, k) => {
          if (y === y) return;
          const left = made.toX(xs[Math.max(k - 1, 0)]), right = made.toX(xs[Math.min(k + 1, xs.length - 1)]);
          context.fillRect((left + made.toX(xs[k])) / 2, made.top, Math.max((right - left) / 2, 1), made.bottom - made.top);
        });
        context.globalAlpha = 1;
        Axes.path(made, xs, naive, { colour: Dom.look().accent, width: 1.4 });
        Axes.path(made, xs, stored, { colour: f.colour, width: 2.2 });
      });
    }

    // Errors from a hundredth of a unit to a billion, on a logarithmic axis.
    function drawErrors(f, xs, error) {
      const at = [-2, -1, 0, 1, 2, 3, 4, 6, 8];
      const top = Math.max(2, ...error.filter((e) => e > 0).map((e) => Math.min(Math.log10(e), 9)));
      const shown = at.filter((tick) => tick <= top + 0.5);
      const { view } = app.state;
      const made = Axes.frame(errors, [view[0], view[1]], [-2.3, top + 0.3], {
        title: "error in units in the last place", flat: true,
        yTicks: { step: 1, at: shown }, plain: true, yWords: (tick) => (tick < 3 ? String(10 ** tick) : `1e${tick}`),
      });
      Axes.clipped(made, (context) => {
        context.fillStyle = Dom.look().accent;
        error.forEach((e, k) => {
          const y = e === e ? Math.max(Math.log10(Math.max(e, 1e-9)), -2.2) : top + 0.2;
          context.fillRect(made.toX(xs[k]) - 1, made.toY(y) - 1, 2.4, 2.4);
        });
        const half = made.toY(Math.log10(0.5));
        context.strokeStyle = f.colour;
        context.lineWidth = 1.8;
        context.beginPath();
        context.moveTo(made.left, half);
        context.lineTo(made.right, half);
        context.stroke();
      });
    }

    function write(f, form) {
      if (!settled.has(f)) settled.set(f, {});
      const held = settled.get(f);
      held[form.name] ??= Precision.thresholds(f, form);
      const words = (found) => {
        if (!found.length) return "never 0, NaN or infinite";
        const text = found.slice(0, 6).map((one) => `${Precision.KINDS[one.kind]} ${span(one, form)}`);
        return text.join("; ") + (found.length > 6 ? "; and more" : "");
      };
      table.replaceChildren(...[["actlab", held[form.name].stored], ["formula as printed", held[form.name].naive]].map(([name, found]) =>
        Dom.make("tr", {}, Dom.make("th", { scope: "row" }, name), Dom.make("td", { class: "left" }, words(found)))));
    }

    function span({ from, to }, form) {
      const written = (x) => Dom.number(x, 5);
      if (from === to) return `at ${written(from)}`;
      if (from === -form.largest) return `for x ≤ ${written(to)}`;
      if (to === form.largest) return `for x ≥ ${written(from)}`;
      return `for ${written(from)} ≤ x ≤ ${written(to)}`;
    }

    return {
      needs: new Set(["selection", "params", "view", "format", "theme", "size", "active"]),
      canvas: curves,
      draw,
    };
  }

  return { create };
})();
