// The arithmetics that a printed formula is evaluated in, each with the primitives of
// actlab.core.maths. A formula is a template over one of these.
//
//   Direct<X>     in the tensor's own precision X; for formulas arranged so that this is accurate
//   Wide<Power>   in double, for results that are rounded to a narrower dtype afterwards
//   Exact         in double for double results, and for unusual parameters
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>

#include "maths.h"
#include "maths_wide.h"

#define ACTLAB_INLINE static inline __attribute__((always_inline))

namespace actlab {

// How the powers of a formula are taken: as squares, as whole or half-integer powers by repeated
// multiplication, or by logarithms.
enum class Power { square, half_integer, real };

inline constexpr double infinite = std::numeric_limits<double>::infinity();

inline constexpr int largest_half_integer = 31;  // twice the largest exponent taken by products

// A divisor that depends on parameters alone, with its reciprocal.
template <class X>
struct Divisor {
  X value, inverse;
};

// Primitives that are the same in every arithmetic.
template <class X>
struct Common {
  using Value = X;
  ACTLAB_INLINE X absolute(X x) { return std::fabs(x); }
  ACTLAB_INLINE X fma(X x, X y, X z) { return madd(x, y, z); }
  ACTLAB_INLINE X sqrt(X x) { return std::sqrt(x); }
};

// Primitives in double that are accurate enough for every dtype.
struct Double : Common<double> {
  using In = double;
  ACTLAB_INLINE double exp(double x) { return vexp(x); }
  ACTLAB_INLINE double expm1(double x) { return vexpm1(x); }
  ACTLAB_INLINE double log(double x) { return vlog(x); }
  ACTLAB_INLINE double log1p(double x) { return vlog1p(x); }
  ACTLAB_INLINE double tanh(double x) { return vtanh(x); }
  ACTLAB_INLINE double sigmoid(double x) { return vsigmoid(x); }
  ACTLAB_INLINE double arctan(double x) { return varctan(x); }
  ACTLAB_INLINE double erf(double x) { return verf(x); }
  ACTLAB_INLINE double normal_cdf(double x) { return vnormal_cdf(x); }
  ACTLAB_INLINE double normal_density(double x) { return vnormal_density(x); }
};

// In the precision of the tensor. Parameters are such that every constant is exact in X, scales
// are powers of two, and every power is a square: see `Direct` in actlab.core.
template <class X>
struct Direct : Common<X> {
  using In = X;
  ACTLAB_INLINE X divide(X x, Divisor<X> by) { return x * by.inverse; }
  ACTLAB_INLINE X expm1(X x) { return vexpm1(x); }
  ACTLAB_INLINE X scaled_expm1(X scale, X x) { return scale * vexpm1(x); }
  ACTLAB_INLINE X scaled_exp(X scale, X x) { return scale * vexp(x); }
  ACTLAB_INLINE X power_of_sum(X x, X b, X, X unit, Divisor<X> by) {
    // (s + e)^2 with s + e = x + b exactly, for |x| <= b; e^2 cannot be seen.
    const X s = x + b;
    const X e = x - (s - b);
    const X u = s * (by.inverse / (unit * unit));
    return madd(u, s, (u + u) * e);
  }
  ACTLAB_INLINE X slope_of_power(X x, X b, X, X unit, Divisor<X> by) {
    return (x + b) * (2 * by.inverse / (unit * unit));
  }
  ACTLAB_INLINE X lower_power(X y, X) { return std::sqrt(y); }
};

// In double, rounded to a narrower dtype afterwards, so that an error of 2^-40 cannot be seen.
// Parameters are ordinary in size (see `ordinary` in plan.cpp).
template <Power how>
struct Wide : Double {
  using In = float;
  // The rounded quotient: a result in the middle between two halves shows its last digit.
  ACTLAB_INLINE double divide(double x, Divisor<double> by) {
    if (__builtin_constant_p(by.value) && by.value == 1.0) return x;
#ifdef __FMA__
    const double q = x * by.inverse;
    const double rest = madd(-q, by.value, x);
    // Nothing is left of an exact quotient, -0.0 among them, and NaN of an infinite one.
    return std::fabs(rest) > 0 ? madd(rest, by.inverse, q) : q;
#else
    return x / by.value;
#endif
  }
  ACTLAB_INLINE double scaled_expm1(double scale, double x) { return scale * vexpm1(x); }
  ACTLAB_INLINE double scaled_exp(double scale, double x) { return scale * vexp(x); }
  ACTLAB_INLINE double sin(double x, double rate, double& far) { return vsin<true>(x, rate, far); }
  ACTLAB_INLINE double cos(double x, double rate, double& far) { return vcos<true>(x, rate, far); }

