#include "plan.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

#include "half.h"

namespace actlab {

double stored(double number, Storage storage) {
  switch (storage) {
    case Storage::float64: return number;
    case Storage::float32: return static_cast<float>(number);
    case Storage::float16: return widen(nearest<f16>(number));
    default: return widen(nearest<bf16>(number));
  }
}

namespace {

// Numbers that neither leave the range of double in products and powers of a narrow result nor
// lose the last digits of one.
bool ordinary(double number) {
  const double size = std::fabs(number);
  return number == 0 || (size >= 1e-60 && size <= 1e60);
}

bool ordinary_exponent(double p) { return p >= 1.0 / 1024 && p <= 1024.0 * 1024; }

// The fastest arithmetic in double whose result is right once it is rounded to a narrower dtype.
Tier wide_tier(const Map& map, const std::vector<double>& constants, int64_t channels) {
  bool squares = true, half_integers = true;
  for (int64_t channel = 0; channel < channels; ++channel) {
    const double* k = constants.data() + channel * map.constants;
    for (int j = 0; j < map.constants; ++j) {
      if (!ordinary(k[j])) return Tier::exact;
    }
    for (int e = 0; e < map.exponent_count; ++e) {
      const double p = k[map.exponents[e]];
      if (!ordinary_exponent(p)) return Tier::exact;
      squares = squares && p == 2;
      half_integers =
          half_integers && 2 * p <= largest_half_integer && 2 * p == std::floor(2 * p);
    }
  }
  const bool runs_squares = map.uniform[static_cast<int>(Tier::square)] != nullptr;
  if (map.exponent_count == 0 || !runs_squares) return Tier::real;
  return squares ? Tier::square : half_integers ? Tier::half_integer : Tier::real;
}

Runner prepared(const Map& map, const double* parameters, int parameter_count, int64_t channels,
                Storage storage) {
  Runner runner;
  runner.map = &map;
  runner.constants.resize(static_cast<size_t>(map.constants * channels));
  for (int64_t channel = 0; channel < channels; ++channel) {
    map.prepare(parameters + channel * parameter_count, storage,
                runner.constants.data() + channel * map.constants);
  }
  return runner;
}

bool usable(const Form& form, const double* parameters, int parameter_count, int64_t channels,
            bool single) {
  if (form.direct == nullptr) return false;
  const Tier tier = single ? Tier::single : Tier::own_double;
  if (form.direct->uniform[static_cast<int>(tier)] == nullptr) return false;
  for (int64_t channel = 0; channel < channels; ++channel) {
    if (!form.usable(parameters + channel * parameter_count, single)) return false;
  }
  return true;
}

}  // namespace

Plan plan(const Form& form, const double* parameters, int parameter_count, int64_t channels,
          Storage storage) {
  Plan result;
  const bool wide = storage == Storage::float64;
  const bool half = storage == Storage::float16 || storage == Storage::bfloat16;
  const bool direct = usable(form, parameters, parameter_count, channels, !wide);
  if (direct) {
    Runner& fast = result.fast;
    fast = prepared(*form.direct, parameters, parameter_count, channels, storage);
    fast.tier = wide ? Tier::own_double : Tier::single;
    if (!wide) fast.single_constants.assign(fast.constants.begin(), fast.constants.end());
  }
  if (!direct || half) {
    Runner& other = direct ? result.careful : result.fast;
    other = prepared(*form.general, parameters, parameter_count, channels, storage);
    other.tier = wide ? Tier::exact : wide_tier(*form.general, other.constants, channels);
  }
  return result;
}

const Plan& shared_plan(const Form& form, const double* parameters, int parameter_count,
                        Storage storage) {
  struct Remembered {
    const Map* map = nullptr;
    Storage storage{};
    std::vector<double> parameters;
    Plan plan;
  };
  thread_local std::array<Remembered, 64> memory;
  const auto address = reinterpret_cast<uintptr_t>(form.general) / sizeof(Map);
  Remembered& slot = memory[(address + static_cast<size_t>(storage)) % memory.size()];
  const bool known =
      slot.map == form.general && slot.storage == storage &&
      std::equal(parameters, parameters + parameter_count, slot.parameters.begin(),
                 slot.parameters.end(),
                 [](double a, double b) { return std::bit_cast<uint64_t>(a) == std::bit_cast<uint64_t>(b); });
  if (!known) {
    slot = {form.general, storage, {parameters, parameters + parameter_count},
            plan(form, parameters, parameter_count, 1, storage)};
  }
  return slot.plan;
}

}  // namespace actlab
