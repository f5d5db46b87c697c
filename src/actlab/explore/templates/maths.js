// The primitives that printed formulas call, in double precision.
const M = (() => {
  const SAFE = 1e280;
  const FAR = 700;
  const SPLITTER = 134217729;
  const LARGE = 2 ** 200, SMALL = 2 ** -200;
  const DENSITY = 0.3989422804014327;
  // Chebyshev coefficients in u = (t - 4) / (t + 4) of (t + 1) R(t), where R is Mills' ratio
  // (1 - Phi) / phi of the standard normal law: from 50-digit values, good to 1e-18 on [0, inf].
  const MILLS = [
    1.1670525350882472, -0.1610195767134654, -0.028002821825452974, 0.03167452189239266,
    -0.012103231162345369, 0.0027056129762167095, -0.00029931636202703166, -1.716686526879361e-05,
    1.0178489264109868e-05, -4.894829570004192e-07, -2.844006500151048e-07, 3.0766283713811506e-08,
    9.180378674469537e-09, -1.2756102213808737e-09, -3.660279376104134e-10, 4.5926359348595205e-11,
    1.7189314687646526e-11, -1.2726833698700693e-12, -8.668081913316188e-13, 1.1061557204136741e-15,
    4.2750210770103334e-14, 3.790937692263904e-15, -1.8474103010592332e-15, -4.0419094130708177e-16,
    5.340854385017358e-17, 2.941479937590055e-17,
  ];

  // What x * y loses to rounding. Large factors are scaled: splitting them would overflow.
  function productError(x, y) {
    if (Math.abs(x) > 1e270) return productError(x * SMALL, y) * LARGE;
    if (Math.abs(y) > 1e270) return productError(x, y * SMALL) * LARGE;
    const product = x * y;
    const xh = SPLITTER * x - (SPLITTER * x - x), yh = SPLITTER * y - (SPLITTER * y - y);
    const xl = x - xh, yl = y - yh;
    return xh * yh - product + xh * yl + xl * yh + xl * yl;
  }

  function sumError(x, y) {
    const total = x + y, shadow = total - x;
    return x - (total - shadow) + (y - shadow);
  }

  function fma(x, y, z) {
    const product = x * y, total = product + z;
    if (!Number.isFinite(total)) return total;
    return total + (sumError(product, z) + productError(x, y));
  }

  function pow(base, p) {
    if (p === 2) return base * base;
    if (p === 3) return base * base * base;
    return Math.pow(base, p);
  }

  // factor * (base (1 + ratio))^p / divisor, where the power alone may leave the range.
  function dividedPower(base, ratio, p, factor, divisor) {
    const rest = ratio === 0 ? 1 : Math.exp(p * ratio);
    const whole = pow(base, p);
    if (divisor === 1 && factor === 1) return whole === Infinity ? whole : whole * rest;
    if (whole > 1 / SAFE && whole < SAFE) return (factor * (whole * rest)) / divisor;
    const half = Math.pow(base, 0.5 * p);
    const result = ((factor * half) / divisor) * half;
    return result === Infinity || result === 0 ? result : result * rest;
  }

  function power(base, p, divisor) {
    return base > 0 ? dividedPower(base, 0, p, 1, divisor) : base <= 0 ? 0 : NaN;
  }

  // p - 1 is exact from 0.5 on; below, its rounding would be magnified by the logarithm.
  function lowered(base, ratio, p, factor, divisor) {
    if (p >= 0.5) return dividedPower(base, ratio, p - 1, factor, divisor);
    return dividedPower(base, ratio, p, factor, divisor) / base;
  }

  function powerSlope(base, p, divisor) {
    if (base > 0) return p === 0 ? 0 : lowered(base, 0, p, p, divisor);
    if (base !== base) return NaN;
    return p > 1 ? 0 : p === 1 ? 1 / divisor : Infinity;
  }

  function powerOfSum(x, b, p, unit, divisor) {
    const total = x + b;
    if (!(total > 0)) return total <= 0 ? 0 : NaN;
    return dividedPower(total / unit, total < Infinity ? sumError(x, b) / total : 0, p, 1, divisor);
  }

  function slopeOfPower(x, b, p, unit, divisor) {
    const total = x + b;
    if (!(total > 0)) return total <= 0 ? 0 : NaN;
    if (p === 0) return 0;
    const ratio = total < Infinity ? sumError(x, b) / total : 0;
    return lowered(total / unit, ratio, p, p / unit, divisor);
  }

  function powerTimesLog(x, b, p, unit, divisor) {
    const total = x + b;
    if (!(total > 0)) return total <= 0 ? 0 : NaN;
    const ratio = total < Infinity ? sumError(x, b) / total : 0, base = total / unit;
    return dividedPower(base, ratio, p, 1, divisor) * (Math.log(base) + ratio);
  }

  // y^(1 - 1/p) with the exponent's own rounding error made good.
  function lowerPower(y, p) {
    if (p === 2) return Math.sqrt(y);
    const inverse = 1 / p, exponent = 1 - inverse;
    const remainder = 1 - inverse * p - productError(inverse, p);
    const lost = 1 - exponent - inverse - remainder / p;
    const whole = Math.pow(y, exponent);
    return lost === 0 ? whole : whole + whole * (lost * Math.log(y));
  }

  // exp(-x^2 / 2): x^2 is formed exactly for a short part of x, the rest being small.
  function bell(x) {
    const size = Math.abs(x);
    if (size > 40) return x !== x ? NaN : 0;
    const short = Math.round(size * 1024) / 1024;
    return Math.exp(-0.5 * short * short) * Math.exp(-0.5 * (size - short) * (size + short));
  }

  function mills(t) {
    const u = t === Infinity ? 1 : (t - 4) / (t + 4);
    let now = 0, before = 0;
    for (let k = MILLS.length - 1; k > 0; k--) [now, before] = [2 * u * now - before + MILLS[k], now];
    return (u * now - before + MILLS[0]) / (1 + t);
  }

  function normalCdf(x) {
    if (x < 0) return x < -40 ? 0 : DENSITY * bell(x) * mills(-x);
    return x > 40 ? 1 : 1 - DENSITY * bell(x) * mills(x);
  }

  function erf(x) {
    const size = Math.abs(x);
    if (size < 0.75) {
      // x times the alternating series of exp(-t^2), integrated term by term.
      const square = x * x;
      let term = 1, sum = 1;
      for (let n = 1; Math.abs(term) > 1e-18 && n < 40; n++) {
        term *= -square / n;
        sum += term / (2 * n + 1);
      }
      return 1.1283791670955126 * x * sum;
    }
    const tail = size > 8 ? 0 : 2 * normalCdf(-size * Math.SQRT2);
    return x < 0 ? tail - 1 : 1 - tail;
  }

  // An angle rate * x as a rounded number and what rounding lost.
  function angle(x, rate) {
    const turn = rate * x;
    if (Number.isFinite(turn)) return [turn, rate === 1 ? 0 : productError(rate, x)];
    return Number.isFinite(x) ? [0, 0] : [NaN, 0];
  }

  function sin(x, rate) {
    const [turn, lost] = angle(x, rate);
    const plain = Math.sin(turn);
    return lost === 0 ? plain : plain * Math.cos(lost) + Math.cos(turn) * Math.sin(lost);
  }

  function cos(x, rate) {
    const [turn, lost] = angle(x, rate);
    const plain = Math.cos(turn);
    return lost === 0 ? plain : plain * Math.cos(lost) - Math.sin(turn) * Math.sin(lost);
  }

  function sigmoid(x) {
    const decay = Math.exp(-Math.abs(x));
    return x > 0 ? 1 / (1 + decay) : decay / (1 + decay);
  }

  function scaledExp(scale, x) {
    if (x >= -FAR) return scale * Math.exp(x);
    const half = Math.exp(0.5 * x);
    return scale * half * half;
  }

  function tanh(x) {
    const size = Math.abs(x), grown = Math.expm1(-2 * size);
    return size > 0 ? (Math.sign(x) * -grown) / (2 + grown) : x;
  }

  return {
    absolute: Math.abs, arctan: Math.atan, exp: Math.exp, expm1: Math.expm1, log: Math.log,
    log1p: Math.log1p, sqrt: Math.sqrt, tanh, sin, cos, erf, fma, sigmoid,
    scaled_exp: scaledExp,
    scaled_expm1: (scale, x) => scale * Math.expm1(x),
    normal_cdf: normalCdf,
    normal_density: (x) => DENSITY * bell(x),
    power, power_slope: powerSlope, power_of_sum: powerOfSum, slope_of_power: slopeOfPower,
    power_times_log: powerTimesLog, lower_power: lowerPower,
    // Whether and how double precision holds what depends on parameters alone: wholly.
    stored: (x) => x, lost: () => 0, exact: () => true,
  };
})();
