#include "match/steps.h"

#include <algorithm>
#include <unordered_map>

namespace ckptdiff {
namespace {

// A norm that does not say what it belongs to, beside others that do.
constexpr int kUnsaid = 34;

}  // namespace

StepReader::StepReader(const WordTable& words)
    : words_(words), steps_(words.size()) {
  std::unordered_map<WordId, Step> by_group;
  for (WordId id = 0; id < words.size(); ++id) {
    if (words.Text(id) == "norm") norm_ = words.Group(id);
    for (const Step& step : Steps()) {
      if (words.Text(id) == step.word) by_group[words.Group(id)] = step;
    }
  }
  for (WordId id = 0; id < words.size(); ++id) {
    auto found = by_group.find(words.Group(id));
    if (found != by_group.end()) steps_[id] = found->second;
  }
}

bool StepReader::IsNorm(const Name& name) const {
  for (size_t i = 0; i < name.leaf_begin; ++i) {
    const Token& token = name.tokens[i];
    if (!token.is_number && words_.Group(token.word) == norm_) return true;
  }
  return false;
}

uint64_t StepReader::KindOf(const Name& name) const {
  if (IsNorm(name)) return norm_;
  for (size_t i = name.leaf_begin; i > 0; --i) {
    const Token& token = name.tokens[i - 1];
    if (token.is_number || steps_[token.word]) continue;
    return words_.Group(token.word);
  }
  return WordTable::kNone;
}

float StepReader::Compare(const Name& a, const Name& b) const {
  const size_t at = CommonTokens(a, b);
  if (at == std::min(a.tokens.size(), b.tokens.size())) return 0;
  const Token &x = a.tokens[at], &y = b.tokens[at];
  if (x.is_number && y.is_number) {
    // w1, w2, w3 are numbered as they were thought of.
    if (at > 0 && words_.Text(a.tokens[at - 1].word) == "w") return 0;
    return x.number < y.number ? 1.0F : -1.0F;
  }
  const int p = Place(a, at), q = Place(b, at);
  if (p == 0 || q == 0 || p == q) return 0;
  return p < q ? 1.0F : -1.0F;
}

int StepReader::Place(const Name& name, size_t at) const {
  int place = 0, shift = 0;
  bool has_number = false;
  for (size_t i = at; i < name.leaf_begin; ++i) {
    const Token& token = name.tokens[i];
    if (token.is_number) {
      has_number = has_number || token.number != Token::kNone;
      continue;
    }
    if (!steps_[token.word]) continue;
    if (place == 0) place = steps_[token.word]->place;
    shift += steps_[token.word]->shift;
  }
  if (place == 0 && shift == 0) {
    return !has_number && IsNorm(name) ? kUnsaid : 0;
  }
  if (place == 0) return shift < 0 ? 5 : 25;
  return place + shift;
}

}  // namespace ckptdiff
