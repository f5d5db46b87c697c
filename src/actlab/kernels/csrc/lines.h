// Walking over a tensor in tiles, in threads, each with the constants of its channel.
#pragma once

#include <algorithm>

#include "kernels.h"

namespace actlab {

inline constexpr int64_t grain = 32;  // tiles that one thread should at least have

// The plan of a call: a remembered one for shared parameters, else one made for the call.
class Planned {
 public:
  Planned(const Call& call, const Form& form) {
    const int count = call.function->parameters;
    if (call.view.channels == 1) {
      plan_ = &shared_plan(form, call.parameters, count, call.storage);
    } else {
      own_ = plan(form, call.parameters, count, call.view.channels, call.storage);
      plan_ = &own_;
    }
  }
  Planned(const Planned&) = delete;
  const Plan& get() const { return *plan_; }

 private:
  Plan own_;
  const Plan* plan_;
};

// Cuts a view into lines of elements whose constants are found by channel or by column.
struct Lines {
  bool in_rows;
  int64_t repeat, length, count, size;

  explicit Lines(const View& view) : size(view.size()) {
    in_rows = view.channels > 1 && view.inner < long_run;
    const int64_t period = view.channels * view.inner;
    repeat = in_rows ? (tile + period - 1) / period : 1;
    length = in_rows ? period * repeat : view.channels > 1 ? view.inner : size;
    count = length ? (size + length - 1) / length : 0;
  }

  template <class Body>  // body(first element, elements, channel, column)
  void each_tile(const View& view, const Body& body) const {
    const int64_t tiles = (length + tile - 1) / tile;
    parallel(count * tiles, grain, [&](int64_t begin, int64_t end) {
      for (int64_t place = begin; place < end; ++place) {
        const int64_t line = place / tiles, column = place % tiles * tile;
        const int64_t first = line * length + column;
        const int64_t n = std::min({tile, length - column, size - first});
        if (n > 0) body(first, n, line % view.channels, column);
      }
    });
  }
};

template <class T>
void forward_computed(const Call& call, const T* x, T* y) {
  const Planned planned(call, call.function->forward);
  const Plan& how = planned.get();
  const Lines lines(call.view);
  const LaidPlan laid(how, call.view, lines.in_rows, lines.repeat);
  lines.each_tile(call.view, [&](int64_t first, int64_t n, int64_t channel, int64_t column) {
    value_tile(laid, x + first, y + first, n, channel, column);
  });
}

}  // namespace actlab
