// The arithmetic for double results: powers with the rounding error of their base carried along.
//
// Mirrors actlab.interpret.torch_ for float64, which explains the cases.
#pragma once

#include "tiers.h"

namespace actlab {

struct Exact : Double {
  using In = double;
  static constexpr double safe = 1e280;  // powers within [1/safe, safe] may be divided directly

  // The base (x + b) / unit of a power, and its relative rounding error.
  struct Base {
    double value, error;
    bool alive;
  };

  ACTLAB_INLINE double divide(double x, Divisor<double> by) { return x / by.value; }
  ACTLAB_INLINE double scaled_expm1(double scale, double x) { return scale * vexpm1(x); }
  ACTLAB_INLINE double scaled_exp(double scale, double x) {
    const double half = vexp(0.5 * x);
    return x < -700.0 ? (scale * half) * half : scale * vexp(x);
  }
  ACTLAB_INLINE double sin(double x, double rate) { return full_sin(x, rate); }
  ACTLAB_INLINE double cos(double x, double rate) { return full_cos(x, rate); }
  ACTLAB_INLINE double sin(double x, double rate, double& far) { return vsin<false>(x, rate, far); }
  ACTLAB_INLINE double cos(double x, double rate, double& far) { return vcos<false>(x, rate, far); }

  static Base base(double x, double b, double unit) {
    const double sum = x + b;
    const double shadow = sum - x;
    const double lost = (x - (sum - shadow)) + (b - shadow);
    const bool alive = sum > 0;
    return {alive ? sum / unit : 1.0, alive && std::isfinite(sum) ? lost / sum : 0.0, alive};
  }
  // (base (1 + error))^p for base > 0.
  static double raised(double base, double error, double p) {
    if (p == 0) return 1.0;
    if (p == 1 || p == 2 || p == 3 || p == 4) {
      const double square = base * base;
      const double power =
          p == 1 ? base : p == 2 ? square : p == 3 ? square * base : square * square;
      return std::isfinite(power) ? power + power * (p * error) : power;
    }
    const double power = std::pow(base, p);
    const double exponent = p * error;
    if (exponent == 0 || !std::isfinite(power)) return power;
    return power * std::exp(exponent < -800 ? -800 : exponent > 700 ? 700 : exponent);
  }
  // factor * base^p / divisor, where the power alone may leave the range.
  static double scaled(double base, double error, double p, double divisor, double factor) {
    const double power = raised(base, error, p);
    if (power > 1 / safe && power < safe) return factor * power / divisor;
    const double half = raised(base, error, 0.5 * p);
    return factor * half / divisor * half;
  }
  // factor * base^(p - 1) / divisor; below 1/2, p - 1 would round and log(base) magnify that.
  static double scaled_less_one(
      double base, double error, double p, double divisor, double factor) {
    if (p >= 0.5) return scaled(base, error, p - 1, divisor, factor);
    return scaled(base, error, p, divisor, factor) / base;
  }

  static double power(double base, double p, Divisor<double> by) {
    if (std::isnan(base)) return base;
    return base > 0 ? scaled(base, 0, p, by.value, 1) : 0.0;
  }
  static double power_slope(double base, double p, Divisor<double> by) {
    if (base > 0) return scaled_less_one(base, 0, p, by.value, p);
    return p > 1 ? 0.0 : p == 1 ? 1 / by.value : std::numeric_limits<double>::infinity();
  }
  static double power_of_sum(double x, double b, double p, double unit, Divisor<double> by) {
    const Base t = base(x, b, unit);
    return t.alive ? scaled(t.value, t.error, p, by.value, 1) : 0.0;
  }
  static double slope_of_power(double x, double b, double p, double unit, Divisor<double> by) {
    const Base t = base(x, b, unit);
    return t.alive ? scaled_less_one(t.value, t.error, p, by.value, p / unit) : 0.0;
  }
  static double power_times_log(double x, double b, double p, double unit, Divisor<double> by) {
    const Base t = base(x, b, unit);
    if (!t.alive) return 0.0;
    return scaled(t.value, t.error, p, by.value, 1) * (std::log(t.value) + t.error);
  }
  static double lower_power(double y, double p) {
    if (p == 2) return std::sqrt(y);
    const double inverse = 1 / p;
    const double exponent = 1 - inverse;
    // What the exponent has lost: 1 - 1/p exactly, less its rounded value.
    const double lost = ((1 - exponent) - inverse) - std::fma(-inverse, p, 1.0) / p;
    const double power = std::pow(y, exponent);
    return lost == 0 ? power : power + power * (lost * std::log(y));
  }
};

// The same for angles of any size, one element after the other.
struct AnyAngle : Exact {
  ACTLAB_INLINE double sin(double x, double rate, double&) { return full_sin(x, rate); }
  ACTLAB_INLINE double cos(double x, double rate, double&) { return full_cos(x, rate); }
};

}  // namespace actlab
