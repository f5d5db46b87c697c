// Elementary functions that a compiler can vectorise: one number in, one out, no branch, no table.
//
// Every choice is a ternary between values that have both been computed, so a loop over an array
// becomes straight vector code for whatever instruction set the file is compiled for. The bits of
// a result depend on that instruction set (it has a fused multiply-add or not), never on how many
// elements the compiler takes at a time. To be compiled with -ffp-contract=off, and without
// -ffast-math: the order of operations is what makes the results accurate.
//
// Integers come from numbers, and numbers from integers, by adding a number so large that its last
// bit is worth 1: vector instructions that convert 64-bit integers, compare them or shift them
// with their sign exist on the newest processors only.
#pragma once

#include <bit>
#include <cstdint>
#include <limits>

#define ACTLAB_INLINE static inline __attribute__((always_inline))

namespace actlab {

// a * b + c: rounded once where the processor can, twice elsewhere.
ACTLAB_INLINE double madd(double a, double b, double c) {
#ifdef __FMA__
  return __builtin_fma(a, b, c);
#else
  return a * b + c;
#endif
}
ACTLAB_INLINE float madd(float a, float b, float c) {
#ifdef __FMA__
  return __builtin_fmaf(a, b, c);
#else
  return a * b + c;
#endif
}

namespace detail {

// What e^x = 2^n e^r is made of, for double and float.
template <class X>
struct Format;
template <>
struct Format<double> {
  using Bits = uint64_t;
  static constexpr int digits = 52;
  static constexpr Bits bias = 1023;
  // Adding this rounds to whole numbers; the low bits of the sum are the number plus twice the
  // bias.
  static constexpr double whole = 0x1.8p52 + 2046;
  static constexpr double log2_e = 0x1.71547652b82fep0;
  // ln 2 in two parts; the product of the first with any exponent is exact.
  static constexpr double ln2_high = 0x1.62e42fefa38p-1;
  static constexpr double ln2_low = 0x1.ef35793c7673p-45;
};
template <>
struct Format<float> {
  using Bits = uint32_t;
  static constexpr int digits = 23;
  static constexpr Bits bias = 127;
  static constexpr float whole = 0x1.8p23f + 254;
  static constexpr float log2_e = 0x1.715476p0f;
  static constexpr float ln2_high = 0x1.62e4p-1f;
  static constexpr float ln2_low = 0x1.7f7d1cp-20f;
};

template <class X>
inline constexpr X infinity = std::numeric_limits<X>::infinity();

// A whole number n, also in the low bits of n + whole.
template <class X>
struct Whole {
  X n;
  typename Format<X>::Bits bits;
};
template <class X>
ACTLAB_INLINE Whole<X> split_sum(X sum) {
  return {sum - Format<X>::whole, std::bit_cast<typename Format<X>::Bits>(sum)};
}
// The n for e^x.
template <class X>
ACTLAB_INLINE Whole<X> exponent(X x) {
  return split_sum(madd(x, Format<X>::log2_e, Format<X>::whole));
}

// 2^n as a product of two factors, for |n| below twice the bias: 2^n alone may leave the range
// where e^x does not, and a subnormal e^x has to be rounded once only.
template <class X>
struct Power2 {
  X first, second;
};
template <class X>
ACTLAB_INLINE Power2<X> power2(Whole<X> n) {
  const auto half = n.bits >> 1;
  return {std::bit_cast<X>(half << Format<X>::digits),
          std::bit_cast<X>((n.bits - half) << Format<X>::digits)};
}
// 2^(n - 1) for an n whose power is below infinity: 2^(n - 1) (e^r - 1) may be in range when 2^n
// is not.
template <class X>
ACTLAB_INLINE X half_power2(Whole<X> n) {
  return std::bit_cast<X>((n.bits - (Format<X>::bias + 1)) << Format<X>::digits);
}

// r = x - n ln 2, and what it has lost by rounding.
template <class X>
struct Reduced {
  X value, lost;
};
template <class X>
ACTLAB_INLINE Reduced<X> reduced(X x, Whole<X> n) {
  const X high = madd(n.n, -Format<X>::ln2_high, x);
  const X value = madd(n.n, -Format<X>::ln2_low, high);
  return {value, madd(n.n, -Format<X>::ln2_low, high - value)};
}

// `result`, which may be anything for x outside [low, high], made `below` and `above` there. Two
// choices by x itself: nested ones become branches, and then more comparisons.
template <class X>
ACTLAB_INLINE X outside(X x, X low, X below, X high, X above, X result) {
  const X any = x < low ? below : result;
  return x > high ? above : any;
}

}  // namespace detail
}  // namespace actlab

#include "maths_double.h"
#include "maths_circle.h"
#ifdef __FMA__
#include "maths_single.h"
#endif
