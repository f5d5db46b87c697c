// What a narrow number format makes of a function: stored results against the careless formula.
const Precision = (() => {
  const LOOKS = 4096; // at evenly counted numbers of a format, for where a slope changes its kind
  const MOST = 40; // such intervals

  // For up to `count` numbers of the format between two ends: x, the stored results of a
  // correctly rounded computation, and those of the formula with every operation rounded.
  function sample(f, form, low, high, count) {
    const first = Math.ceil(form.index(low)), last = Math.floor(form.index(high));
    const rows = [];
    const held = new Set();
    // Evenly spaced in x, as a plot is; each moved to the nearest number of the format.
    for (let k = 0; k <= count; k++) {
      const x = form.round(low + ((high - low) * k) / count);
      if (x < low || x > high || held.has(x)) continue;
      held.add(x);
      rows.push(row(f, form, x));
    }
    return { rows, numbers: Math.max(last - first + 1, 0) };
  }

  function row(f, form, x) {
    const [value, slope] = f.naive(x, form.round);
    const exact = f.value(x), exactSlope = f.slope(x);
    return {
      x,
      value: form.round(exact),
      slope: form.round(exactSlope),
      naiveValue: value,
      naiveSlope: slope,
      valueError: error(value, exact, form),
      slopeError: error(slope, exactSlope, form),
    };
  }

  // In units in the last place of the format; NaN where the formula gives NaN.
  function error(got, exact, form) {
    if (got !== got) return NaN;
    const beyond = form.largest + form.unit(form.largest);
    const clamp = (y) => Math.min(Math.max(y, -beyond), beyond);
    return Math.abs(clamp(got) - clamp(exact)) / form.unit(exact);
  }

  const KINDS = { zero: "exactly 0", nan: "NaN", infinite: "infinite" };

  function kind(slope) {
    if (slope !== slope) return "nan";
    if (slope === 0) return "zero";
    return Number.isFinite(slope) ? "" : "infinite";
  }

  // The intervals of finite numbers of the format on which a slope is 0, NaN or infinite, from
  // left to right. Functions that oscillate have more than anybody reads: MOST are found.
  function intervals(form, slope) {
    const step = Math.max(1, Math.floor((2 * form.count) / LOOKS));
    const kindAt = (index) => kind(slope(form.number(index)));
    const found = [];
    let at = -form.count, start = at, current = kindAt(at);
    const close = (end) => {
      if (current) found.push({ kind: current, from: form.number(start), to: form.number(end) });
    };
    while (at < form.count && found.length < MOST) {
      const next = Math.min(at + step, form.count);
      if (kindAt(next) === current) {
        at = next;
        continue;
      }
      const edge = boundary(kindAt, at, next, current);
      close(edge);
      at = start = edge + 1;
      current = kindAt(at);
    }
    if (at >= form.count) close(form.count);
    return found;
  }

  // The last index of the wanted kind, between one of that kind and one of another.
  function boundary(kindAt, inside, outside, wanted) {
    while (outside - inside > 1) {
      const middle = Math.floor((inside + outside) / 2);
      if (kindAt(middle) === wanted) inside = middle;
      else outside = middle;
    }
    return inside;
  }

  function thresholds(f, form) {
    return {
      stored: intervals(form, (x) => form.round(f.slope(x))),
      naive: intervals(form, (x) => f.naive(x, form.round)[1]),
    };
  }

  return { sample, thresholds, KINDS };
})();
