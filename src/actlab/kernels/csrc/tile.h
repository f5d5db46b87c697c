// One tile: a few elements, read from any dtype, run through a map and rounded to it again.
#pragma once

#include <cmath>
#include <cstring>

#include "half.h"
#include "plan.h"

namespace actlab {

inline constexpr int64_t tile = 1024;  // its buffers stay in the first-level cache

inline int64_t filled(int64_t n) { return (n + lanes - 1) / lanes * lanes; }

ACTLAB_INLINE float widened(float x) { return x; }
ACTLAB_INLINE float widened(f16 x) { return widen(x); }
ACTLAB_INLINE float widened(bf16 x) { return widen(x); }
ACTLAB_INLINE double widened(double x) { return x; }

template <class T>
inline constexpr bool is_half = std::is_same_v<T, f16> || std::is_same_v<T, bf16>;

// Where one tile's constants lie: single values, or rows of them.
struct Constants {
  const void* first;
  int64_t stride;  // 0 for single values
};

ACTLAB_INLINE void run(
    const Runner& runner, const void* in, void* out, int64_t n, const Constants& constants) {
  const int tier = static_cast<int>(runner.tier);
  const Run loop = constants.stride ? runner.map->rows[tier] : runner.map->uniform[tier];
  loop(in, out, n, constants.first, constants.stride);
}

// n elements as numbers of type V, with ones after them up to a multiple of `lanes`.
template <class V, class T>
const V* read(const T* x, int64_t n, V* buffer) {
  if constexpr (std::is_same_v<V, T>) {
    if (n % lanes == 0) return x;
  }
  int64_t i = 0;
  for (; i + lanes <= n; i += lanes) {
#pragma omp simd
    for (int64_t j = 0; j < lanes; ++j) buffer[i + j] = static_cast<V>(widened(x[i + j]));
  }
  for (; i < n; ++i) buffer[i] = static_cast<V>(widened(x[i]));
  for (; i < filled(n); ++i) buffer[i] = V(1);
  return buffer;
}

ACTLAB_INLINE void round_to(float& y, double value) { y = static_cast<float>(value); }
ACTLAB_INLINE void round_to(float& y, float value) { y = value; }
ACTLAB_INLINE void round_to(double& y, double value) { y = value; }
template <class T>
ACTLAB_INLINE void round_to(T& y, double value) { y = nearest<T>(value); }
template <class T>
ACTLAB_INLINE void round_to(T& y, float value) { y = nearest<T>(value); }

// Rounds n values, of which there are `filled(n)`, into y.
template <class T, class V>
void write(const V* values, int64_t n, T* __restrict y) {
  int64_t i = 0;
  for (; i + lanes <= n; i += lanes) {
#pragma omp simd
    for (int64_t j = 0; j < lanes; ++j) round_to(y[i + j], values[i + j]);
  }
  if (i < n) {
    T rest[lanes];
#pragma omp simd
    for (int64_t j = 0; j < lanes; ++j) round_to(rest[j], values[i + j]);
    std::memcpy(y + i, rest, static_cast<size_t>(n - i) * sizeof(T));
  }
}

// A cotangent through a slope; a dead element passes 0, whatever comes in, infinite or NaN.
template <class T>
ACTLAB_INLINE float passed(float cotangent, float slope, T) {
  const float product = cotangent * slope + 0.0f;  // + 0 makes -0 a 0
  return slope == 0 ? 0.0f : product;
}
ACTLAB_INLINE double passed(double cotangent, double slope, double) {
  const double product = cotangent * slope + 0.0;
  return slope == 0 ? 0.0 : product;
}
// Numbers up to this size round to 0 in a dtype: half of its smallest subnormal number.
template <class T>
inline constexpr double vanishing = std::is_same_v<T, float> ? 0x1p-150
                                    : std::is_same_v<T, f16> ? 0x1p-25
                                                             : 0x1p-134;
// A slope in double is dead for an infinite cotangent where its dtype cannot tell it from 0.
template <class T>
ACTLAB_INLINE double passed(double cotangent, double slope, T) {
  const bool vanishes = std::fabs(slope) <= vanishing<T>;
  const bool unbounded = !(std::fabs(cotangent) <= std::numeric_limits<double>::max());
  const double product = cotangent * slope + 0.0;
  return (slope == 0) | (vanishes & unbounded) ? 0.0 : product;
}

template <class T, class V>
void pass(const V* cotangents, const V* slopes, int64_t n, V* out) {
  for (int64_t i = 0; i < n; i += lanes) {
#pragma omp simd
    for (int64_t j = 0; j < lanes; ++j) {
      out[i + j] = passed(cotangents[i + j], slopes[i + j], T{});
    }
  }
}

// Whether rounding one of `lanes` values to a half type depends on their last digits.
template <class T>
bool any_doubtful(const float* values) {
  uint32_t any = 0;
#pragma omp simd reduction(| : any)
  for (int64_t j = 0; j < lanes; ++j) any |= static_cast<uint32_t>(doubtful<T>(values[j]));
  return any != 0;
}

}  // namespace actlab
