// What a printed unit is made of: functors, the loops that run them, and the record of a function.
#pragma once

#include <array>
#include <cstdint>
#include <type_traits>

#include "exact.h"
#include "half.h"
#include "tiers.h"

namespace actlab {

enum class Storage { float64, float32, float16, bfloat16 };

// The arithmetic that a functor runs in.
enum class Tier { single, own_double, square, half_integer, real, exact, count };

inline constexpr int tiers = static_cast<int>(Tier::count);

// Loops run over this many elements at a time; callers fill up the rest. With a fixed count there
// is no scalar remainder, so every element goes through the same instructions wherever it lies.
inline constexpr int64_t lanes = 64;

// `out[i] = f(in[i])` for n elements, n a multiple of `lanes`. Constants are one value each, or
// in rows: constant j of element i at `constants[j * stride + i]`.
using Run = void (*)(
    const void* in, void* out, int64_t n, const void* constants, int64_t stride);

// The same from bfloat16 to itself, in single precision.
using RunHalf = void (*)(const void* in, void* out, int64_t n, const void* constants);

// `out[i] = cotangent[i] * f(in[i])` for a half type in single precision. Each run of `lanes`
// elements sets its flag where a result may depend on digits that single precision lacks.
using RunHalfSlope = void (*)(const void* in, const void* cotangent, void* out, int64_t n,
                              const void* constants, uint8_t* flags);

struct Map {
  int constants = 0;
  int exponent_count = 0;
  const int* exponents = nullptr;  // their places among the constants
  void (*prepare)(const double* parameters, Storage storage, double* constants) = nullptr;
  Run uniform[tiers] = {};
  Run rows[tiers] = {};
  RunHalf brain_halves = nullptr;         // bfloat16 only: see forward_by_table
  RunHalfSlope half_slopes[2] = {};       // bfloat16, float16
};

// A formula in general, and in the dtype's own precision where the parameters allow that.
struct Form {
  const Map* general = nullptr;
  const Map* direct = nullptr;
  bool (*usable)(const double* parameters, bool single) = nullptr;
};

struct Function {
  const char* name;
  int parameters;
  Form forward, slope, slope_from_output;
  const Form* partials;  // one for each parameter
  const Form* partials_from_output;
};

extern const Function* const functions[];
extern const int function_count;
extern const char* const operator_namespace;

// What a tensor of this dtype would hold of a number.
double stored(double number, Storage storage);

// What the constants of a kernel, float unless storage is double, lose of a number.
inline double lost(double number, Storage storage) {
  return storage == Storage::float64 ? 0.0 : number - static_cast<float>(number);
}

inline bool exact(double number, bool single) {
  return !single || number == static_cast<float>(number);
}

template <class V>
struct Row {
  const V* first;
  int64_t stride;
  __attribute__((always_inline)) V operator[](int place) const { return first[place * stride]; }
};

// Computes elements again whose angles were too far for the loop. Out of line and from one copy for
// every loop of a functor, since few of them meet such angles. `step` and `stride` tell where the
// constants of the next element lie, and the next constant.
template <class F>
__attribute__((noinline, cold)) void mend(
    const double* x, const double* far, double* y, const double* k, int64_t step, int64_t stride) {
  for (int64_t i = 0; i < lanes; ++i) {
    double ignored = 0;
    if (far[i] > detail::far_angle) {
      y[i] = F::template at<AnyAngle>(x[i], Row<double>{k + i * step, stride}, ignored);
    }
  }
}

inline bool any_far(const double* far) {
  uint32_t any = 0;
#pragma omp simd reduction(| : any)
  for (int64_t i = 0; i < lanes; ++i) any |= far[i] > detail::far_angle ? 1 : 0;
  return any != 0;
}

// The loops of functors that take the sine or cosine of something.
template <class F, class T>
void run_uniform_angles(
    const void* in, void* out, int64_t n, const void* constants, int64_t) {
  const auto* __restrict x = static_cast<const typename T::In*>(in);
  auto* __restrict y = static_cast<double*>(out);
  std::array<double, F::constants + 1> k{};
  for (int j = 0; j < F::constants; ++j) k[j] = static_cast<const double*>(constants)[j];
  for (int64_t start = 0; start < n; start += lanes) {
    double wide[lanes], far[lanes];
#pragma omp simd
    for (int64_t i = 0; i < lanes; ++i) wide[i] = x[start + i];
#pragma omp simd
    for (int64_t i = 0; i < lanes; ++i) {
      double reach = 0;
      y[start + i] = F::template at<T>(wide[i], k, reach);
      far[i] = reach;
    }
    if (any_far(far)) mend<F>(wide, far, y + start, k.data(), 0, 1);
  }
}

template <class F, class T>
void run_rows_angles(
    const void* in, void* out, int64_t n, const void* constants, int64_t stride) {
  const auto* __restrict x = static_cast<const typename T::In*>(in);
  auto* __restrict y = static_cast<double*>(out);
  const auto* __restrict k = static_cast<const double*>(constants);
  for (int64_t start = 0; start < n; start += lanes) {
    double wide[lanes], far[lanes];
#pragma omp simd
    for (int64_t i = 0; i < lanes; ++i) wide[i] = x[start + i];
#pragma omp simd
    for (int64_t i = 0; i < lanes; ++i) {
      double reach = 0;
      y[start + i] = F::template at<T>(wide[i], Row<double>{k + start + i, stride}, reach);
      far[i] = reach;
    }
    if (any_far(far)) mend<F>(wide, far, y + start, k + start, 1, stride);
  }
}

// A float loop writes float; the wide ones write double, to be rounded by who called them.
template <class F, class T>
void run_uniform(const void* in, void* out, int64_t n, const void* constants, int64_t) {
  using V = typename T::Value;
  const auto* __restrict x = static_cast<const typename T::In*>(in);
  auto* __restrict y = static_cast<V*>(out);
  std::array<V, F::constants + 1> k{};
  for (int j = 0; j < F::constants; ++j) k[j] = static_cast<const V*>(constants)[j];
  for (int64_t start = 0; start < n; start += lanes) {
    if constexpr (std::is_same_v<V, typename T::In>) {
#pragma omp simd
      for (int64_t i = 0; i < lanes; ++i) y[start + i] = F::template at<T>(x[start + i], k);
    } else {
      V wide[lanes];
#pragma omp simd
      for (int64_t i = 0; i < lanes; ++i) wide[i] = x[start + i];
#pragma omp simd
      for (int64_t i = 0; i < lanes; ++i) y[start + i] = F::template at<T>(wide[i], k);
    }
  }
}

template <class F, class T>
void run_rows(const void* in, void* out, int64_t n, const void* constants, int64_t stride) {
  using V = typename T::Value;
  const auto* __restrict x = static_cast<const typename T::In*>(in);
  auto* __restrict y = static_cast<V*>(out);
  const auto* __restrict k = static_cast<const V*>(constants);
  for (int64_t start = 0; start < n; start += lanes) {
#pragma omp simd
    for (int64_t i = start; i < start + lanes; ++i) {
      y[i] = F::template at<T>(static_cast<V>(x[i]), Row<V>{k + i, stride});
    }
  }
}

template <class F>
std::array<float, F::constants + 1> single_constants(const void* constants) {
  std::array<float, F::constants + 1> k{};
  for (int j = 0; j < F::constants; ++j) k[j] = static_cast<const float*>(constants)[j];
  return k;
}

template <class F, class T>
void run_half(const void* in, void* out, int64_t n, const void* constants) {
  const auto* __restrict x = static_cast<const T*>(in);
  auto* __restrict y = static_cast<T*>(out);
  const auto k = single_constants<F>(constants);
  for (int64_t start = 0; start < n; start += lanes) {
#pragma omp simd
    for (int64_t i = start; i < start + lanes; ++i) {
      y[i] = nearest<T>(F::template at<Direct<float>>(widen(x[i]), k));
    }
  }
}

template <class F, class T>
void run_half_slope(const void* in, const void* cotangent, void* out, int64_t n,
                    const void* constants, uint8_t* flags) {
  const auto* __restrict x = static_cast<const T*>(in);
  const auto* __restrict g = static_cast<const T*>(cotangent);
  auto* __restrict y = static_cast<T*>(out);
  const auto k = single_constants<F>(constants);
  // In steps over a few hundred elements: compilers vectorise these loops, and not one of them all.
  constexpr int64_t most = 8 * lanes;
  float in_wide[most], given[most], products[most], lost[most];
  for (int64_t start = 0; start < n; start += most) {
    const int64_t blocks = (n - start < most ? n - start : most) / lanes;
    for (int64_t b = 0; b < blocks * lanes; b += lanes) {
#pragma omp simd
      for (int64_t j = b; j < b + lanes; ++j) {
        in_wide[j] = widen(x[start + j]);
        given[j] = widen(g[start + j]);
      }
    }
    for (int64_t b = 0; b < blocks * lanes; b += lanes) {
#pragma omp simd
      for (int64_t j = b; j < b + lanes; ++j) {
        const float slope = F::template at<Direct<float>>(in_wide[j], k);
        const float product = given[j] * slope;
        lost[j] = madd(given[j], slope, -product);
        products[j] = slope == 0 ? 0.0f : product + 0.0f;
      }
    }
    for (int64_t b = 0; b < blocks * lanes; b += lanes) {
      uint32_t any = 0;
#pragma omp simd reduction(| : any)
      for (int64_t j = b; j < b + lanes; ++j) {
        // An exact product on the middle between two halves takes a slope of few digits, and
        // those slopes are exact: see `Table::trusted_from`.
        any |= undecided<T>(products[j], lost[j]);
      }
      flags[(start + b) / lanes] = static_cast<uint8_t>(any);
    }
    for (int64_t b = 0; b < blocks * lanes; b += lanes) {
#pragma omp simd
      for (int64_t j = b; j < b + lanes; ++j) y[start + j] = nearest<T>(products[j]);
    }
  }
}

template <class F, class T>
constexpr void add(Map& map, Tier tier) {
  if constexpr (F::angles) {
    map.uniform[static_cast<int>(tier)] = run_uniform_angles<F, T>;
    if constexpr (F::constants > 0) map.rows[static_cast<int>(tier)] = run_rows_angles<F, T>;
  } else {
    map.uniform[static_cast<int>(tier)] = run_uniform<F, T>;
    if constexpr (F::constants > 0) map.rows[static_cast<int>(tier)] = run_rows<F, T>;
  }
}

template <class F>
constexpr Map described() {
  Map map;
  map.constants = F::constants;
  map.exponent_count = static_cast<int>(F::exponents.size());
  map.exponents = F::exponents.data();
  map.prepare = F::prepare;
  return map;
}

template <class F>
constexpr Map general_map() {
  Map map = described<F>();
  add<F, Wide<Power::real>>(map, Tier::real);
  if constexpr (F::exponents.size() > 0 && F::frequent) {
    add<F, Wide<Power::square>>(map, Tier::square);
    add<F, Wide<Power::half_integer>>(map, Tier::half_integer);
  }
  add<F, Exact>(map, Tier::exact);
  return map;
}

template <class F>
constexpr Map direct_map() {
  Map map = described<F>();
#ifdef __FMA__  // without it the formulas for one's own precision are not accurate
  add<F, Direct<float>>(map, Tier::single);
  add<F, Direct<double>>(map, Tier::own_double);
  if constexpr (F::is_slope) {
    map.half_slopes[0] = run_half_slope<F, bf16>;
    map.half_slopes[1] = run_half_slope<F, f16>;
  } else if constexpr (F::elementary) {  // others take longer than looking up
    map.brain_halves = run_half<F, bf16>;
  }
#endif
  return map;
}

template <class F>
inline constexpr Map general_map_of = general_map<F>();
template <class F>
inline constexpr Map direct_map_of = direct_map<F>();

template <class F>
constexpr Form general_form() {
  return {&general_map_of<F>, nullptr, nullptr};
}

template <class F, class D>
constexpr Form direct_form(bool (*usable)(const double*, bool)) {
  return {&general_map_of<F>, &direct_map_of<D>, usable};
}

}  // namespace actlab
