// The functions of maths.h for double.
//
// The polynomials are minimax fits (Remez exchange at 60 digits); each says in which interval and
// with what error, before the rounding of its coefficients and of the evaluation. With each
// function is the largest error seen in tens of millions of points against quadruple precision, in
// units in the last place, with fused multiply-adds or without.
#pragma once

#include "maths.h"

namespace actlab {
namespace detail {

inline constexpr double nan = std::numeric_limits<double>::quiet_NaN();
inline constexpr double log2_e = Format<double>::log2_e;
inline constexpr uint64_t sign_bit = 0x8000000000000000;

ACTLAB_INLINE double with_sign_of(double magnitude, double x) {
  return std::bit_cast<double>(
      std::bit_cast<uint64_t>(magnitude) | (std::bit_cast<uint64_t>(x) & sign_bit));
}

// e^r - 1 - r for |r| <= ln(2)/2, plus `small`: r^2 / 2 + r^3 times degree 8, with an error below
// 2^-55.2 |e^r - 1|.
ACTLAB_INLINE double expm1_tail(double r, double small) {
  const double r2 = r * r;
  const double r4 = r2 * r2;
  const double p23 = madd(r, 0x1.555555555553ep-3, 0.5);
  const double p45 = madd(r, 0x1.1111111118d29p-7, 0x1.5555555553b1p-5);
  const double p67 = madd(r, 0x1.a01a0171a2a5ap-13, 0x1.6c16c179fdbb5p-10);
  const double p89 = madd(r, 0x1.71de978d12ba1p-19, 0x1.a019b3a04426ap-16);
  const double p1011 = madd(r, 0x1.ae48deec8cbf9p-26, 0x1.2897623782a65p-22);
  const double p25 = madd(r2, p45, p23);
  const double p69 = madd(r2, p89, p67);
  const double p611 = madd(r4, p1011, p69);
  return madd(r2, madd(r4, p611, p25), small);
}

// factor e^(x + small), for |x| < 1400 and a `small` far below 1 that x has lost by rounding.
ACTLAB_INLINE double exponential(double x, double small, double factor) {
  const Whole<double> n = exponent(x);
  const Power2<double> power = power2(n);
  const double r = reduced(x, n).value + small;
  const double first = factor * power.first;
  return madd(expm1_tail(r, r), first, first) * power.second;
}
ACTLAB_INLINE double exponential(double x) {
  const Whole<double> n = exponent(x);
  const Power2<double> power = power2(n);
  const double r = reduced(x, n).value;
  return madd(expm1_tail(r, r), power.first, power.first) * power.second;
}

// -x^2 / 2 and what it lost by rounding.
struct HalfSquare {
  double value, lost;
};
ACTLAB_INLINE HalfSquare minus_half_square(double x) {
  const double half = -0.5 * x;
#ifdef __FMA__
  const double product = half * x;
  return {product, __builtin_fma(half, x, -product)};
#else
  // The square of the upper half of the digits is exact.
  const double upper = std::bit_cast<double>(std::bit_cast<uint64_t>(x) & ~uint64_t{0x7ffffff});
  const double half_upper = -0.5 * upper;
  return {half_upper * upper, (half - half_upper) * (x + upper)};
#endif
}

// x times 2^54 where it is subnormal, and what that makes of the bias of its exponent.
ACTLAB_INLINE double normal(double x) { return x < 0x1p-1022 ? x * 0x1p54 : x; }
ACTLAB_INLINE double bias(double x) { return x < 0x1p-1022 ? 1023.0 + 54.0 : 1023.0; }

// x = 2^n m with 1/sqrt(2) <= m < sqrt(2), for normal x > 0. `minus_n` is +0 for n = 0.
struct Parts {
  double m, minus_n, inverse;  // inverse = 2^(2 - n): 2^-n may be too small
};
ACTLAB_INLINE Parts parts(double x, double exponent_bias) {
  constexpr uint64_t fraction_bits = 0x000fffffffffffff;
  constexpr uint64_t least = 0x3fe6a09e667f3bcd;  // 1/sqrt(2)
  constexpr uint64_t one = 0x3ff0000000000000;
  constexpr uint64_t four = 0x4010000000000000;
  const uint64_t shifted = std::bit_cast<uint64_t>(x) + (one - least);
  const double biased = std::bit_cast<double>((shifted >> 52) | 0x4330000000000000);
  return {
      std::bit_cast<double>((shifted & fraction_bits) + least),
      (0x1p52 + exponent_bias) - biased,
      std::bit_cast<double>((four + one) - (shifted & ~fraction_bits)),
  };
}

// log(1 + f) + small = f - low, for m = 1 + f between 1/sqrt(2) and sqrt(2). With s = f / (2 + f)
// it is 2 atanh s = 2 s + s^3 times degree 6 in s^2, to 2^-59.5 of itself, and 2 s is
// f - f^2 / 2 + s f^2 / 2.
struct Logarithm {
  double half_square, cubes;  // low = half_square - cubes
};
ACTLAB_INLINE Logarithm logarithm(double f, double two_and_f, double small) {
  const double s = f / two_and_f;
  const double half_square = 0.5 * f * f;
  const double w = s * s;
  const double w2 = w * w;
  const double p12 = madd(w, 0x1.999999997fd37p-2, 0x1.5555555555592p-1);
  const double p34 = madd(w, 0x1.c71c5202b2ecap-3, 0x1.24924941f8d18p-2);
  const double p56 = madd(w, 0x1.39a193351f171p-3, 0x1.7466405be6ff3p-3);
  const double p14 = madd(w2, p34, p12);
  const double p57 = madd(w2, 0x1.2f0705a2fada9p-3, p56);
  const double p = madd(w2 * w2, p57, p14);
  return {half_square, madd(s * w, p, madd(s, half_square, small))};
}

// Completes a logarithm whose argument is 0 for x = zero, and less below. `same` is 0 there too:
// GCC turns two comparisons of one number with one other into branches, and those into three.
ACTLAB_INLINE double log_result(double x, double zero, double same, double result) {
  const double any = x < zero ? nan : result;
  return same == 0.0 ? -infinity<double> : any;
}

}  // namespace detail

// 1.06 units.
ACTLAB_INLINE double vexp(double x) {
  using namespace detail;
  return outside(x, -746.0, 0.0, 710.0, infinity<double>, exponential(x));
}

// 1.43 units.
ACTLAB_INLINE double vexpm1(double x) {
  using namespace detail;
  const Whole<double> n = exponent(x);
  const Reduced<double> r = reduced(x, n);
  const double power = half_power2(n);
  const double most = madd(r.value, power, power - 0.5);
  const double result = 2.0 * madd(expm1_tail(r.value, r.lost), power, most);
  const double any = outside(x, -40.0, -1.0, 710.0, infinity<double>, result);
  return __builtin_fabs(x) < 0x1p-54 ? x : any;
}

// 0.86 units.
ACTLAB_INLINE double vlog(double x) {
  using namespace detail;
  const Parts part = parts(normal(x), bias(x));
  const double f = part.m - 1.0;
  const Logarithm log_m = logarithm(f, part.m + 1.0, part.minus_n * -Format<double>::ln2_low);
  const double low = log_m.half_square - log_m.cubes;
  const double result = madd(part.minus_n, -Format<double>::ln2_high, f - low);
  return log_result(x, 0.0, normal(x), x < infinity<double> ? result : x);
}

// 0.91 units.
ACTLAB_INLINE double vlog1p(double x) {
  using namespace detail;
  const double u = 1.0 + x;
  const Parts part = parts(u, 1023.0);
  // What u has lost is put back; all of it if n = 0, and then f = x.
  const double lost = (x - (u - 1.0)) * (0.25 * part.inverse);
  const double most = part.m - 1.0;
  const double f = most + lost;
  const double rest = (most - f) + lost;
  const Logarithm log_m = logarithm(f, 2.0 + f, madd(part.minus_n, -Format<double>::ln2_low, rest));
  const double low = log_m.half_square - log_m.cubes;
  const double result = madd(part.minus_n, -Format<double>::ln2_high, f - low);
  // The sign is that of x anyway, but for x = -0.
  const double any = with_sign_of(result, x);
  return log_result(x, -1.0, u, u < infinity<double> ? any : u);
}

// 1.48 units. Below 0.6 it is x + x^3 times a quotient of polynomials in x^2, of degrees 2 and 3,
// to 2^-61.3 (fitted as the quotient in vnormal_cdf).
ACTLAB_INLINE double vtanh(double x) {
  using namespace detail;
  const double a = __builtin_fabs(x);
  const double twice = -2.0 * a;
  const Whole<double> n = split_sum(madd(a, -2.0 * log2_e, Format<double>::whole));
  const double r = reduced(twice, n).value;
  const double half_power = half_power2(n);
  const double any = madd(expm1_tail(r, r), half_power, half_power);
  const double half_e = a > 22.0 ? 0.0 : any;  // e^-2a / 2
  const double w = a * a;
  const double p = madd(w, madd(w, -0x1.a1a2c0a4b70a6p-13, -0x1.4fd6fe3f704d9p-6),
                        -0x1.5555555555554p-2);
  const double q = madd(
      w, madd(w, madd(w, 0x1.b10e866fba3a7p-13, 0x1.7d96a7e40797ap-6), 0x1.d891e9457e9cdp-2), 1.0);
  const bool small = a < 0.6;
  const double quotient = (small ? (w * a) * p : -2.0 * half_e) / (small ? q : 0.5 + half_e);
  const double magnitude = (small ? a : 1.0) + quotient;
  return with_sign_of(magnitude, x);
}

// 1.75 units.
ACTLAB_INLINE double vsigmoid(double x) {
  using namespace detail;
  const double minus_a = std::bit_cast<double>(std::bit_cast<uint64_t>(x) | sign_bit);
  const double any = exponential(minus_a);
  const double e = minus_a < -746.0 ? 0.0 : any;
  // 1 - e / (1 + e), or e (1 - e / (1 + e)).
  const double base = x < 0.0 ? e : 1.0;
  return madd(-base, e / (1.0 + e), base);
}

// 1.60 units.
ACTLAB_INLINE double vnormal_density(double x) {
  using namespace detail;
  constexpr double inverse_sqrt_2pi = 0x1.9884533d43651p-2;
  const HalfSquare power = minus_half_square(x);
  const double result = exponential(power.value, power.lost, inverse_sqrt_2pi);
  return power.value < -760.0 ? 0.0 : result;
}

// To 2^-48 of itself, about 32 units. e^(a^2 / 2) P(Z > a) for a in [0, 38.6] is a quotient of
// polynomials of degrees 8 and 9 with positive coefficients, 1/2 at 0, to 2^-48.3 of itself:
// least squares at 260 points, reweighted until the errors were level (Lawson's iteration).
ACTLAB_INLINE double vnormal_cdf(double x) {
  using namespace detail;
  const double a = __builtin_fabs(x);
  const HalfSquare power = minus_half_square(a);
  const double s = a * a;
  const double s2 = s * s;
  const double p01 = madd(a, 0x1.6fefdafe71e1ep-1, 0.5);
  const double p23 = madd(a, 0x1.d0a123dc0b012p-3, 0x1.04d74c5ca9c72p-1);
  const double p45 = madd(a, 0x1.d9858ffe1c8b9p-7, 0x1.1973c830fb749p-4);
  const double p67 = madd(a, 0x1.83b0c06f56ac9p-13, 0x1.0eb5dbd1cf3e5p-9);
  const double p03 = madd(s, p23, p01);
  const double p47 = madd(s, p67, p45);
  const double p = madd(s2, madd(s2, 0x1.0ec911d874661p-17, p47), p03);
  const double q01 = madd(a, 0x1.1e19024e89f4ep+1, 1.0);
  const double q23 = madd(a, 0x1.706893d2d259p+0, 0x1.26b184fac7208p+1);
  const double q45 = madd(a, 0x1.6b4493c7aa785p-3, 0x1.353c2a700a9a1p-1);
  const double q67 = madd(a, 0x1.549c60d2a4a98p-8, 0x1.2c882562326e7p-5);
  const double q89 = madd(a, 0x1.536113a11456bp-16, 0x1.e5e5dd188e211p-12);
  const double q03 = madd(s, q23, q01);
  const double q47 = madd(s, q67, q45);
  const double q = madd(s2, madd(s2, q89, q47), q03);
  const double any = exponential(power.value, power.lost, p / q);
  const double tail = a > 39.0 ? 0.0 : any;
  return x > 0.0 ? 1.0 - tail : tail;
}

// 1.38 units. Up to 15/16 it is x + x times degree 11 in x^2, to 2^-59.1. Above, 1 - erfc(x), where
// e^(x^2) erfc(x) is of degree 11 in (x - 3) / (x + 3), to 2^-56.4 after the product with e^(-x^2).
ACTLAB_INLINE double verf(double x) {
  using namespace detail;
  const double a = __builtin_fabs(x);
  const double w = a * a, w2 = w * w, w4 = w2 * w2;
  const double p01 = madd(w, -0x1.812746b0379dcp-2, 0x1.06eba8214db68p-3);
  const double p23 = madd(w, -0x1.b82ce3125a3e1p-6, 0x1.ce2f21a04230bp-4);
  const double p45 = madd(w, -0x1.c02db268784bcp-11, 0x1.565bcd06819a5p-8);
  const double p67 = madd(w, -0x1.f4cdf16261553p-17, 0x1.f9a2f2c23c823p-14);
  const double p89 = madd(w, -0x1.5d0809159150fp-23, 0x1.b9a6a5a35b0b7p-20);
  const double p1011 = madd(w, -0x1.c3e42c50e03abp-31, 0x1.de9b7cf27cf05p-27);
  const double p03 = madd(w2, p23, p01), p47 = madd(w2, p67, p45), p811 = madd(w2, p1011, p89);
  const double p = madd(w4, madd(w4, p811, p47), p03);
  const double small = madd(a, p, a);
  const double u = (a - 3.0) / (a + 3.0);
  const double u2 = u * u, u4 = u2 * u2;
  const double q01 = madd(u, -0x1.4e102b9d0bc41p-2, 0x1.6e9827d22929ap-3);
  const double q23 = madd(u, -0x1.336ffbd5d0d03p-3, 0x1.f6ff203f4c7d8p-3);
  const double q45 = madd(u, -0x1.8fa474a7b2855p-6, 0x1.258b19f92642cp-4);
  const double q67 = madd(u, 0x1.76baac57345dbp-11, 0x1.17e4970a3633ap-8);
  const double q89 = madd(u, 0x1.53037c81afba7p-14, -0x1.2ee9f8ffc02d9p-11);
  const double q1011 = madd(u, 0x1.11b2d6c6ba6e1p-16, 0x1.bdea5a1de2b4fp-14);
  const double q03 = madd(u2, q23, q01), q47 = madd(u2, q67, q45), q811 = madd(u2, q1011, q89);
  const double q = madd(u4, madd(u4, q811, q47), q03);
  const HalfSquare power = minus_half_square(a);
  const double any = 1.0 - exponential(2.0 * power.value, 2.0 * power.lost, q);
  const double large = a > 6.0 ? 1.0 : any;
  return with_sign_of(a < 0.9375 ? small : large, x);
}

}  // namespace actlab
