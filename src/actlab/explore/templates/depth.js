// Signal, gradient and correlation through wide random layers, in the mean-field limit:
// q' = sw^2 E f(sqrt(q) z)^2 + sb^2, and squared gradients change by sw^2 E f'(sqrt(q) z)^2.
const Depth = (() => {
  const TERMS = 48; // of the Hermite series of f, for correlations
  const SEARCH = [0.05, 20];

  function moments(f, q) {
    const { x, w } = Quadrature.light(Math.sqrt(q), f.joints);
    let mean = 0, square = 0, slopeSquare = 0;
    for (let i = 0; i < x.length; i++) {
      const y = f.value(x[i]), d = f.slope(x[i]);
      mean += w[i] * y;
      square += w[i] * y * y;
      slopeSquare += w[i] * d * d;
    }
    return { mean, square, slopeSquare };
  }

  // E f(u) f(v) for standard u, v of correlation r is a power series in r with the squared
  // Hermite coefficients. What the series leaves of value and slope at r = 1 goes into one term.
  function series(f, q) {
    const { z, x, w } = Quadrature.light(Math.sqrt(q), f.joints);
    const sums = new Float64Array(TERMS);
    let square = 0, slopeSquare = 0;
    for (let i = 0; i < z.length; i++) {
      const y = f.value(x[i]), d = f.slope(x[i]), share = w[i] * y;
      square += share * y;
      slopeSquare += w[i] * d * d * q;
      let now = 1, before = 0;
      for (let k = 0; k < TERMS; k++) {
        sums[k] += share * now;
        [now, before] = [(z[i] * now - Math.sqrt(k) * before) / Math.sqrt(k + 1), now];
      }
    }
    const powers = sums.map((sum) => sum * sum);
    let left = square, leftSlope = slopeSquare;
    for (let k = 0; k < TERMS; k++) {
      left -= powers[k];
      leftSlope -= k * powers[k];
    }
    left = Math.max(left, 0);
    const exponent = left > 1e-14 * square ? Math.max(leftSlope / left, TERMS) : TERMS;
    return (r) => {
      let total = 0;
      for (let k = TERMS - 1; k >= 0; k--) total = total * r + powers[k];
      return total + left * Math.sign(r) ** TERMS * Math.abs(r) ** exponent;
    };
  }

  // Layer by layer: the variance of pre-activations, log10 of the squared gradient's ratio, and
  // the correlation of two inputs. With a layer norm after each activation its output has
  // mean 0 and variance 1, and gradients are divided by the standard deviation it removed.
  function propagate(f, { layers, sw, sb, norm, correlation }) {
    let q = norm ? sw * sw + sb * sb : 1;
    const variance = [q], gradient = [0], overlap = [correlation];
    let c = correlation, log = 0, joint = null, at = null, seriesAt = NaN;
    for (let layer = 1; layer <= layers; layer++) {
      if (!(q > 0) || !Number.isFinite(q) || q > 1e200 || q < 1e-200) {
        q = q > 1 ? Infinity : 0;
        variance.push(q);
        gradient.push(NaN);
        overlap.push(NaN);
        continue;
      }
      if (at === null || Math.abs(q - seriesAt) > 1e-13 * q) {
        at = moments(f, q);
        joint = series(f, q);
        seriesAt = q;
      }
      const spread = at.square - at.mean ** 2;
      const scale = norm ? (sw * sw) / spread : sw * sw;
      const shift = norm ? at.mean ** 2 : 0;
      const next = norm ? sw * sw + sb * sb : sw * sw * at.square + sb * sb;
      log += Math.log10(scale * at.slopeSquare);
      c = Math.min(Math.max((scale * (joint(c) - shift) + sb * sb) / next, -1), 1);
      q = next;
      variance.push(q);
      gradient.push(log);
      overlap.push(c);
    }
    return { variance, gradient, overlap };
  }

  // The (sw, sb) at which variance has a fixed point and gradients keep their size: at q = 1 if
  // that needs no negative bias variance, else where the bias is 0; null where there is none.
  function critical(f) {
    const one = Moments.of(f, Moments.standard);
    const bias = 1 - one.square / one.slopeSquare;
    if (bias > -1e-12) {
      return { sw: 1 / Math.sqrt(one.slopeSquare), sb: bias > 1e-12 ? Math.sqrt(bias) : 0 };
    }
    const excess = (logQ) => {
      const at = moments(f, Math.exp(logQ));
      return at.square / (Math.exp(logQ) * at.slopeSquare) - 1;
    };
    const [low, high] = SEARCH.map(Math.log), steps = 60;
    let left = low, before = excess(low);
    for (let k = 1; k <= steps; k++) {
      const right = low + ((high - low) * k) / steps, now = excess(right);
      if ((before > 0 && now <= 0) || (before < 0 && now >= 0)) return atRoot(f, excess, left, right, before > 0);
      [left, before] = [right, now];
    }
    return null;
  }

  function atRoot(f, excess, left, right, positive) {
    for (let k = 0; k < 60; k++) {
      const middle = 0.5 * (left + right);
      if (excess(middle) > 0 === positive) left = middle;
      else right = middle;
    }
    return { sw: 1 / Math.sqrt(moments(f, Math.exp(0.5 * (left + right))).slopeSquare), sb: 0 };
  }

  return { propagate, critical, moments };
})();
