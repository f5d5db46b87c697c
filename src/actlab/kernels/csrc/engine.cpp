#include "engine.h"

#include <algorithm>

#include "kernels.h"
#include "halves.h"
#include "sums.h"

namespace actlab {
namespace {

template <class T>
void forward_in(const Call& call, const T* x, T* y) {
  if constexpr (is_half<T>) {
    if (forward_by_table(call, x, y)) return;
  }
  forward_computed(call, x, y);
}

template <class T>
void backward_in(const Call& call, const Form& slope, const T* saved, const T* cotangent,
                 bool one_cotangent, T* grad_x) {
  if constexpr (is_half<T>) {
    if (backward_by_table(call, slope, saved, cotangent, one_cotangent, grad_x)) return;
  }
  const Planned planned(call, slope);
  const Plan& how = planned.get();
  const Lines lines(call.view);
  const LaidPlan laid(how, call.view, lines.in_rows, lines.repeat);
  T repeated[tile];
  if (one_cotangent) std::fill(repeated, repeated + tile, *cotangent);
  lines.each_tile(call.view, [&](int64_t first, int64_t n, int64_t channel, int64_t column) {
    const T* g = one_cotangent ? repeated : cotangent + first;
    slope_tile(laid, saved + first, g, grad_x + first, n, channel, column);
  });
}

template <class T>
void backward_as(const Call& call, bool from_output, const void* saved, const void* cotangent,
                 bool one_cotangent, void* grad_x, double* const* sums) {
  const Function& f = *call.function;
  const Form& slope = from_output ? f.slope_from_output : f.slope;
  const auto* x = static_cast<const T*>(saved);
  const auto* g = static_cast<const T*>(cotangent);
  auto* out = static_cast<T*>(grad_x);
  if (sums == nullptr) {
    backward_in(call, slope, x, g, one_cotangent, out);
  } else {
    const Form* partials = from_output ? f.partials_from_output : f.partials;
    backward_with_sums(call, slope, partials, x, g, one_cotangent, out, sums);
  }
}

}  // namespace

void forward(const Call& call, const void* x, void* y) {
  const auto run_as = [&]<class T>(T) {
    forward_in(call, static_cast<const T*>(x), static_cast<T*>(y));
  };
  switch (call.storage) {
    case Storage::float64: return run_as(double{});
    case Storage::float32: return run_as(float{});
    case Storage::float16: return run_as(f16{});
    case Storage::bfloat16: return run_as(bf16{});
  }
}

void backward(const Call& call, bool from_output, const void* saved, const void* cotangent,
              bool one_cotangent, void* grad_x, double* const* sums) {
  const auto run_as = [&]<class T>(T) {
    backward_as<T>(call, from_output, saved, cotangent, one_cotangent, grad_x, sums);
  };
  switch (call.storage) {
    case Storage::float64: return run_as(double{});
    case Storage::float32: return run_as(float{});
    case Storage::float16: return run_as(f16{});
    case Storage::bfloat16: return run_as(bf16{});
  }
}

}  // namespace actlab
