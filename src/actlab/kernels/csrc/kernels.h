// What happens to one tile: a value, a gradient, the terms of a parameter's gradient.
#pragma once

#include <algorithm>

#include "layout.h"

namespace actlab {

// Runs `lanes` elements in double and hands the results over.
template <class Use>
void carefully(const Laid& laid, const float* in, int64_t channel, int64_t column, const Use& use) {
  double wide[lanes], values[lanes];
  const void* source = in;
  if (!laid.runner().reads_float()) {
    for (int64_t j = 0; j < lanes; ++j) wide[j] = in[j];
    source = wide;
  }
  run(laid.runner(), source, values, lanes, laid.at(channel, column));
  use(values);
}

// The slopes of a tile in double, from a runner that is not in single precision.
template <class T>
void double_tile(const Laid& laid, const T* x, int64_t n, int64_t channel, int64_t column,
                 double* values) {
  const Constants constants = laid.at(channel, column);
  if (laid.runner().reads_float()) {
    float buffer[tile];
    run(laid.runner(), read(x, n, buffer), values, filled(n), constants);
  } else {
    double buffer[tile];
    run(laid.runner(), read(x, n, buffer), values, filled(n), constants);
  }
}

// Rounds single-precision values; those of a half type that depend on their last digits are
// computed again in double.
template <class T>
void write_single(const LaidPlan& laid, const float* in, const float* values, int64_t n,
                  int64_t channel, int64_t column, T* y) {
  if constexpr (is_half<T>) {
    for (int64_t i = 0; i < n; i += lanes) {
      const int64_t part = std::min(lanes, n - i);
      if (any_doubtful<T>(values + i)) {
        carefully(laid.careful, in + i, channel, column + i, [&](double* exact) {
          write(exact, part, y + i);
        });
      } else {
        write(values + i, part, y + i);
      }
    }
  } else {
    write(values, n, y);
  }
}

template <class T>
void value_tile(const LaidPlan& laid, const T* x, T* y, int64_t n, int64_t channel,
                int64_t column) {
  const Runner& runner = laid.fast.runner();
  const Constants constants = laid.fast.at(channel, column);
  if constexpr (std::is_same_v<T, double>) {
    if (n % lanes == 0) return run(runner, x, y, n, constants);
  }
  if (!runner.writes_float()) {
    double values[tile];
    double_tile(laid.fast, x, n, channel, column, values);
    return write(values, n, y);
  }
  if constexpr (std::is_same_v<T, float>) {
    if (n % lanes == 0) return run(runner, x, y, n, constants);
  }
  if constexpr (!std::is_same_v<T, double>) {
    float buffer[tile], values[tile];
    const float* in = read(x, n, buffer);
    run(runner, in, values, filled(n), constants);
    write_single(laid, in, values, n, channel, column, y);
  }
}

template <class T>
void single_slope_tile(const LaidPlan& laid, const T* x, const T* g, T* grad, int64_t n,
                       int64_t channel, int64_t column) {
  float slopes[tile], buffer[tile];
  const float* in = read(x, n, buffer);
  run(laid.fast.runner(), in, slopes, filled(n), laid.fast.at(channel, column));
  float cotangents[tile];
  const float* given = read(g, n, cotangents);
  if constexpr (is_half<T>) {
    pass<T>(given, slopes, filled(n), slopes);
    for (int64_t i = 0; i < n; i += lanes) {
      const int64_t part = std::min(lanes, n - i);
      if (any_doubtful<T>(slopes + i)) {
        carefully(laid.careful, in + i, channel, column + i, [&](double* exact) {
          double wide[lanes];
          for (int64_t j = 0; j < lanes; ++j) wide[j] = given[i + j];
          pass<T>(wide, exact, lanes, exact);
          write(exact, part, grad + i);
        });
      } else {
        write(slopes + i, part, grad + i);
      }
    }
  } else {
    if (n % lanes == 0) return pass<T>(given, slopes, n, grad);
    pass<T>(given, slopes, filled(n), slopes);
    write(slopes, n, grad);
  }
}

template <class T>
void slope_tile(const LaidPlan& laid, const T* x, const T* g, T* grad, int64_t n, int64_t channel,
                int64_t column) {
  if (!laid.fast.runner().writes_float()) {
    double slopes[tile], buffer[tile];
    double_tile(laid.fast, x, n, channel, column, slopes);
    pass<T>(read(g, n, buffer), slopes, filled(n), slopes);
    return write(slopes, n, grad);
  }
  if constexpr (std::is_same_v<T, double>) return;  // never in single precision
  else single_slope_tile(laid, x, g, grad, n, channel, column);
}

// What each element adds to a parameter's gradient; 0 beyond the n elements.
template <class T>
void terms_tile(const Laid& laid, const T* x, const T* g, int64_t n, int64_t channel,
                int64_t column, double* terms) {
  double buffer[tile];
  double_tile(laid, x, n, channel, column, terms);
  pass<T>(read(g, n, buffer), terms, filled(n), terms);
  for (int64_t i = n; i < filled(n); ++i) terms[i] = 0;
}

}  // namespace actlab
