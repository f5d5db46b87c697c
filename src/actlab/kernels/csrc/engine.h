// Running functions over tensors: layouts, dtypes, threads and sums, once for all definitions.
#pragma once

#include <cstdint>

#include "map.h"

namespace actlab {

// A dense tensor as memory sees it: `channels` runs of `inner` elements, `outer` times.
struct View {
  int64_t outer, channels, inner;
  int64_t size() const { return outer * channels * inner; }
};

// `parameters` holds one row of numbers per channel; a single row when they are shared, and then
// the view has one channel.
struct Call {
  const Function* function;
  Storage storage;
  View view;
  const double* parameters;
};

// y = f(x).
void forward(const Call& call, const void* x, void* y);

// Gradients from the saved tensor, which is the input or the output.
//   cotangent  a tensor like it, or one value for all elements
//   grad_x     null when not wanted
//   sums       null, or for each parameter one sum per channel; not wanted ones are null
void backward(const Call& call, bool from_output, const void* saved, const void* cotangent,
              bool one_cotangent, void* grad_x, double* const* sums);

// Runs `body(context, begin, end)` over parts of [0, count), in threads when that is worth it.
void in_parallel(int64_t count, int64_t grain, void (*body)(int64_t, int64_t, void*), void* context);

template <class Body>
void parallel(int64_t count, int64_t grain, const Body& body) {
  if (count <= grain) {
    if (count > 0) body(int64_t{0}, count);
    return;
  }
  in_parallel(
      count, grain,
      [](int64_t begin, int64_t end, void* context) {
        (*static_cast<const Body*>(context))(begin, end);
      },
      const_cast<void*>(static_cast<const void*>(&body)));
}

}  // namespace actlab
