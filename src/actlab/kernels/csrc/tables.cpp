#include "tables.h"

#include <algorithm>
#include <bit>
#include <list>
#include <mutex>

namespace actlab {

namespace {

inline constexpr int64_t elements_worth_a_table = 4 * patterns;
inline constexpr size_t most_tables = 24;

struct Entry {
  TableKey key;
  int64_t asked = 0;
  std::shared_ptr<const Table> table;
};

// The most recently used first. Whoever finds it in use goes without: results are the same.
std::mutex in_use;
std::list<Entry>& memory() {
  static auto* entries = new std::list<Entry>;  // never destroyed: threads may outlive main
  return *entries;
}

Entry& entry_of(const TableKey& key) {
  auto& entries = memory();
  const auto found = std::find_if(entries.begin(), entries.end(),
                                  [&](const Entry& entry) { return entry.key == key; });
  if (found == entries.end()) {
    entries.push_front({key});
    if (entries.size() > most_tables) entries.pop_back();
  } else {
    entries.splice(entries.begin(), entries, found);
  }
  return entries.front();
}

}  // namespace

bool TableKey::operator==(const TableKey& other) const {
  const auto same = [](double a, double b) {
    return std::bit_cast<uint64_t>(a) == std::bit_cast<uint64_t>(b);
  };
  return map == other.map && storage == other.storage &&
         std::equal(parameters.begin(), parameters.end(), other.parameters.begin(),
                    other.parameters.end(), same);
}

Found find_table(const TableKey& key, int64_t elements) {
  const std::unique_lock lock(in_use, std::try_to_lock);
  if (!lock.owns_lock()) return {};
  Entry& entry = entry_of(key);
  if (entry.table) return {entry.table, false};
  entry.asked += elements;
  return {nullptr, entry.asked >= elements_worth_a_table};
}

void keep_table(const TableKey& key, std::shared_ptr<const Table> table) {
  const std::unique_lock lock(in_use, std::try_to_lock);
  if (lock.owns_lock()) entry_of(key).table = std::move(table);
}

}  // namespace actlab
