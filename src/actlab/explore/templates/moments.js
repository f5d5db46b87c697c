// What a function does to a random input: moments, gains, the law of its output.
const Moments = (() => {
  function rule(input, joints) {
    return input.kind === "normal"
      ? Quadrature.normal(input.mu, input.sigma, joints)
      : Quadrature.uniform(input.low, input.high, joints);
  }

  // mean, square: E f, E f^2. slope, slopeSquare: E f', E f'^2. dead, zero: P(f' = 0), P(f = 0).
  function of(f, input) {
    const { x, w } = rule(input, f.joints);
    let mean = 0, square = 0, slope = 0, slopeSquare = 0, dead = 0, zero = 0;
    for (let i = 0; i < x.length; i++) {
      const y = f.value(x[i]), d = f.slope(x[i]);
      mean += w[i] * y;
      square += w[i] * y * y;
      slope += w[i] * d;
      slopeSquare += w[i] * d * d;
      if (d === 0) dead += w[i];
      if (y === 0) zero += w[i];
    }
    let variance = 0;
    for (let i = 0; i < x.length; i++) variance += w[i] * (f.value(x[i]) - mean) ** 2;
    return { mean, square, variance, slope, slopeSquare, dead, zero };
  }

  // Weight scales that keep the second moment, the squared gradient, the variance.
  function gains(moments, input) {
    const power = input.kind === "normal"
      ? input.mu ** 2 + input.sigma ** 2
      : (input.low ** 2 + input.low * input.high + input.high ** 2) / 3;
    const spread = input.kind === "normal" ? input.sigma ** 2 : (input.high - input.low) ** 2 / 12;
    return {
      forward: Math.sqrt(power / moments.square),
      backward: 1 / Math.sqrt(moments.slopeSquare),
      centred: Math.sqrt(spread / moments.variance),
    };
  }

  const standard = { kind: "normal", mu: 0, sigma: 1 };

  function cumulative(input, x) {
    if (input.kind === "normal") return M.normal_cdf((x - input.mu) / input.sigma);
    return Math.min(Math.max((x - input.low) / (input.high - input.low), 0), 1);
  }

  // The density of f(x) in equal bins, by change of variables: the mass between neighbouring
  // inputs is spread evenly over their outputs. Outputs that whole intervals share are atoms.
  function outputLaw(f, input, low, high, bins) {
    const mass = new Float64Array(bins), atoms = [];
    const start = input.kind === "normal" ? input.mu - 9 * input.sigma : input.low;
    const end = input.kind === "normal" ? input.mu + 9 * input.sigma : input.high;
    const cuts = f.joints.filter((joint) => joint > start && joint < end);
    const edges = [start, ...cuts.sort((a, b) => a - b), end];
    const width = (high - low) / bins;
    for (let part = 0; part + 1 < edges.length; part++) {
      const count = Math.max(24, Math.ceil((2400 * (edges[part + 1] - edges[part])) / (end - start)));
      let x0 = edges[part], c0 = cumulative(input, x0);
      // Just inside the piece: at a joint itself the function may jump.
      let y0 = f.value(x0 + (edges[part + 1] - x0) * 1e-9);
      for (let k = 1; k <= count; k++) {
        const x1 = edges[part] + ((edges[part + 1] - edges[part]) * k) / count;
        const c1 = cumulative(input, x1);
        const y1 = f.value(k === count ? x1 - (x1 - x0) * 1e-9 : x1);
        if (c1 > c0) spread(mass, atoms, Math.min(y0, y1), Math.max(y0, y1), c1 - c0, low, width);
        [x0, c0, y0] = [x1, c1, y1];
      }
    }
    return { density: mass.map((m) => m / width), atoms: atoms.filter((atom) => atom.mass > 1e-4) };
  }

  function spread(mass, atoms, low, high, share, start, width) {
    if (!Number.isFinite(low) || !Number.isFinite(high)) return;
    if (high === low) {
      const same = atoms.find((atom) => atom.y === low);
      if (same) same.mass += share;
      else atoms.push({ y: low, mass: share });
      return;
    }
    const first = (low - start) / width, last = (high - start) / width;
    if (last - first < 1e-9) {
      // Narrower than numbers of this size can be divided.
      if (first >= 0 && first < mass.length) mass[Math.floor(first)] += share;
      return;
    }
    for (let bin = Math.max(Math.floor(first), 0); bin < Math.min(last, mass.length); bin++) {
      const part = Math.min(last, bin + 1) - Math.max(first, bin);
      mass[bin] += (share * part) / (last - first);
    }
  }

  return { of, gains, outputLaw, standard };
})();
