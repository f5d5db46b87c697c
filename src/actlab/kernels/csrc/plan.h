// The arithmetic that a call runs in, and its constants, decided from the parameters' values.
#pragma once

#include <memory>
#include <vector>

#include "map.h"

namespace actlab {

// A map with the constants of every channel, in one arithmetic.
struct Runner {
  const Map* map = nullptr;
  Tier tier = Tier::exact;
  std::vector<double> constants;     // channel by channel
  std::vector<float> single_constants;  // the same for Tier::single

  bool reads_float() const { return tier != Tier::exact && tier != Tier::own_double; }
  bool writes_float() const { return tier == Tier::single; }
  const void* of_channel(int64_t channel) const {
    const int64_t place = channel * map->constants;
    if (writes_float()) return single_constants.data() + place;
    return constants.data() + place;
  }
};

// How one formula is computed. Half types may run in single precision, where a result too close
// to the middle between two halves is decided by `careful` instead.
struct Plan {
  Runner fast, careful;
};

// Calls with shared parameters mostly repeat themselves, so each thread remembers its last plans.
const Plan& shared_plan(const Form& form, const double* parameters, int parameter_count,
                        Storage storage);

Plan plan(const Form& form, const double* parameters, int parameter_count, int64_t channels,
          Storage storage);

}  // namespace actlab
