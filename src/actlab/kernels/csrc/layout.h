// Which constants go with which elements, for tensors whose parameters differ by channel.
#pragma once

#include "engine.h"
#include "tile.h"

namespace actlab {

inline constexpr int64_t long_run = 64;  // runs this long get single values, shorter ones rows

// The constants of one runner, laid out for a view.
class Laid {
 public:
  Laid() = default;
  // `repeat` channels-times-inner periods make up one row.
  Laid(const Runner& runner, const View& view, bool in_rows, int64_t repeat) : runner_(&runner) {
    const int count = runner.map->constants;
    if (!in_rows || count == 0) return;
    const int64_t period = view.channels * view.inner;
    stride_ = period * repeat + lanes;  // the last tile may read past the row
    const auto fill = [&](auto& rows, const auto& constants) {
      rows.resize(static_cast<size_t>(stride_ * count));
      for (int j = 0; j < count; ++j) {
        for (int64_t e = 0; e < stride_; ++e) {
          const int64_t channel = e % period / view.inner;
          rows[j * stride_ + e] = constants[channel * count + j];
        }
      }
    };
    if (runner.writes_float()) fill(single_rows_, runner.single_constants);
    else fill(rows_, runner.constants);
  }

  const Runner& runner() const { return *runner_; }
  bool present() const { return runner_ != nullptr; }

  Constants at(int64_t channel, int64_t column) const {
    if (stride_ == 0) return {runner_->of_channel(channel), 0};
    if (runner_->writes_float()) return {single_rows_.data() + column, stride_};
    return {rows_.data() + column, stride_};
  }

 private:
  const Runner* runner_ = nullptr;
  int64_t stride_ = 0;
  std::vector<double> rows_;
  std::vector<float> single_rows_;
};

// A plan with its constants laid out.
struct LaidPlan {
  Laid fast, careful;
  LaidPlan() = default;
  LaidPlan(const Plan& plan, const View& view, bool in_rows, int64_t repeat)
      : fast(plan.fast, view, in_rows, repeat) {
    if (plan.careful.map) careful = Laid(plan.careful, view, in_rows, repeat);
  }
};

}  // namespace actlab