  ACTLAB_INLINE double raised(double base, double p) {
    if constexpr (how == Power::square) {
      return base * base;
    } else if constexpr (how == Power::half_integer) {
      // Written out, since a loop in here would keep the loop outside from being vectorised.
      const int twice = static_cast<int>(2 * p);
      const double base2 = base * base, base4 = base2 * base2, base8 = base4 * base4;
      double result = twice & 1 ? std::sqrt(base) : 1.0;
      result *= twice & 2 ? base : 1.0;
      result *= twice & 4 ? base2 : 1.0;
      result *= twice & 8 ? base4 : 1.0;
      result *= twice & 16 ? base8 : 1.0;
      return result;
    } else {
      const double power = wide_exp2(p * wide_log2(base));
      return base > 0 ? power : 0.0;
    }
  }
  ACTLAB_INLINE double base(double x, double b, double unit) {
    const double sum = x + b;
    return (sum > 0 ? sum : 0.0) / unit;
  }
  // base^(p - 1): 0 at base 0 where power_of_sum has slope 0 by convention.
  ACTLAB_INLINE double raised_less_one(double base, double p) {
    if constexpr (how == Power::square) {
      return base;
    } else if constexpr (how == Power::half_integer) {
      // p < 1 needs a division, which also makes 1 / sqrt(base) for p = 1/2.
      const double power = raised(base, p) / base;
      const double far = p > 1 ? infinite : p == 1 ? 1.0 : 0.0;
      const double finite = base < infinite ? power : far;
      return base > 0 ? finite : 0.0;
    } else {
      const double power = wide_exp2((p - 1) * wide_log2(base));
      return base > 0 ? power : 0.0;
    }
  }
  ACTLAB_INLINE double power(double base, double p, Divisor<double> by) {
    return divide(raised(base, p), by);
  }
  ACTLAB_INLINE double power_slope(double base, double p, Divisor<double> by) {
    const double at_zero = p > 1 ? 0.0 : p == 1 ? by.inverse : std::numeric_limits<double>::infinity();
    const double slope = divide(p * raised_less_one(base, p), by);
    return base > 0 ? slope : at_zero;
  }
  ACTLAB_INLINE double power_of_sum(double x, double b, double p, double unit, Divisor<double> by) {
    return divide(raised(base(x, b, unit), p), by);
  }
  ACTLAB_INLINE double slope_of_power(double x, double b, double p, double unit, Divisor<double> by) {
    return divide(p / unit * raised_less_one(base(x, b, unit), p), by);
  }
  ACTLAB_INLINE double power_times_log(double x, double b, double p, double unit, Divisor<double> by) {
    // Next to t = 1 the logarithm is as small as what the sum has lost.
    const double sum = x + b;
    const double shadow = sum - x;
    const double lost = (x - (sum - shadow)) + (b - shadow);
    const double t = base(x, b, unit);
    const double logarithm = madd(lost, rough_inverse(sum), wide_log2(t) * 0.69314718055994531);
    const double product = raised(t, p) * (logarithm * by.inverse);
    return t > 0 ? product : 0.0;
  }
  ACTLAB_INLINE double lower_power(double y, double p) {
    if constexpr (how == Power::square) {
      return std::sqrt(y);
    } else {
      return wide_exp2(wide_log2(y) * (1 - 1 / p));
    }
  }
};

}  // namespace actlab
