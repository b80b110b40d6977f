// Names of parts and of wholes: "q_proj", "k_proj", "v_proj" of one layer,
// "experts.0.w1" to "experts.7.w3", and what a name must say to be what they
// are joined to.

#ifndef CKPTDIFF_MATCH_PART_SETS_H_
#define CKPTDIFF_MATCH_PART_SETS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "ckptdiff/layout.h"
#include "match/equal_names.h"
#include "match/names.h"

namespace ckptdiff {

// What a name says of its own place and part.
struct Description {
  std::vector<WordId> words;     // groups, without the parts' own
  std::vector<int64_t> numbers;  // of what is around; in a row once
  uint32_t roles = 0;            // bits: query, key, value, gate, up, down
  LeafKind leaf = LeafKind::kOther;
};

struct Part {
  uint32_t position;
  int64_t number;  // of the expert; 0 where there is one only
  size_t role;
};

// Parts that make one whole, complete and in the order they are joined.
struct PartSet {
  std::vector<Part> parts;
  uint64_t elements = 0;
  bool is_numbered = false;
  bool is_stack = false;  // each is a slice of the whole, or they are none
  Description described;
};

// Sets, and wholes, that differ in their numbers alone, by number.
struct PartPattern {
  std::vector<PartSet> sets;
};

struct Whole {
  uint32_t position;
  uint64_t elements = 0;
  Description described;
};

struct WholePattern {
  std::vector<Whole> wholes;
};

std::vector<PartPattern> FindPartSets(const Layout& layout,
                                      const Positions& some, WordTable* words);
std::vector<WholePattern> FindWholes(const Layout& layout,
                                     const Positions& some, WordTable* words);

}  // namespace ckptdiff

#endif  // CKPTDIFF_MATCH_PART_SETS_H_
