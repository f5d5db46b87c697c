// Powers in double for results that are rounded to a narrower dtype: errors below 2^-38 cannot be
// seen there, so shorter polynomials and a division in single precision do.
#pragma once

#include <bit>
#include <cstdint>

#include "maths.h"

namespace actlab {

// 1 / x with a relative error of 2^-23, for x within the range of float.
ACTLAB_INLINE double rough_inverse(double x) {
  return static_cast<double>(1.0f / static_cast<float>(x));
}

// log2(x) for normal x > 0, with a relative error below 2^-39, next to x = 1 too.
//
// x = 2^k m with m in [sqrt(1/2), sqrt(2)); log2(m) = 2 / ln 2 artanh(s) with s = (m - 1) / (m + 1),
// by the first seven terms of its series: z = s^2 is below 0.0295.
ACTLAB_INLINE double wide_log2(double x) {
  constexpr uint64_t sqrt_half = 0x3fe6a09e667f3bcd, one = 0x3ff0000000000000;
  constexpr double whole = 0x1p52;
  const uint64_t bits = std::bit_cast<uint64_t>(x);
  const uint64_t exponent = (bits + (one - sqrt_half)) >> 52;  // k + 1023
  const double k = std::bit_cast<double>(exponent | std::bit_cast<uint64_t>(whole)) -
                   (whole + 1023.0);
  const double m = std::bit_cast<double>(bits - (exponent << 52) + one);
  const double f = m - 1.0, d = m + 1.0;
  const double s = f / d;
  const double z = s * s, z2 = z * z, z4 = z2 * z2;
  constexpr double c = 2.8853900817779268;  // 2 / ln 2
  const double p01 = madd(z, c / 3, c), p23 = madd(z, c / 7, c / 5);
  const double p45 = madd(z, c / 11, c / 9);
  const double p03 = madd(z2, p23, p01), p46 = madd(z2, c / 13, p45);
  const double series = madd(z4, p46, p03);
  return madd(s, series, k);
}

// 2^y with a relative error below 2^-38, kept within 2^-1020 and 2^1023: beyond either, every
// narrower dtype has 0 or infinity.
//
// By the series of e^(r ln 2) to degree 9, |r| <= 1/2.
ACTLAB_INLINE double wide_exp2(double y) {
  constexpr double whole = 0x1.8p52;
  const double above = y < -1020.0 ? -1020.0 : y;
  const double inside = above > 1023.0 ? 1023.0 : above;
  const double sum = inside + whole;
  const double r = (inside - (sum - whole)) * 0.69314718055994531;
  const double r2 = r * r, r4 = r2 * r2;
  const double p01 = 1.0 + r, p23 = madd(r, 1.0 / 6, 0.5);
  const double p45 = madd(r, 1.0 / 120, 1.0 / 24), p67 = madd(r, 1.0 / 5040, 1.0 / 720);
  const double p89 = madd(r, 1.0 / 362880, 1.0 / 40320);
  const double p03 = madd(r2, p23, p01), p47 = madd(r2, p67, p45);
  const double p = madd(r4, madd(r4, p89, p47), p03);
  return std::bit_cast<double>(std::bit_cast<uint64_t>(p) + (std::bit_cast<uint64_t>(sum) << 52));
}

}  // namespace actlab
