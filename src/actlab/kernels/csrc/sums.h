// Gradients of parameters: sums over the elements of each channel, in one fixed order.
//
// The elements of a channel are numbered in the tensor's logical order. Each run of `chunk` of
// them is summed into `ways` accumulators, element q into accumulator q mod ways; then the
// accumulators of a chunk are added, then the chunks. So neither threads nor the layout in memory
// change a bit of the result.
#pragma once

#include "kernels.h"

namespace actlab {

inline constexpr int64_t ways = 8;
inline constexpr int64_t chunk = 4096;
inline constexpr int64_t grain_of_sums = 8;  // chunks that one thread should at least have

template <class T>
struct SumTask {
  const Call& call;
  const T* saved;
  const T* cotangent;
  bool one_cotangent;
  T* grad_x;
  const LaidPlan* slope;           // null when the input's gradient is not wanted
  const std::vector<Laid>& partials;
  std::vector<int> wanted;         // the parameters of `partials`
  const T* repeated;

  // The gradient of some elements, and their terms added up by `add(which, terms, count)`.
  template <class Add>
  void part(int64_t first, int64_t n, int64_t channel, int64_t column, const Add& add) const {
    const T* g = one_cotangent ? repeated : cotangent + first;
    if (slope) slope_tile(*slope, saved + first, g, grad_x + first, n, channel, column);
    double terms[tile];
    for (size_t which = 0; which < partials.size(); ++which) {
      terms_tile(partials[which], saved + first, g, n, channel, column, terms);
      add(which, terms, n);
    }
  }
};

inline double folded(const double* accumulators, int64_t step) {
  double sum = 0;
  for (int64_t way = 0; way < ways; ++way) sum += accumulators[way * step];
  return sum;
}

// Channels that lie apart in memory: each channel's runs on their own.
template <class T>
void sum_runs(const SumTask<T>& task, double* const* sums) {
  const View& view = task.call.view;
  const int64_t positions = view.outer * view.inner;
  const int64_t chunks = (positions + chunk - 1) / chunk;
  const size_t parameters = task.partials.size();
  std::vector<double> partial(static_cast<size_t>(view.channels * chunks) * parameters);
  parallel(view.channels * chunks, grain_of_sums, [&](int64_t begin, int64_t end) {
    for (int64_t place = begin; place < end; ++place) {
      const int64_t channel = place / chunks, start = place % chunks * chunk;
      const int64_t stop = std::min(start + chunk, positions);
      std::vector<std::array<double, ways>> totals(parameters);
      for (auto& total : totals) total.fill(0);
      for (int64_t q = start; q < stop;) {
        const int64_t row = q / view.inner, column = q % view.inner;
        const int64_t n = std::min({tile, stop - q, view.inner - column});
        const int64_t first = (row * view.channels + channel) * view.inner + column;
        const int64_t turn = q % ways;
        task.part(first, n, channel, 0, [&](size_t which, const double* terms, int64_t count) {
          double turned[ways];
          for (int64_t w = 0; w < ways; ++w) turned[w] = totals[which][(w + turn) % ways];
          for (int64_t i = 0; i < count; i += ways) {
            for (int64_t w = 0; w < ways; ++w) turned[w] += terms[i + w];
          }
          for (int64_t w = 0; w < ways; ++w) totals[which][(w + turn) % ways] = turned[w];
        });
        q += n;
      }
      for (size_t which = 0; which < parameters; ++which) {
        partial[place * parameters + which] = folded(totals[which].data(), 1);
      }
    }
  });
  for (size_t which = 0; which < parameters; ++which) {
    for (int64_t channel = 0; channel < view.channels; ++channel) {
      double sum = 0;
      for (int64_t c = 0; c < chunks; ++c) {
        sum += partial[(channel * chunks + c) * parameters + which];
      }
      sums[task.wanted[which]][channel] = sum;
    }
  }
}

// Channels side by side: `ways` rows at a time, with one accumulator for each of their elements.
template <class T>
void sum_rows(const SumTask<T>& task, double* const* sums) {
  const View& view = task.call.view;
  const int64_t width = view.channels * ways;
  const int64_t columns = (width + tile - 1) / tile;
  const int64_t chunks = (view.outer + chunk - 1) / chunk;
  const size_t parameters = task.partials.size();
  std::vector<double> partial(static_cast<size_t>(chunks * width) * parameters);
  parallel(chunks * columns, grain_of_sums, [&](int64_t begin, int64_t end) {
    for (int64_t place = begin; place < end; ++place) {
      const int64_t c = place / columns, column = place % columns * tile;
      const int64_t start = c * chunk, stop = std::min(start + chunk, view.outer);
      double* totals = partial.data() + c * width * parameters + column;
      for (int64_t row = start; row < stop; row += ways) {
        const int64_t elements = std::min(ways, stop - row) * view.channels;
        const int64_t n = std::min(tile, elements - column);
        if (n <= 0) continue;
        const int64_t first = row * view.channels + column;
        task.part(first, n, 0, column, [&](size_t which, const double* terms, int64_t count) {
          double* total = totals + which * width;
          for (int64_t i = 0; i < count; ++i) total[i] += terms[i];
        });
      }
    }
  });
  for (size_t which = 0; which < parameters; ++which) {
    for (int64_t channel = 0; channel < view.channels; ++channel) {
      double sum = 0;
      for (int64_t c = 0; c < chunks; ++c) {
        const double* totals = partial.data() + (c * parameters + which) * width;
        sum += folded(totals + channel, view.channels);
      }
      sums[task.wanted[which]][channel] = sum;
    }
  }
}

template <class T>
void backward_with_sums(const Call& call, const Form& slope, const Form* partials, const T* saved,
                        const T* cotangent, bool one_cotangent, T* grad_x, double* const* sums) {
  const Function& f = *call.function;
  const View& view = call.view;
  const bool in_rows = view.channels > 1 && view.inner == 1;
  std::vector<int> wanted;
  for (int p = 0; p < f.parameters; ++p) {
    if (sums[p]) wanted.push_back(p);
  }
  const auto planned = [&](const Form& form) {
    return plan(form, call.parameters, f.parameters, view.channels, call.storage);
  };
  std::vector<Plan> plans;
  for (int p : wanted) plans.push_back(planned(partials[p]));
  std::vector<Laid> laid;
  for (const Plan& how : plans) laid.emplace_back(how.fast, view, in_rows, ways);
  Plan slope_plan;
  LaidPlan slope_laid;
  if (grad_x) {
    slope_plan = planned(slope);
    slope_laid = LaidPlan(slope_plan, view, in_rows, ways);
  }
  std::vector<T> repeated(tile, one_cotangent ? *cotangent : T{});
  const SumTask<T> task{call,   saved,  cotangent, one_cotangent, grad_x, grad_x ? &slope_laid : nullptr,
                        laid, wanted, repeated.data()};
  if (in_rows) sum_rows(task, sums);
  else sum_runs(task, sums);
}

}  // namespace actlab
