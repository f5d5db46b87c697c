// The large plot: f, f' and f'' of every chosen function, with zoom, pan and a readout.
const Plot = (() => {
  const KINDS = [
    { key: "value", letter: "f", dash: [], width: 2.4 },
    { key: "slope", letter: "f′", dash: [7, 4], width: 1.9 },
    { key: "curvature", letter: "f″", dash: [2, 3.5], width: 1.9 },
  ];
  const HOME = [-5, 5, -2, 5];
  const NARROWEST = 1e-7, WIDEST = 1e9;

  function create(app) {
    const canvas = Dom.byId("plot"), readout = Dom.byId("readout");
    let made = null, cross = 1, pointers = new Map(), pinch = null;

    function draw() {
      const { view, show } = app.state;
      made = Axes.frame(canvas, [view[0], view[1]], [view[2], view[3]]);
      const shown = KINDS.filter((kind) => show[kind.key]);
      Axes.clipped(made, (context) => {
        if (cross >= view[0] && cross <= view[1]) crosshair(context);
        app.bound.forEach((f, place) => {
          const order = place === app.state.active ? 1.25 : 1;
          for (const kind of [...shown].reverse()) curve(f, kind, f.colour, order);
        });
        if (show.partials) partials(app.bound[app.state.active]);
        for (const f of app.bound) joints(f, shown);
        for (const f of app.bound) for (const kind of shown) mark(f, kind);
      });
      write();
    }

    function crosshair(context) {
      context.strokeStyle = Dom.look().faint;
      context.lineWidth = 1;
      context.setLineDash([3, 3]);
      context.beginPath();
      const at = Math.round(made.toX(cross)) + 0.5;
      context.moveTo(at, made.top);
      context.lineTo(at, made.bottom);
      context.stroke();
      context.setLineDash([]);
    }

    // The derivative in each parameter of the active function, its name where the curve ends.
    function partials(f) {
      if (!f) return;
      const { context } = made, ends = [];
      f.partials.forEach((partial, k) => {
        curve({ ...f, partial }, { key: "partial", dash: [], width: 1 }, f.colour, 1);
        let at = made.toY(partial(made.fromX(made.right - 46)));
        at = Math.min(Math.max(at, made.top + 10), made.bottom - 10);
        while (ends.some((end) => Math.abs(end - at) < 13)) at += at > made.bottom - 30 ? -13 : 13;
        ends.push(at);
        context.fillStyle = f.colour;
        context.textAlign = "right";
        context.textBaseline = "bottom";
        context.fillText(`∂f/∂${f.chosen.entry.params[k].name}`, made.right - 4, at);
      });
    }

    // One point for every pixel; pieces end at joints, where a curve may jump.
    function curve(f, kind, colour, order) {
      const xs = [], ys = [], [low, high] = app.state.view;
      const inside = f.joints.filter((joint) => joint > low && joint < high).sort((a, b) => a - b);
      const edges = [low, ...inside, high], nudge = (high - low) * 1e-9;
      for (let part = 0; part + 1 < edges.length; part++) {
        const start = edges[part] + (part ? nudge : 0), end = edges[part + 1] - (part + 2 < edges.length ? nudge : 0);
        const count = Math.max(2, Math.ceil(made.toX(end) - made.toX(start)));
        for (let k = 0; k <= count; k++) {
          const x = start + ((end - start) * k) / count;
          xs.push(x);
          ys.push(f[kind.key](x));
        }
        if (part + 2 < edges.length && jumps(ys[ys.length - 1], f[kind.key](edges[part + 1] + nudge))) {
          xs.push(edges[part + 1]);
          ys.push(NaN);
        }
      }
      Axes.path(made, xs, ys, { colour, dash: kind.dash, width: kind.width * order });
    }

    const jumps = (before, after) => Math.abs(made.toY(before) - made.toY(after)) > 1.5;

    // Joints: a ring on the curve, and on slopes that jump a dot at the value taken.
    function joints(f, shown) {
      for (const joint of f.joints) {
        if (joint < made.x[0] || joint > made.x[1]) continue;
        for (const kind of shown) {
          const y = f[kind.key](joint);
          if (!Number.isFinite(y)) continue;
          if (kind.key === "value") Axes.dot(made, joint, y, f.colour, true);
          else if (kind.key === "slope") {
            const nudge = (made.x[1] - made.x[0]) * 1e-9;
            if (jumps(f.slope(joint - nudge), f.slope(joint + nudge))) Axes.dot(made, joint, y, f.colour, false);
          }
        }
      }
    }

    function mark(f, kind) {
      const y = f[kind.key](cross);
      if (!Number.isFinite(y) || cross < made.x[0] || cross > made.x[1]) return;
      const { context } = made;
      context.beginPath();
      context.arc(made.toX(cross), made.toY(y), 2.6, 0, 2 * Math.PI);
      context.fillStyle = f.colour;
      context.fill();
    }

    function write() {
      Dom.byId("cross").textContent = Dom.number(cross, 6);
      if (readout.rows.length !== app.bound.length + 1) rows();
      app.bound.forEach((f, place) => {
        const row = readout.rows[place + 1];
        row.classList.toggle("active", place === app.state.active);
        row.cells[0].firstChild.lastChild.textContent = Dom.label(f.chosen);
        row.cells[0].firstChild.firstChild.style.setProperty("--swatch", f.colour);
        KINDS.forEach((kind, k) => {
          row.cells[k + 1].textContent = Dom.number(f[kind.key](cross), 6);
        });
      });
    }

    function rows() {
      const head = Dom.make("tr", {}, Dom.make("th", { scope: "col" }, "function"),
        ...KINDS.map((kind) => Dom.make("th", { scope: "col" }, `${kind.letter}(x)`)));
      const body = app.bound.map((f, place) => Dom.make("tr", {},
        Dom.make("th", { scope: "row" }, Dom.make("button", { type: "button", class: "name", onclick: () => app.activate(place) },
          Dom.make("span", { class: "swatch" }), Dom.make("span", {}))),
        ...KINDS.map(() => Dom.make("td", {}))));
      readout.replaceChildren(head, ...body);
    }

    function setView(view) {
      const [x0, x1, y0, y1] = view;
      const sizes = [x1 - x0, y1 - y0];
      if (sizes.some((size) => !(size > NARROWEST && size < WIDEST))) return;
      // As many digits as the address holds: what is shared is what is shown.
      app.state.view = view.map((end) => Number(end.toPrecision(12)));
      app.changed("view");
    }

    function zoom(factor, px, py) {
      const x = made.fromX(px), y = made.fromY(py), [x0, x1, y0, y1] = app.state.view;
      setView([x + (x0 - x) * factor, x + (x1 - x) * factor, y + (y0 - y) * factor, y + (y1 - y) * factor]);
    }

    function pan(dx, dy) {
      const [x0, x1, y0, y1] = app.state.view;
      const sx = (dx / (made.right - made.left)) * (x1 - x0), sy = (dy / (made.bottom - made.top)) * (y1 - y0);
      setView([x0 - sx, x1 - sx, y0 + sy, y1 + sy]);
    }

    function setCross(x) {
      cross = x;
      app.changed("cross");
    }

    canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      const amount = Math.min(Math.max(event.deltaY, -80), 80);
      zoom(Math.exp(amount * 0.0028), event.offsetX, event.offsetY);
    }, { passive: false });

    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      pointers.set(event.pointerId, { x: event.offsetX, y: event.offsetY, moved: 0 });
      pinch = pointers.size === 2 ? [...pointers.values()].map(({ x, y }) => ({ x, y })) : null;
    });

    canvas.addEventListener("pointermove", (event) => {
      const held = pointers.get(event.pointerId);
      if (!held) {
        if (event.pointerType === "mouse") setCross(made.fromX(Math.min(Math.max(event.offsetX, made.left), made.right)));
        return;
      }
      const dx = event.offsetX - held.x, dy = event.offsetY - held.y;
      Object.assign(held, { x: event.offsetX, y: event.offsetY, moved: held.moved + Math.abs(dx) + Math.abs(dy) });
      if (pointers.size === 2) pinched();
      else if (held.moved > 4) pan(dx, dy);
    });

    function pinched() {
      const now = [...pointers.values()].map(({ x, y }) => ({ x, y }));
      const distance = ([a, b]) => Math.hypot(a.x - b.x, a.y - b.y) || 1;
      const middle = ([a, b]) => ({ x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 });
      const from = middle(pinch), to = middle(now);
      pan(to.x - from.x, to.y - from.y);
      zoom(distance(pinch) / distance(now), to.x, to.y);
      pinch = now;
    }

    for (const name of ["pointerup", "pointercancel"]) {
      canvas.addEventListener(name, (event) => {
        const held = pointers.get(event.pointerId);
        pointers.delete(event.pointerId);
        pinch = null;
        if (name === "pointerup" && held && held.moved <= 4) setCross(made.fromX(held.x));
      });
    }

    canvas.addEventListener("dblclick", () => setView([...HOME]));

    canvas.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const step = event.shiftKey ? 0 : 40;
      const width = app.state.view[1] - app.state.view[0];
      const middle = [(made.left + made.right) / 2, (made.top + made.bottom) / 2];
      const actions = {
        ArrowLeft: () => (step ? pan(step, 0) : setCross(cross - width / 100)),
        ArrowRight: () => (step ? pan(-step, 0) : setCross(cross + width / 100)),
        ArrowUp: () => pan(0, 40),
        ArrowDown: () => pan(0, -40),
        "+": () => zoom(1 / 1.25, ...middle),
        "=": () => zoom(1 / 1.25, ...middle),
        "-": () => zoom(1.25, ...middle),
        0: () => setView([...HOME]),
        Home: () => setView([...HOME]),
      };
      if (!actions[event.key]) return;
      event.preventDefault();
      actions[event.key]();
    });

    for (const [id, factor] of [["zoom-in", 1 / 1.4], ["zoom-out", 1.4]]) {
      Dom.byId(id).addEventListener("click", () => zoom(factor, (made.left + made.right) / 2, (made.top + made.bottom) / 2));
    }
    Dom.byId("home").addEventListener("click", () => setView([...HOME]));

    const toggles = Dom.byId("show");
    const others = { key: "partials", letter: "∂f/∂p", words: "derivatives in the parameters of the active function" };
    toggles.replaceChildren(...[...KINDS, others].map((kind) => Dom.make("button", {
      type: "button", "data-key": kind.key, class: `curve ${kind.key}`, "aria-label": `show ${kind.words ?? kind.letter}`, title: kind.words ?? null,
      onclick: () => {
        app.state.show[kind.key] = !app.state.show[kind.key];
        app.changed("show");
      },
    }, Dom.make("span", { class: "sample", "aria-hidden": "true" }), kind.letter)));

    return {
      needs: new Set(["selection", "params", "view", "show", "cross", "theme", "size", "active"]),
      canvas,
      draw(kinds) {
        if (kinds.has("selection")) rows();
        for (const button of toggles.children) button.setAttribute("aria-pressed", String(app.state.show[button.dataset.key]));
        draw();
      },
    };
  }

  return { create };
})();
