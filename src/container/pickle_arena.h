// Where the values of one pickle live, and how many there may be. Internal to
// pickle.cc and pickle_machine.cc.

#ifndef CKPTDIFF_CONTAINER_PICKLE_ARENA_H_
#define CKPTDIFF_CONTAINER_PICKLE_ARENA_H_

#include <array>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>

#include "container/pickle.h"

namespace ckptdiff {

class PickleArena {
 public:
  PickleArena();

  // Values that every pickle shares: they cost nothing.
  PickleValue* None() { return &none_; }
  PickleValue* Bool(bool value) { return &bools_[value ? 1 : 0]; }
  PickleValue* Int(int64_t value);
  PickleValue* EmptyTuple() { return &empty_tuple_; }
  // One per name; `is_new` tells whether it was asked for the first time.
  PickleValue* Global(std::string name, bool* is_new);

  PickleValue* New(PickleValue::Kind kind);
  PickleValue* NewCall(const PickleValue* function, const PickleValue* args);
  // Sets what BUILD sets; `value` is a call.
  void SetState(PickleValue* value, const PickleValue* state);
  std::string_view Keep(std::string text);

  size_t size() const { return values_.size(); }

 private:
  static constexpr int64_t kSmallInts = 256;

  PickleValue none_;
  std::array<PickleValue, 2> bools_;
  std::array<PickleValue, kSmallInts> ints_;
  PickleValue empty_tuple_;
  std::deque<PickleValue> values_;
  std::deque<PickleCall> calls_;
  std::deque<std::string> texts_;
  std::unordered_map<std::string, PickleValue*> globals_;
};

// Runs one pickle; see Pickle.
struct PickleResult {
  const PickleValue* root = nullptr;
  uint64_t end = 0;
  std::vector<std::string_view> globals;
  std::vector<const PickleValue*> persistent_ids;
};
PickleResult RunPickle(const File& file, uint64_t offset,
                       std::string_view where, PickleArena* arena);

}  // namespace ckptdiff

#endif  // CKPTDIFF_CONTAINER_PICKLE_ARENA_H_
