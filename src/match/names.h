// A name as the words and numbers it is made of, whatever separates them.

#ifndef CKPTDIFF_MATCH_NAMES_H_
#define CKPTDIFF_MATCH_NAMES_H_

#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "match/vocabulary.h"

namespace ckptdiff {

using WordId = uint32_t;

// The words of both layouts, each once.
class WordTable {
 public:
  static constexpr WordId kNone = UINT32_MAX;

  explicit WordTable(std::span<const Synonyms> vocabulary = Vocabulary());

  WordId Intern(std::string_view word);
  std::string_view Text(WordId id) const { return texts_[id]; }
  // Equal for words that the vocabulary reads as one, or that differ in their
  // endings alone.
  WordId Group(WordId id) const { return groups_[id]; }
  // What the word says at the end of a name.
  LeafKind Leaf(WordId id) const { return leaves_[id]; }
  size_t size() const { return texts_.size(); }
  // Finds words that are two others of these names written as one ("qpos"
  // where there are "q" and "pos"). True if there are any: names parsed from
  // now on have them apart.
  bool LearnSplits();
  // Where to cut a word in two; 0: it is one.
  size_t SplitOf(WordId id) const {
    return id < splits_.size() ? splits_[id] : 0;
  }
  // 1: the same word; less: a synonym, an abbreviation; 0: unlike.
  float Likeness(WordId a, WordId b) const;

 private:
  std::deque<std::string> texts_;
  std::vector<WordId> groups_;
  std::vector<LeafKind> leaves_;
  std::vector<uint8_t> splits_;
  size_t known_ = 0;  // words of the vocabulary, which come first
  std::unordered_map<std::string_view, WordId> ids_;
  std::unordered_map<std::string_view, WordId> stems_;  // → their group
};

// A word, or the number that ends a word ("layer_3", "layers.3", "conv2d"
// ends in no number: rank 0 of its siblings "conv2d_1", ...).
struct Token {
  static constexpr int64_t kNone = -1;  // where a number could stand

  bool is_number = false;
  WordId word = 0;
  int64_t number = kNone;

  friend auto operator<=>(const Token&, const Token&) = default;
};

struct Name {
  std::vector<Token> tokens;  // every part between separators ends in a number
  LeafKind leaf = LeafKind::kOther;
  uint32_t leaf_begin = 0;  // first token after the last separator
};

Name ParseName(std::string_view text, WordTable* words);

// How many tokens two names begin with alike.
size_t CommonTokens(const Name& a, const Name& b);

// The last word that is no number; 0 where there is none.
WordId LastWord(const Name& name);

}  // namespace ckptdiff

#endif  // CKPTDIFF_MATCH_NAMES_H_
