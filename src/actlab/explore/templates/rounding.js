// Binary floating-point formats: rounding to nearest even, units in the last place, counting.
const Formats = (() => {
  function format(name, label, digits, emin, emax) {
    const smallest = 2 ** (emin - digits + 1);
    const largest = (2 - 2 ** (1 - digits)) * 2 ** emax;

    function unit(x) {
      const size = Math.abs(x);
      if (!(size >= 2 ** emin)) return smallest;
      if (size > largest) return 2 ** (emax - digits + 1);
      // Two steps, since the logarithm of a number just below a power of two rounds up.
      let exponent = Math.floor(Math.log2(size));
      if (2 ** exponent > size) exponent--;
      else if (2 ** (exponent + 1) <= size) exponent++;
      return 2 ** (exponent - digits + 1);
    }

    function round(x) {
      if (!Number.isFinite(x) || x === 0) return x;
      if (Math.abs(x) > largest * 2) return x > 0 ? Infinity : -Infinity;
      const step = unit(x), scaled = x / step, whole = Math.round(scaled);
      // Math.round sends ties upwards; ties go to even.
      const even = Math.abs(scaled - Math.trunc(scaled)) === 0.5 && whole % 2 !== 0;
      const result = (even ? whole - 1 : whole) * step;
      return Math.abs(result) > largest ? Math.sign(x) * Infinity : result === 0 ? 0 * x : result;
    }

    // Numbers of the format in order: 0 is number 0, its neighbours are 1 and -1.
    const perBinade = 2 ** (digits - 1);
    const count = (emax - emin + 2) * perBinade - 1;

    function number(index) {
      const size = Math.abs(index), binade = Math.max(Math.floor(size / perBinade), 1);
      const digitsOf = size - (binade - 1) * perBinade;
      return Math.sign(index) * digitsOf * 2 ** (binade - 1) * smallest;
    }

    function index(x) {
      const size = Math.abs(round(x));
      if (size > largest) return Math.sign(x) * count;
      const step = unit(size), binade = Math.round(Math.log2(step / smallest)) + 1;
      return Math.sign(x) * (size / step + (binade - 1) * perBinade);
    }

    return { name, label, digits, smallest, largest, count, unit, round, number, index };
  }

  return {
    bf16: format("bf16", "bfloat16", 8, -126, 127),
    fp16: format("fp16", "float16", 11, -14, 15),
    fp32: format("fp32", "float32", 24, -126, 127),
  };
})();
