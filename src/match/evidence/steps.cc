// Which part of a block comes before which: "norm1" before "norm2" as
// "layernorm_before" before "layernorm_after", or attention's before that of
// the feed-forward part. One pair speaks for the other.

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <vector>

#include "match/evidence.h"

namespace ckptdiff {
namespace {

// A part has no more siblings of its kind than this within its block.
constexpr uint32_t kMostSiblings = 8;
constexpr int kLevels = 5;
// A norm that does not say what it belongs to, beside others that do.
constexpr int kUnsaid = 34;

struct Relation {
  uint32_t other;
  float sign;  // 1: comes before `other`
};

using Relations = std::vector<std::vector<Relation>>;

class Reader {
 public:
  explicit Reader(const WordTable& words)
      : words_(words), steps_(words.size()), norm_(WordTable::kNone) {
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

  bool IsNorm(const Name& name) const {
    for (size_t i = 0; i < name.leaf_begin; ++i) {
      const Token& token = name.tokens[i];
      if (!token.is_number && words_.Group(token.word) == norm_) return true;
    }
    return false;
  }

  // The kind of layer: a norm, or what its last word says.
  uint64_t KindOf(const Name& name) const {
    if (IsNorm(name)) return norm_;
    for (size_t i = name.leaf_begin; i > 0; --i) {
      const Token& token = name.tokens[i - 1];
      if (token.is_number || steps_[token.word]) continue;
      return words_.Group(token.word);
    }
    return WordTable::kNone;
  }

  // 1 where `a` comes before `b`, -1 where behind, 0 where names do not say.
  float Compare(const Name& a, const Name& b) const {
    const size_t n = std::min(a.tokens.size(), b.tokens.size());
    size_t at = 0;
    while (at < n && a.tokens[at] == b.tokens[at]) ++at;
    if (at == n) return 0;
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

 private:
  // Ten a step, so that before and after fit between; 0: not said.
  int Place(const Name& name, size_t at) const {
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

  const WordTable& words_;
  std::vector<std::optional<Step>> steps_;
  WordId norm_;
};

// For each variable those of its kind in its block that stand before or behind.
Relations RelationsOf(const Side& side, const WordTable& words) {
  const Reader reader(words);
  std::unordered_map<uint64_t, std::vector<uint32_t>> groups;
  std::vector<uint64_t> kinds(side.size());
  const auto key = [&](uint32_t node, uint32_t v) {
    return (kinds[v] ^ node) * 0x9e3779b97f4a7c15;
  };
  for (uint32_t v = 0; v < side.size(); ++v) {
    if (!side.partnered[v]) continue;
    kinds[v] = ((reader.KindOf(side.names[v]) * 31 +
                 static_cast<uint64_t>(side.names[v].leaf)) *
                    0xbf58476d1ce4e5b9 ^
                side.elements[v])
               << 20;
    uint32_t node = side.leaf_node[v];
    for (int i = 0; i < kLevels && node != Node::kNone; ++i) {
      std::vector<uint32_t>& group = groups[key(node, v)];
      if (group.size() <= kMostSiblings) group.push_back(v);
      node = side.nodes[node].parent;
    }
  }
  Relations relations(side.size());
  for (uint32_t v = 0; v < side.size(); ++v) {
    if (!side.partnered[v]) continue;
    const std::vector<uint32_t>* block = nullptr;
    uint32_t node = side.leaf_node[v];
    for (int i = 0; i < kLevels && node != Node::kNone; ++i) {
      const std::vector<uint32_t>& group = groups[key(node, v)];
      if (group.size() > kMostSiblings) break;
      block = &group;
      node = side.nodes[node].parent;
    }
    if (block == nullptr) continue;
    for (uint32_t other : *block) {
      if (other == v) continue;
      const float sign = reader.Compare(side.names[v], side.names[other]);
      if (sign != 0) relations[v].push_back({other, sign});
    }
  }
  return relations;
}

float BeliefIn(const Problem& problem, uint32_t a, uint32_t e) {
  const auto begin = problem.candidates.begin() + problem.row[a];
  const auto end = problem.candidates.begin() + problem.row[a + 1];
  const auto found = std::lower_bound(
      begin, end, e,
      [](const Proposal& one, uint32_t want) { return one.expected < want; });
  return found == end || found->expected != e ? 0 : found->belief;
}

void Weigh(const Problem& problem, float weight, std::span<float> scores) {
  const Relations actual = RelationsOf(problem.actual, *problem.words);
  const Relations expected = RelationsOf(problem.expected, *problem.words);
  for (size_t i = 0; i < scores.size(); ++i) {
    const Proposal& one = problem.candidates[i];
    const std::vector<Relation>& a = actual[one.actual];
    const std::vector<Relation>& e = expected[one.expected];
    if (a.empty() || e.empty()) continue;
    float agree = 0;
    for (const Relation& x : a) {
      for (const Relation& y : e) {
        agree += x.sign * y.sign * BeliefIn(problem, x.other, y.other);
      }
    }
    scores[i] +=
        weight * agree / static_cast<float>(std::min(a.size(), e.size()));
  }
}

}  // namespace

extern constexpr EvidenceKind kSteps = {
    .id = "same-step",
    .weight = 0.6F,
    .every_round = true,
    .weigh = Weigh,
};

}  // namespace ckptdiff
