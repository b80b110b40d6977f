#include "match/names.h"

#include <algorithm>

#include "base/ascii.h"

namespace ckptdiff {
namespace {

constexpr size_t kLongestSplit = 40;  // of a word that is two
constexpr size_t kLeastRest = 3;      // letters of its second half

bool IsLetter(char c) {
  return IsLower(c) || IsUpper(c) || static_cast<unsigned char>(c) >= 0x80;
}

// A word ends where "aB" or "ABc" begins a new one.
size_t WordEnd(std::string_view text, size_t at) {
  size_t i = at + 1;
  for (; i < text.size() && IsLetter(text[i]); ++i) {
    if (IsLower(text[i - 1]) && IsUpper(text[i])) break;
    if (i + 1 < text.size() && IsUpper(text[i - 1]) && IsUpper(text[i]) &&
        IsLower(text[i + 1])) {
      break;
    }
  }
  return i;
}

size_t NumberEnd(std::string_view text, size_t at) {
  while (at < text.size() && IsDigit(text[at])) ++at;
  return at;
}

// "2d" of conv2d says how many axes there are; it counts nothing.
bool IsDimension(std::string_view text, size_t begin, size_t end) {
  if (end - begin != 1 || end >= text.size()) return false;
  if (begin == 0 || !IsLetter(text[begin - 1])) return false;
  if (text[end] != 'd' && text[end] != 'D') return false;
  return end + 1 == text.size() || !IsLower(text[end + 1]);
}

int64_t NumberOf(std::string_view digits) {
  int64_t number = 0;
  for (char c : digits.substr(0, 18)) number = number * 10 + (c - '0');
  return number;
}

// A word without its ending: "pool" of "pooler", "pooled", "pooling". Empty
// where hardly anything would be left: "out" is no "outer" without its ending.
std::string_view StemOf(std::string_view word) {
  constexpr size_t kLeast = 3;       // letters before an ending
  constexpr size_t kLeastWhole = 4;  // of a word without any
  constexpr std::string_view kEndings[] = {"ings", "ing", "ions", "ion",
                                           "ers",  "er",  "ors",  "or",
                                           "ed",   "es",  "s",    "e"};
  for (std::string_view ending : kEndings) {
    if (word.size() >= ending.size() + kLeast && word.ends_with(ending)) {
      return word.substr(0, word.size() - ending.size());
    }
  }
  return word.size() >= kLeastWhole ? word : std::string_view();
}

// Joins two words in a row that the vocabulary knows as one.
void AddWord(std::string_view text, WordTable* words, size_t segment_begin,
             std::vector<Token>* tokens) {
  std::string word = Lower(text);
  if (const size_t cut = words->SplitOf(words->Intern(word)); cut > 0) {
    AddWord(word.substr(0, cut), words, segment_begin, tokens);
    AddWord(word.substr(cut), words, segment_begin, tokens);
    return;
  }
  if (const int64_t ordinal = OrdinalOf(word); ordinal >= 0) {
    tokens->push_back({.is_number = true, .number = ordinal});
    return;
  }
  if (tokens->size() > segment_begin && !tokens->back().is_number) {
    std::string_view before = words->Text(tokens->back().word);
    for (const Compound& compound : Compounds()) {
      if (before == compound.first && word == compound.second) {
        tokens->back().word = words->Intern(compound.word);
        return;
      }
    }
  }
  tokens->push_back({.word = words->Intern(word)});
}

void EndSegment(size_t segment_begin, std::vector<Token>* tokens) {
  if (tokens->size() == segment_begin || tokens->back().is_number) return;
  tokens->push_back({.is_number = true});
}

LeafKind LeafOf(const std::vector<Token>& tokens, size_t segment_begin,
                const WordTable& words) {
  for (size_t i = tokens.size(); i > segment_begin; --i) {
    if (!tokens[i - 1].is_number) {
      return words.Leaf(tokens[i - 1].word);
    }
  }
  return LeafKind::kNumber;
}

// Where the last word begins, "running_mean" being one; a name that no
// separators part has its leaf there.
size_t LastWordAt(const Name& name) {
  size_t at = name.tokens.size();
  while (at > 0 && name.tokens[at - 1].is_number) --at;
  if (at > 0) --at;
  const bool is_statistic =
      name.leaf == LeafKind::kMean || name.leaf == LeafKind::kVariance;
  return is_statistic && at > 0 && !name.tokens[at - 1].is_number ? at - 1 : at;
}

}  // namespace

WordTable::WordTable(std::span<const Synonyms> vocabulary) {
  for (const Synonyms& synonyms : vocabulary) {
    const WordId first = Intern(synonyms.words.front());
    for (std::string_view word : synonyms.words) {
      groups_[Intern(word)] = groups_[first];
    }
  }
  known_ = texts_.size();
}

WordId WordTable::Intern(std::string_view word) {
  auto found = ids_.find(word);
  if (found != ids_.end()) return found->second;
  const WordId id = static_cast<WordId>(texts_.size());
  texts_.emplace_back(word);
  leaves_.push_back(LeafKindOf(word));
  ids_.emplace(texts_.back(), id);
  const std::string_view stem = StemOf(texts_.back());
  const WordId first =
      stem.empty() ? id : stems_.emplace(stem, id).first->second;
  groups_.push_back(id);
  groups_[id] = groups_[first];
  return id;
}

bool WordTable::LearnSplits() {
  splits_.assign(size(), 0);
  bool found = false;
  for (WordId id = static_cast<WordId>(known_); id < splits_.size(); ++id) {
    const std::string_view text = texts_[id];
    if (text.size() > kLongestSplit) continue;
    for (size_t cut = 1; cut + kLeastRest <= text.size(); ++cut) {
      auto first = ids_.find(text.substr(0, cut));
      auto second = ids_.find(text.substr(cut));
      if (first == ids_.end() || second == ids_.end()) continue;
      // A letter alone is a word only if the field says so.
      if (cut == 1 && first->second >= known_) continue;
      splits_[id] = static_cast<uint8_t>(cut);
      found = true;
      break;
    }
  }
  return found;
}

float WordTable::Likeness(WordId a, WordId b) const {
  if (a == b) return 1;
  if (groups_[a] == groups_[b]) return 0.8F;
  std::string_view shorter = texts_[a], longer = texts_[b];
  if (shorter.size() > longer.size()) std::swap(shorter, longer);
  if (!longer.starts_with(shorter)) return 0;
  return shorter.size() >= 3 ? 0.6F : shorter.size() == 1 ? 0.3F : 0.4F;
}

Name ParseName(std::string_view text, WordTable* words) {
  Name name;
  size_t segment_begin = 0;
  size_t last_segment = 0;
  for (size_t i = 0; i < text.size();) {
    const char c = text[i];
    if (IsDigit(c)) {
      size_t end = NumberEnd(text, i);
      if (IsDimension(text, i, end)) {
        i = end + 1;
        continue;
      }
      name.tokens.push_back(
          {.is_number = true, .number = NumberOf(text.substr(i, end - i))});
      i = end;
    } else if (IsLetter(c)) {
      const size_t end = WordEnd(text, i);
      AddWord(text.substr(i, end - i), words, segment_begin, &name.tokens);
      i = end;
    } else {
      if (c == '/' || c == '.') {
        EndSegment(segment_begin, &name.tokens);
        if (name.tokens.size() > segment_begin) last_segment = segment_begin;
        segment_begin = name.tokens.size();
      }
      ++i;
    }
  }
  if (name.tokens.size() > segment_begin) last_segment = segment_begin;
  EndSegment(segment_begin, &name.tokens);
  name.leaf = LeafOf(name.tokens, last_segment, *words);
  name.leaf_begin =
      static_cast<uint32_t>(last_segment > 0 ? last_segment : LastWordAt(name));
  return name;
}

size_t CommonTokens(const Name& a, const Name& b) {
  size_t n = std::min(a.tokens.size(), b.tokens.size());
  size_t i = 0;
  while (i < n && a.tokens[i] == b.tokens[i]) ++i;
  return i;
}

WordId LastWord(const Name& name) {
  for (size_t i = name.tokens.size(); i > 0; --i) {
    if (!name.tokens[i - 1].is_number) return name.tokens[i - 1].word;
  }
  return 0;
}

}  // namespace ckptdiff
