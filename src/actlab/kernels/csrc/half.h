// The two 16-bit number formats, and conversions that a compiler can vectorise.
//
// All of it is integer arithmetic on bit patterns, except where a sum of two normal numbers does
// the rounding: so it works the same where the processor is told to flush subnormals to zero.
#pragma once

#include <bit>
#include <cstdint>
#include <type_traits>

#define ACTLAB_INLINE static inline __attribute__((always_inline))

namespace actlab {

struct bf16 {
  uint16_t bits;
};
struct f16 {
  uint16_t bits;
};

namespace detail {

inline constexpr uint32_t single_sign = 0x80000000;
inline constexpr int32_t single_infinity = 0x7f800000;
inline constexpr int32_t least_normal_single = 0x00800000;
inline constexpr int32_t least_normal_half = 0x38800000;  // 2^-14

}  // namespace detail

ACTLAB_INLINE float widen(bf16 x) { return std::bit_cast<float>(uint32_t{x.bits} << 16); }

ACTLAB_INLINE float widen(f16 x) {
  using namespace detail;
  const uint32_t magnitude = (x.bits & 0x7fffu) << 13;
  const uint32_t sign = (x.bits & 0x8000u) << 16;
  // Exponents of float are larger by 112; infinity and NaN have the largest of either format.
  const uint32_t normal = magnitude + (112u << 23);
  const uint32_t special = magnitude + (224u << 23);
  // 2^-14 + m 2^-24 has the subnormal's digits m as its own.
  const float shifted = std::bit_cast<float>(magnitude + (113u << 23));
  const uint32_t subnormal = std::bit_cast<uint32_t>(shifted - 0x1p-14f);
  const int32_t compared = static_cast<int32_t>(magnitude);
  const uint32_t finite = compared < (1 << 23) ? subnormal : normal;
  return std::bit_cast<float>((compared < (31 << 23) ? finite : special) | sign);
}

// Rounds to the nearest number of T, ties to even; from the middle between the largest number and
// the next power of two on, to infinity. NaN stays NaN.
template <class T>
ACTLAB_INLINE T nearest(float x) {
  using namespace detail;
  const uint32_t bits = std::bit_cast<uint32_t>(x);
  const int32_t magnitude = static_cast<int32_t>(bits & ~single_sign);
  if constexpr (std::is_same_v<T, bf16>) {
    const uint32_t rounded = bits + 0x7fff + ((bits >> 16) & 1);
    const uint32_t kept = magnitude > single_infinity ? (bits | 0x00400000) : rounded;
    return {static_cast<uint16_t>(kept >> 16)};
  } else {
    const uint32_t scaled = magnitude - (112u << 23);
    const uint32_t normal = (scaled + 0xfff + ((scaled >> 13) & 1)) >> 13;
    // In the sum with 1/2, the last digit is worth the least number of T.
    const float sum = std::bit_cast<float>(magnitude) + 0.5f;
    const uint32_t subnormal = std::bit_cast<uint32_t>(sum) - 0x3f000000;
    const uint32_t special = magnitude > single_infinity ? 0x7e00 : 0x7c00;
    const uint32_t finite = magnitude < least_normal_half ? subnormal : normal;
    // From 65520 = 2^16 - 2^4 on.
    const uint32_t any = magnitude < 0x477ff000 ? finite : special;
    return {static_cast<uint16_t>(any | ((bits & single_sign) >> 16))};
  }
}

// The same for a double, rounded once.
template <class T>
ACTLAB_INLINE T nearest(double x) {
  using namespace detail;
  constexpr bool brain = std::is_same_v<T, bf16>;
  constexpr int dropped = brain ? 45 : 42;
  constexpr uint64_t bias = brain ? 896ULL << 7 : 1008ULL << 10;
  constexpr double beyond = brain ? 0x1p128 : 0x1p16;  // has the digits of infinity
  constexpr double least_normal = brain ? 0x1p-126 : 0x1p-14;
  // In the sum with this, the last digit is worth the least number of T.
  constexpr double shift = brain ? 0x1p-81 : 0x1p28;
  constexpr double not_a_number = std::bit_cast<double>(uint64_t{brain ? 0x7fc0 : 0x7e00});
  const double a = __builtin_fabs(x);
  const double clamped = a > beyond ? beyond : a;
  const uint64_t bits = std::bit_cast<uint64_t>(clamped);
  const uint64_t half = (1ULL << (dropped - 1)) - 1 + ((bits >> dropped) & 1);
  const double normal = std::bit_cast<double>(((bits + half) >> dropped) - bias);
  // Chosen as doubles, whose bits they are: SSE2 has no choice of integers by comparing doubles.
  const double number = clamped < least_normal ? clamped + shift : normal;
  const double any = x == x ? number : not_a_number;
  const uint64_t sign = std::bit_cast<uint64_t>(x) >> 63 << 15;
  return {static_cast<uint16_t>((std::bit_cast<uint64_t>(any) & 0x7fff) | sign)};
}

// 1 if rounding y to T might come out differently, were y off by up to 4 units in the last place:
// if y is that close to the middle between two neighbours, or where the spacing of T or of float
// no longer shrinks with y. 0 for 0, infinity and NaN. May be 1 for numbers that round to infinity.
template <class T>
ACTLAB_INLINE uint32_t doubtful(float y) {
  using namespace detail;
  constexpr int32_t middle = std::is_same_v<T, bf16> ? 1 << 15 : 1 << 12;
  constexpr int32_t least = std::is_same_v<T, bf16> ? least_normal_single : least_normal_half;
  const uint32_t bits = std::bit_cast<uint32_t>(y) & ~single_sign;
  const int32_t magnitude = static_cast<int32_t>(bits);
  const bool near = static_cast<int32_t>((bits + (middle + 4)) & (2 * middle - 1)) <= 8;
  const bool coarse = (magnitude > 0) & (magnitude < least);
  return (near & (magnitude < single_infinity)) | coarse ? 1u : 0u;
}

// The same for a product y of which `lost` was rounded away: 0 also for one that lies on the middle
// exactly, where rounding to even is right.
template <class T>
ACTLAB_INLINE uint32_t undecided(float y, float lost) {
  using namespace detail;
  constexpr uint32_t middle = std::is_same_v<T, bf16> ? 1 << 15 : 1 << 12;
  constexpr uint32_t least = std::is_same_v<T, bf16> ? least_normal_single : least_normal_half;
  const uint32_t magnitude = std::bit_cast<uint32_t>(y) & ~single_sign;
  const int32_t place = static_cast<int32_t>((magnitude + (middle + 4)) & (2 * middle - 1));
  const bool near = (place <= 8) & ((place != 4) | (lost != 0));
  const bool coarse = static_cast<int32_t>(magnitude - 1) < static_cast<int32_t>(least - 1);
  return near | (coarse & (magnitude > 0)) ? 1u : 0u;
}

}  // namespace actlab
