// One of the two layouts as matching sees it: names as words, the tree that
// they make, ranks of numbers, and what its order is worth.

#ifndef CKPTDIFF_MATCH_SIDE_H_
#define CKPTDIFF_MATCH_SIDE_H_

#include <cstdint>
#include <span>
#include <vector>

#include "ckptdiff/layout.h"
#include "match/names.h"

namespace ckptdiff {

// A place in the tree of names that holds several variables: a layer, a block,
// the whole model. Its variables are neighbours in Side::sorted.
struct Node {
  static constexpr uint32_t kNone = UINT32_MAX;

  uint32_t parent = kNone;
  uint32_t begin = 0;  // in Side::sorted
  uint32_t end = 0;
  uint32_t depth = 0;      // tokens that all its variables share
  uint32_t partnered = 0;  // variables that have a candidate
  uint64_t shapes = 0;     // hash of the shapes of these
};

struct Rank {
  uint32_t rank = 0;  // among siblings that have partners
  uint32_t siblings = 0;
  int64_t number = Token::kNone;
  WordId of = 0;         // the word before the number
  bool is_part = false;  // counts layers, not the blocks around them
};

struct Side {
  const Layout* layout = nullptr;
  std::vector<uint32_t> variables;  // positions in the layout that take part
  std::vector<Name> names;
  std::vector<uint64_t> elements;  // 0: not known
  std::vector<uint64_t> patterns;  // hash of the name without its numbers
  // With the innermost number, where there are others around it: the part of
  // a block that is called norm1.
  std::vector<uint64_t> part_patterns;

  // Set by Arrange, once it is known which variables have partners.
  std::vector<bool> partnered;
  std::vector<uint32_t> sorted;          // natural order of names
  std::vector<Node> nodes;               // parents first; [0] is the whole
  std::vector<uint32_t> leaf_node;       // per variable: deepest node
  std::vector<std::vector<Rank>> ranks;  // per variable: its numbers

  // Set by FillCreation (creation.h): the order in which the variables were
  // made, as far as it can be told: that of the file, or that of the numbers in
  // their names.
  std::vector<uint32_t> by_creation;
  std::vector<uint32_t> created;    // per variable: its place in by_creation
  float order_worth = 0;            // 1: certain, 0: a shuffled file
  bool is_sorted = false;           // by name: the order of words tells nothing
  bool weights_come_first = false;  // within layers the order is as made

  size_t size() const { return variables.size(); }
  const Variable& variable(size_t i) const {
    return layout->variables[variables[i]];
  }
};

// Roles and identities apart; only what `takes_part` says.
Side MakeSide(const Layout& layout, std::vector<uint32_t> variables,
              WordTable* words);

// Anew, once `words` has learned more of them.
void ParseNames(WordTable* words, Side* side);

// Builds the tree and the ranks; needs `partnered`.
void Arrange(const WordTable& words, Side* side);

}  // namespace ckptdiff

#endif  // CKPTDIFF_MATCH_SIDE_H_
