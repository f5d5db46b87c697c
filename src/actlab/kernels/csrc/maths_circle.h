// Sine and cosine of a product that is not rounded, and the inverse tangent, for double.
//
// An angle beyond `far_angle` is reduced out of line, by integers, for that takes more digits of pi
// than vector registers hold. The functions here note how far their angles reach, and loops call
// `full_sin` and `full_cos` for the elements that were too far; see map.h.
#pragma once

#include "maths.h"

namespace actlab {
namespace detail {

inline constexpr double far_angle = 0x1p20;

// rate * x = value + lost.
struct Product {
  double value, lost;
};
ACTLAB_INLINE Product product(double x, double rate) {
  if (__builtin_constant_p(rate) && rate == 1.0) return {x, 0.0};
  const double value = rate * x;
#ifdef __FMA__
  return {value, __builtin_fma(rate, x, -value)};
#else
  // Products of halves of the digits are exact, unless they are so small that it does not matter.
  constexpr uint64_t upper = ~uint64_t{0x7ffffff};
  const double x_high = std::bit_cast<double>(std::bit_cast<uint64_t>(x) & upper);
  const double rate_high = std::bit_cast<double>(std::bit_cast<uint64_t>(rate) & upper);
  const double x_low = x - x_high, rate_low = rate - rate_high;
  const double across = x_high * rate_low + ((x_high * rate_high - value) + x_low * rate_high);
  const double lost = across + x_low * rate_low;
  return {value, __builtin_fabs(value) < 0x1p-900 ? 0.0 : lost};
#endif
}

struct Sum {
  double value, lost;
};
ACTLAB_INLINE Sum sum_of(double a, double b) {
  const double value = a + b;
  const double shadow = value - a;
  return {value, (a - (value - shadow)) + (b - shadow)};
}

// An angle as a number of quarter turns, and what is left: value + low, within 1/8 turn.
struct Turned {
  double value, low;
  uint64_t quarters;
};

// `brief` leaves out `low`, for results that are rounded to a narrower dtype.
template <bool brief>
ACTLAB_INLINE Turned turned(Product angle) {
  constexpr double whole = 0x1.8p52;
  const double sum = madd(angle.value, 0x1.45f306dc9c883p-1, whole);
  const double n = sum - whole;
  const uint64_t quarters = std::bit_cast<uint64_t>(sum);
  // Pi / 2 in parts. Taking away the first leaves no error, as the result is a multiple of the last
  // digits of both, and smaller than one of them.
#ifdef __FMA__
  const double first = madd(-n, 0x1.921fb54442d18p+0, angle.value);
  constexpr double second = 0x1.1a62633145c07p-54, third = -0x1.f1976b7ed8fbcp-110;
  if constexpr (brief) return {madd(-n, second, first) + angle.lost, 0.0, quarters};
  const double part = n * second;
  const double rest = madd(-n, third, -__builtin_fma(n, second, -part));
#else
  // Of 33 digits each, so that products with whole numbers below 2^20 are exact.
  const double first = angle.value - n * 0x1.921fb544p+0;
  const double part = n * 0x1.0b4611a6p-34;
  const double rest = -(n * 0x1.3198a2ep-69) - n * 0x1.b839a252049c1p-104;
  if constexpr (brief) return {(first - part) + (angle.lost + rest), 0.0, quarters};
#endif
  // Three numbers that may all but cancel, and what their sums lose.
  const Sum left = sum_of(first, -part);
  const Sum all = sum_of(left.value, angle.lost);
  const double low = (left.lost + all.lost) + rest;
  const double value = all.value + low;
  return {value, (all.value - value) + low, quarters};
}

// The sine of an angle that has been turned to within pi / 4 and a little. The polynomials are of
// degree 5 in the square: to 2^-57.9 of the sine and to 2^-63.9 of the cosine.
template <bool brief>
ACTLAB_INLINE double sine(Turned angle) {
  const double r = angle.value;
  const double z = r * r, z2 = z * z;
  const double s12 = madd(z, 0x1.111111110f7d0p-7, -0x1.5555555555548p-3);
  const double s34 = madd(z, 0x1.71de3567d2af7p-19, -0x1.a01a019bfdee2p-13);
  const double s56 = madd(z, 0x1.5d8fd18a9fd29p-33, -0x1.ae5e5a9112666p-26);
  const double s = madd(z2, madd(z2, s56, s34), s12);
  const double c12 = madd(z, -0x1.6c16c16c14f91p-10, 0x1.555555555554bp-5);
  const double c34 = madd(z, -0x1.27e4f7eac3657p-22, 0x1.a01a019c844d8p-16);
  const double c56 = madd(z, -0x1.8fa49989be07fp-37, 0x1.1ee9d7b3f5001p-29);
  const double c = madd(z2, madd(z2, c56, c34), c12);
  const double half = 0.5 * z;
  const double most = 1.0 - half;
  const double rest = (1.0 - most) - half;
  const double cubes = brief ? (r * z) * s : madd(r * z, s, madd(-half, angle.low, angle.low));
  const double sin = r + cubes;
  const double cos = most + madd(z2, c, brief ? rest : madd(-r, angle.low, rest));
  // By bits, not by a choice: not every processor compares 64-bit integers.
  const uint64_t odd = 0 - (angle.quarters & 1);
  const uint64_t bits =
      (std::bit_cast<uint64_t>(sin) & ~odd) | (std::bit_cast<uint64_t>(cos) & odd);
  return std::bit_cast<double>(bits ^ ((angle.quarters & 2) << 62));
}

ACTLAB_INLINE void note(double& far, double angle) {
  const double size = __builtin_fabs(angle);
  far = size > far ? size : far;
}

}  // namespace detail

// sin(rate x) and cos(rate x) for any numbers; in circle.cpp. An angle that leaves the range of
// double counts as 0, while an infinite x gives NaN.
double full_sin(double x, double rate);
double full_cos(double x, double rate);

// 0.83 units, and `brief` 2.4 but for 2^-46 of itself next to a zero. Of no use where `far` comes
// to exceed `far_angle`.
template <bool brief>
ACTLAB_INLINE double vsin(double x, double rate, double& far) {
  using namespace detail;
  const Product angle = product(x, rate);
  note(far, angle.value);
  const double result = sine<brief>(turned<brief>(angle));
  return angle.value == 0.0 ? angle.value : result;  // the sign of a zero
}

// As the sine.
template <bool brief>
ACTLAB_INLINE double vcos(double x, double rate, double& far) {
  using namespace detail;
  const Product angle = product(x, rate);
  note(far, angle.value);
  Turned left = turned<brief>(angle);
  ++left.quarters;
  return sine<brief>(left);
}

// 1.97 units: pi / 2 - arctan(1 / x) above 1, and x + x^3 times degree 19 in x^2, to 2^-57.6.
ACTLAB_INLINE double varctan(double x) {
  using namespace detail;
  constexpr double quarter = 0x1.921fb54442d18p+0, quarter_low = 0x1.1a62633145c07p-54;
  const double a = __builtin_fabs(x);
  const bool steep = a > 1.0;
  const double t = (steep ? -1.0 : a) / (steep ? a : 1.0);
  const double z = t * t, z2 = z * z, z4 = z2 * z2, z8 = z4 * z4;
  const double p12 = madd(z, 0x1.9999999995549p-3, -0x1.5555555555526p-2);
  const double p34 = madd(z, 0x1.c71c717f9598ap-4, -0x1.249249237e290p-3);
  const double p56 = madd(z, 0x1.3b1366769d5d5p-4, -0x1.745d11ab02b04p-4);
  const double p78 = madd(z, 0x1.e1bb9b4ddefe1p-5, -0x1.110e50215af6bp-4);
  const double p910 = madd(z, 0x1.82da465544968p-5, -0x1.ae5e44f4030cbp-5);
  const double p1112 = madd(z, 0x1.2c2ba854d34a7p-5, -0x1.59a2988fb6d8bp-5);
  const double p1314 = madd(z, 0x1.68332a8af4e6dp-6, -0x1.e9f1e0b0023b3p-6);
  const double p1516 = madd(z, 0x1.d7a152e448d30p-8, -0x1.c77e5e896f775p-7);
  const double p1718 = madd(z, 0x1.b3da3438c8170p-11, -0x1.7a21d838648fap-9);
  const double p1920 = madd(z, 0x1.bbc2ab390fbc3p-17, -0x1.3f1ad12395e78p-13);
  const double p14 = madd(z2, p34, p12), p58 = madd(z2, p78, p56);
  const double p912 = madd(z2, p1112, p910), p1316 = madd(z2, p1516, p1314);
  const double p1720 = madd(z2, p1920, p1718);
  const double p18 = madd(z4, p58, p14), p916 = madd(z4, p1316, p912);
  const double p = madd(z8, madd(z8, p1720, p916), p18);
  const double base = steep ? quarter : 0.0;
  const double most = base + t;
  const double low = ((base - most) + t) + madd(t * z, p, steep ? quarter_low : 0.0);
  return with_sign_of(most + low, x);
}

}  // namespace actlab
