// Data, not code: the words that say which part of a fused variable a name
// stands for, and which parts make a whole.

#ifndef CKPTDIFF_MATCH_PART_WORDS_H_
#define CKPTDIFF_MATCH_PART_WORDS_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "match/names.h"

namespace ckptdiff {

// In the order in which the parts are joined.
enum RoleInWhole : size_t {
  kQuery,
  kKey,
  kValue,
  kGate,
  kUp,
  kDown,
  kOut,
  kInputGate,
  kForgetGate,
  kCellGate,
  kOutputGate,
  kResetGate,
  kUpdateGate,
  kNewGate,
};

// What is joined to one.
struct Fusing {
  std::string_view id;
  uint32_t roles;  // bits, by RoleInWhole
};

std::span<const Fusing> Fusings();
// The fusing of that id, or nullptr.
const Fusing* FindFusing(std::string_view id);

// Roles that the word at `at` says whatever stands around it, and how many
// tokens say it ("w1" are two).
struct Saying {
  uint32_t roles = 0;
  size_t tokens = 1;
};
Saying SayingAt(const Name& name, size_t at, const WordTable& words);

// The gates of a recurrent cell are named by letters that mean something else
// elsewhere: they count only where a complete set of them is found.
struct Gate {
  std::string_view word;
  std::string_view fusing;
  RoleInWhole role;
  std::string_view of;  // what the whole calls these gates, where it tells
};
std::span<const Gate> Gates();

}  // namespace ckptdiff

#endif  // CKPTDIFF_MATCH_PART_WORDS_H_
