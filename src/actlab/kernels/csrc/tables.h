// Every result of a half type: there are only 65536 inputs.
//
// A table holds what the kernels give for each of them, so looking up is the same to the last bit,
// and costs the same for every function. It is worth its making for large tensors, and for
// parameters that come back call after call.
#pragma once

#include <memory>
#include <vector>

#include "map.h"

namespace actlab {

inline constexpr int64_t patterns = 65536;

struct Table {
  std::vector<uint16_t> values;  // of a value, as bits of the half type
  std::vector<double> slopes;    // of a slope, before it meets a cotangent

  // Single precision can be trusted for halves whose bits without the sign are at least this.
  // For a value: rounded to the half type it gives `values`. For a slope: it is off by at most 1.5
  // units in the last place, and by nothing where it has so few digits that a cotangent may bring
  // it exactly to the middle between two halves.
  uint16_t trusted_from = never;
  static constexpr uint16_t never = 0x8000;
};

struct TableKey {
  const Map* map;
  Storage storage;
  std::vector<double> parameters;
  bool operator==(const TableKey& other) const;
};

// The table for a key, from memory, or null. A null answer adds `elements` to what has been asked
// for under this key; `worth_making` then says whether that is enough to make the table.
struct Found {
  std::shared_ptr<const Table> table;
  bool worth_making = false;
};
Found find_table(const TableKey& key, int64_t elements);
void keep_table(const TableKey& key, std::shared_ptr<const Table> table);

}  // namespace actlab
