// The functions of maths.h for float: e^x and e^x - 1, with a fused multiply-add.
#pragma once

#include "maths.h"

namespace actlab {
namespace detail {

// e^r - 1 - r for |r| <= ln(2)/2, plus `small`: r^2 / 2 + r^3 times degree 4, to 2^-30.9 of
// e^r - 1 with the coefficients rounded as they are here.
ACTLAB_INLINE float expm1_tail(float r, float small) {
  const float r2 = r * r;
  const float p23 = madd(r, 0x1.555554p-3f, 0.5f);
  const float p45 = madd(r, 0x1.1113acp-7f, 0x1.5554eap-5f);
  const float p67 = madd(r, 0x1.9c5fb6p-13f, 0x1.6d4caep-10f);
  return madd(r2, madd(r2, madd(r2, p67, p45), p23), small);
}

}  // namespace detail

// At most 0.996 units in the last place off, for every float.
ACTLAB_INLINE float vexp(float x) {
  using namespace detail;
  const Whole<float> n = exponent(x);
  const float r = reduced(x, n).value;
  const Power2<float> power = power2(n);
  const float result = madd(expm1_tail(r, r), power.first, power.first) * power.second;
  return outside(x, -105.0f, 0.0f, 89.0f, infinity<float>, result);
}

// At most 0.876 units in the last place off for every x <= 0, and 1.06 for every x > 0.
ACTLAB_INLINE float vexpm1(float x) {
  using namespace detail;
  const Whole<float> n = exponent(x);
  const Reduced<float> r = reduced(x, n);
  const float power = half_power2(n);
  // 2 (power - 1/2 + power t); from -14 down `power - 1/2` rounds, and 1 + t no longer matters.
  const float t = r.value + expm1_tail(r.value, r.lost);
  const float result = 2.0f * madd(power, t, power - 0.5f);
  const float tail = 2.0f * madd(power, 1.0f + t, -0.5f);
  const float low = x < -14.0f ? tail : result;
  const float any = outside(x, -18.0f, -1.0f, 89.0f, infinity<float>, low);
  return __builtin_fabsf(x) < 0x1p-25f ? x : any;
}

}  // namespace actlab
