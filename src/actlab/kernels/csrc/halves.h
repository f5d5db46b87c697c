// Half types by what is known of all their 65536 numbers: tables, and proofs that single precision
// is enough. Results are the same to the last bit as without; see tables.h.
#pragma once

#include <bit>
#include <cstring>

#include "lines.h"
#include "tables.h"

namespace actlab {

inline constexpr int64_t least_looked_up = 512;  // elements below which a table is not asked for

template <class T>
inline constexpr int place_of = std::is_same_v<T, bf16> ? 0 : 1;

// The table of a formula for a call, made when that pays; null when it does not.
template <class T, class Make>
std::shared_ptr<const Table> table_for(const Call& call, const Form& form, const Make& make) {
  const int64_t n = call.view.size();
  if (call.view.channels != 1 || n < least_looked_up) return nullptr;
  const double* first = call.parameters;
  const TableKey key{form.general, call.storage, {first, first + call.function->parameters}};
  auto [table, worth_making] = find_table(key, n);
  if (table || !worth_making) return table;
  std::vector<T> inputs(patterns);
  for (int64_t i = 0; i < patterns; ++i) inputs[i].bits = static_cast<uint16_t>(i);
  auto made = std::make_shared<Table>();
  make(inputs.data(), *made);
  keep_table(key, made);
  return made;
}

template <class Use>  // use(first element, elements)
void each_part(int64_t n, const Use& use) {
  parallel((n + tile - 1) / tile, grain, [&](int64_t begin, int64_t end) {
    for (int64_t first = begin * tile; first < std::min(end * tile, n); first += tile) {
      use(first, std::min(tile, n - first));
    }
  });
}

// Four at a time: as many stores as that saves is what the loop waits for.
inline void look_up(const uint16_t* values, const uint16_t* x, int64_t n, uint16_t* y) {
  int64_t i = 0;
  for (; i + 4 <= n; i += 4) {
    uint64_t four;
    std::memcpy(&four, x + i, sizeof four);
    const uint64_t found = uint64_t{values[four & 0xffff]} |
                           uint64_t{values[four >> 16 & 0xffff]} << 16 |
                           uint64_t{values[four >> 32 & 0xffff]} << 32 |
                           uint64_t{values[four >> 48]} << 48;
    std::memcpy(y + i, &found, sizeof found);
  }
  for (; i < n; ++i) y[i] = values[x[i]];
}

template <class T>
bool is_nan(T x) {
  const float value = widen(x);
  return value != value;
}

// The least magnitude from which on `right(pattern)` holds; `never` when it fails for ordinary
// numbers too.
template <class Right>
uint16_t trusted_from(const Right& right) {
  constexpr int64_t signs = patterns / 2;
  int64_t least = 0;
  for (int64_t i = 0; i < patterns; ++i) {
    if (!right(i)) least = std::max(least, i % signs + 1);
  }
  // Numbers about 1 have bits near half of this in both types.
  return static_cast<uint16_t>(least <= signs * 7 / 16 ? least : Table::never);
}

inline bool any_below(const uint16_t* x, uint16_t magnitude) {
  uint16_t any = 0;
#pragma omp simd reduction(| : any)
  for (int64_t j = 0; j < lanes; ++j) any |= (x[j] & 0x7fff) < magnitude ? 1 : 0;
  return any != 0;
}

template <class T>
bool forward_by_table(const Call& call, const T* x, T* y) {
  const Function& f = *call.function;
  const Plan& how = shared_plan(f.forward, call.parameters, f.parameters, call.storage);
  // A float16 takes longer to widen and round than to look up.
  const bool single = how.fast.tier == Tier::single && std::is_same_v<T, bf16> &&
                      how.fast.map->brain_halves != nullptr;
  const auto run_single = [&](const T* in, T* out, int64_t n) {
    how.fast.map->brain_halves(in, out, n, how.fast.of_channel(0));
  };
  const auto table = table_for<T>(call, f.forward, [&](const T* inputs, Table& made) {
    std::vector<T> values(patterns), singles(patterns);
    forward_computed({&f, call.storage, {1, 1, patterns}, call.parameters}, inputs, values.data());
    made.values.resize(patterns);
    for (int64_t i = 0; i < patterns; ++i) made.values[i] = values[i].bits;
    if (!single) return;
    run_single(inputs, singles.data(), patterns);
    made.trusted_from = trusted_from([&](int64_t i) {
      return values[i].bits == singles[i].bits || (is_nan(values[i]) && is_nan(singles[i]));
    });
  });
  if (!table) return false;
  each_part(call.view.size(), [&](int64_t first, int64_t n) {
    const auto* in = reinterpret_cast<const uint16_t*>(x) + first;
    auto* out = reinterpret_cast<uint16_t*>(y) + first;
    if (table->trusted_from == Table::never) return look_up(table->values.data(), in, n, out);
    const int64_t whole = n / lanes * lanes;
    run_single(x + first, y + first, whole);
    for (int64_t i = 0; i < whole; i += lanes) {
      if (any_below(in + i, table->trusted_from)) look_up(table->values.data(), in + i, lanes, out + i);
    }
    look_up(table->values.data(), in + whole, n - whole, out + whole);
  });
  return true;
}

// Whether a slope in single precision may be multiplied there; see `Table::trusted_from`.
template <class T>
bool trusted(float single, double slope) {
  if (single != single && slope != slope) return true;
  // A power of two takes no half to a middle; other slopes need the digits of a middle or fewer.
  constexpr uint32_t beyond = std::is_same_v<T, bf16> ? 0x7fff : 0xfff;
  const uint32_t bits = std::bit_cast<uint32_t>(single);
  const bool few_digits = (bits & beyond) == 0 && (bits & 0x7fffff) != 0;
  const double off = std::fabs(single - slope);
  return few_digits ? off == 0 : off <= 1.5 * 0x1p-23 * std::fabs(slope);
}

// One tile of gradients from single-precision slopes; `lanes` elements that need more digits are
// computed again in double.
template <class T>
void single_gradient_tile(const LaidPlan& laid, uint16_t trusted_from, const T* x, const T* g,
                          T* grad, int64_t n) {
  const Runner& fast = laid.fast.runner();
  T in[tile], given[tile], out[tile];
  uint8_t flags[tile / lanes];
  const bool whole = n % lanes == 0;
  if (!whole) {
    std::fill(in, in + filled(n), T{});
    std::fill(given, given + filled(n), T{});
    std::copy(x, x + n, in);
    std::copy(g, g + n, given);
  }
  const T* saved = whole ? x : in;
  const T* cotangents = whole ? g : given;
  T* target = whole ? grad : out;
  fast.map->half_slopes[place_of<T>](saved, cotangents, target, filled(n), fast.of_channel(0),
                                     flags);
  for (int64_t i = 0; i < filled(n); i += lanes) {
    const auto* magnitudes = reinterpret_cast<const uint16_t*>(saved + i);
    if (!flags[i / lanes] && !any_below(magnitudes, trusted_from)) continue;
    double slopes[lanes], wide[lanes];
    double_tile(laid.careful, saved + i, lanes, 0, 0, slopes);
    pass<T>(read(cotangents + i, lanes, wide), slopes, lanes, slopes);
    write(slopes, lanes, target + i);
  }
  if (!whole) std::copy(out, out + n, grad);
}

template <class T>
bool backward_by_table(const Call& call, const Form& slope, const T* saved, const T* cotangent,
                       bool one_cotangent, T* grad_x) {
  const int count = call.function->parameters;
  const Plan& how = shared_plan(slope, call.parameters, count, call.storage);
  const View all{1, 1, patterns};
  const LaidPlan laid(how, all, false, 1);
  const bool single = how.fast.tier == Tier::single;
  const auto table = table_for<T>(call, slope, [&](const T* inputs, Table& made) {
    made.slopes.resize(patterns);
    const Laid& careful = single ? laid.careful : laid.fast;
    for (int64_t i = 0; i < patterns; i += tile) {
      double_tile(careful, inputs + i, tile, 0, 0, made.slopes.data() + i);
    }
    if (!single) return;
    std::vector<float> wide(patterns), singles(patterns);
    for (int64_t i = 0; i < patterns; ++i) wide[i] = widen(inputs[i]);
    run(how.fast, wide.data(), singles.data(), patterns, laid.fast.at(0, 0));
    made.trusted_from =
        trusted_from([&](int64_t i) { return trusted<T>(singles[i], made.slopes[i]); });
    if (made.trusted_from != Table::never) made.slopes = {};
  });
  if (!table) return false;
  T repeated[tile];
  if (one_cotangent) std::fill(repeated, repeated + tile, *cotangent);
  each_part(call.view.size(), [&](int64_t first, int64_t n) {
    const T* g = one_cotangent ? repeated : cotangent + first;
    if (table->trusted_from != Table::never) {
      return single_gradient_tile(laid, table->trusted_from, saved + first, g, grad_x + first, n);
    }
    double found[tile], buffer[tile];
    for (int64_t i = 0; i < n; ++i) found[i] = table->slopes[saved[first + i].bits];
    for (int64_t i = n; i < filled(n); ++i) found[i] = 1;
    pass<T>(read(g, n, buffer), found, filled(n), found);
    write(found, n, grad_x + first);
  });
  return true;
}

}  // namespace actlab
