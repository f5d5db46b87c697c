// A canvas with axes: scales, ticks, grid, lines.
const Axes = (() => {
  const FONT = '12px system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif';

  function ticks(low, high, wanted) {
    const rough = (high - low) / Math.max(wanted, 1), power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map((k) => k * power).find((size) => size >= rough * 0.999);
    const found = [];
    for (let k = Math.ceil(low / step - 1e-9); k * step <= high + step * 1e-9; k++) found.push(k * step);
    return { step, at: found };
  }

  function words(value, step) {
    if (Math.abs(value) < step * 1e-6) return "0";
    const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
    const text = Math.abs(value) >= 1e6 || digits > 6
      ? Number(value.toPrecision(6)).toExponential()
      : value.toFixed(digits);
    return text.replace("e+", "e").replaceAll("-", "−");
  }

  // Prepare a canvas for drawing over x and y intervals; sizes are in CSS pixels.
  function frame(canvas, x, y, options = {}) {
    const box = canvas.getBoundingClientRect(), ratio = window.devicePixelRatio || 1;
    const width = Math.max(box.width, 60), height = Math.max(box.height, 60);
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
    }
    const context = canvas.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    context.font = FONT;
    const yTicks = options.yTicks ?? ticks(y[0], y[1], (height - 40) / 46);
    const named = options.yWords ?? ((value) => words(value, yTicks.step));
    const widest = Math.max(...yTicks.at.map((at) => context.measureText(named(at)).width), 10);
    const left = Math.ceil(widest) + 14, right = width - 10, top = options.title ? 26 : 10, bottom = height - (options.xName ? 38 : 24);
    const toX = (value) => left + ((value - x[0]) / (x[1] - x[0])) * (right - left);
    const toY = (value) => bottom - ((value - y[0]) / (y[1] - y[0])) * (bottom - top);
    const fromX = (pixel) => x[0] + ((pixel - left) / (right - left)) * (x[1] - x[0]);
    const fromY = (pixel) => y[0] + ((bottom - pixel) / (bottom - top)) * (y[1] - y[0]);
    const made = { canvas, context, x, y, left, right, top, bottom, width, height, toX, toY, fromX, fromY };
    grid(made, yTicks, named, options);
    return made;
  }

  function grid(made, yTicks, named, options) {
    const { context, left, right, top, bottom, x, toX, toY } = made;
    const look = Dom.look(), xTicks = ticks(x[0], x[1], (right - left) / 78);
    context.lineWidth = 1;
    const line = (x0, y0, x1, y1, colour) => {
      context.strokeStyle = colour;
      context.beginPath();
      context.moveTo(Math.round(x0) + 0.5, Math.round(y0) + 0.5);
      context.lineTo(Math.round(x1) + 0.5, Math.round(y1) + 0.5);
      context.stroke();
    };
    context.fillStyle = look.faint;
    context.textAlign = "center";
    context.textBaseline = "top";
    for (const at of xTicks.at) {
      const zero = Math.abs(at) < xTicks.step * 1e-6;
      line(toX(at), top, toX(at), bottom, zero && !options.flat ? look.axis : look.grid);
      context.fillText(words(at, xTicks.step), toX(at), bottom + 6);
    }
    context.textAlign = "right";
    context.textBaseline = "middle";
    for (const at of yTicks.at) {
      const zero = Math.abs(at) < yTicks.step * 1e-6;
      line(left, toY(at), right, toY(at), zero && !options.plain ? look.axis : look.grid);
      context.fillText(named(at), left - 8, toY(at));
    }
    if (options.title) {
      context.textAlign = "left";
      context.textBaseline = "top";
      context.fillStyle = look.ink;
      context.fillText(options.title, left, 4);
    }
    if (options.xName) {
      context.textAlign = "center";
      context.textBaseline = "bottom";
      context.fillStyle = look.faint;
      context.fillText(options.xName, (left + right) / 2, made.height - 2);
    }
  }

  function clipped(made, draw) {
    const { context, left, right, top, bottom } = made;
    context.save();
    context.beginPath();
    context.rect(left, top - 1, right - left, bottom - top + 2);
    context.clip();
    draw(context);
    context.restore();
  }

  // A line through points; NaN leaves a gap, far values stay drawable.
  function path(made, xs, ys, style) {
    const { context, toX, toY, height } = made;
    context.strokeStyle = style.colour;
    context.lineWidth = style.width ?? 2;
    context.setLineDash(style.dash ?? []);
    context.lineJoin = "round";
    context.beginPath();
    let open = false;
    for (let i = 0; i < xs.length; i++) {
      if (ys[i] !== ys[i]) {
        open = false;
        continue;
      }
      const py = Math.min(Math.max(toY(ys[i]), -20 * height), 20 * height);
      if (open) context.lineTo(toX(xs[i]), py);
      else context.moveTo(toX(xs[i]), py);
      open = true;
    }
    context.stroke();
    context.setLineDash([]);
  }

  function dot(made, x, y, colour, hollow) {
    const { context, toX, toY } = made;
    context.beginPath();
    context.arc(toX(x), toY(y), 3.6, 0, 2 * Math.PI);
    context.fillStyle = hollow ? Dom.look().card : colour;
    context.fill();
    context.strokeStyle = colour;
    context.lineWidth = 1.8;
    context.stroke();
  }

  return { ticks, words, frame, clipped, path, dot };
})();
