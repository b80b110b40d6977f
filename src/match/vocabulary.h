// Words of the field that mean the same thing in different frameworks.

#ifndef CKPTDIFF_MATCH_VOCABULARY_H_
#define CKPTDIFF_MATCH_VOCABULARY_H_

#include <cstdint>
#include <span>
#include <string_view>

namespace ckptdiff {

// What the last word of a name says the variable is. Two different ones are
// never paired; `kOther` (a word of the model's own) and `kNumber` (none: the
// name ends in a number) go with anything.
enum class LeafKind : uint8_t {
  kOther,
  kNumber,
  kWeight,
  kBias,
  kMean,
  kVariance,
  kCount,
};

// True where two say what cannot be one variable.
bool Contradict(LeafKind a, LeafKind b);

// By a lower-case word.
LeafKind LeafKindOf(std::string_view word);

// Whether the matrix of one name is that of the other one transposed, by what
// their last words are.
enum class Orientation : uint8_t { kUnknown, kUpright, kTurned };
Orientation OrientationBetween(std::string_view a, std::string_view b);

// Sets of words that stand for the same part. The first is the one that the
// others are read as.
struct Synonyms {
  std::string_view source;  // who writes them
  std::span<const std::string_view> words;
};
std::span<const Synonyms> Vocabulary();

// Two words in a row that are one: "layer norm", "self attn".
struct Compound {
  std::string_view first, second, word;
};
std::span<const Compound> Compounds();

// The number that a word stands for ("first", "second"); -1 for any other.
int64_t OrdinalOf(std::string_view word);

// Where in a block of layers a word says that something stands: attention
// before attention to another sequence, that before the feed-forward part.
struct Step {
  std::string_view word;
  int place;  // 0: the word only says before or after
  int shift;
};
std::span<const Step> Steps();

}  // namespace ckptdiff

#endif  // CKPTDIFF_MATCH_VOCABULARY_H_
