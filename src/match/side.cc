#include "match/side.h"

#include <algorithm>
#include <numeric>
#include <unordered_map>

#include "match/mix.h"

namespace ckptdiff {
namespace {

// Numbers but for the one at `kept` are all the same.
uint64_t PatternOf(const Name& name, size_t kept) {
  uint64_t hash = 1;
  for (size_t i = 0; i < name.tokens.size(); ++i) {
    const Token& token = name.tokens[i];
    const int64_t number = i == kept ? token.number + 2 : 0;
    hash = Mix(hash, token.is_number ? static_cast<uint64_t>(number) << 33
                                     : token.word + uint64_t{1});
  }
  return hash;
}

// The last number with another one before it, or the end of the name.
size_t InnermostNumber(const Name& name) {
  size_t innermost = name.tokens.size();
  size_t numbers = 0;
  for (size_t i = 0; i < name.tokens.size(); ++i) {
    if (name.tokens[i].number == Token::kNone) continue;
    innermost = i;
    ++numbers;
  }
  return numbers > 1 ? innermost : name.tokens.size();
}

// Words by their text.
std::vector<uint32_t> OrderOfWords(const WordTable& words) {
  std::vector<WordId> sorted(words.size());
  std::iota(sorted.begin(), sorted.end(), 0U);
  std::sort(sorted.begin(), sorted.end(),
            [&](WordId a, WordId b) { return words.Text(a) < words.Text(b); });
  std::vector<uint32_t> order(words.size());
  for (uint32_t i = 0; i < sorted.size(); ++i) order[sorted[i]] = i;
  return order;
}

// What a layer has itself before what is in it; numbers before words, numbers
// by value.
struct NaturalOrder {
  const Side& side;
  const std::vector<uint32_t> word_order;

  bool operator()(uint32_t a, uint32_t b) const {
    const std::vector<Token>& x = side.names[a].tokens;
    const std::vector<Token>& y = side.names[b].tokens;
    const size_t n = std::min(x.size(), y.size());
    for (size_t i = 0; i < n; ++i) {
      if (x[i] == y[i]) continue;
      const bool a_ends = i >= side.names[a].leaf_begin;
      const bool b_ends = i >= side.names[b].leaf_begin;
      if (a_ends != b_ends) return a_ends;
      if (a_ends && side.names[a].leaf != side.names[b].leaf) {
        return side.names[a].leaf < side.names[b].leaf;
      }
      if (x[i].is_number != y[i].is_number) return x[i].is_number;
      return x[i].is_number ? x[i].number < y[i].number
                            : word_order[x[i].word] < word_order[y[i].word];
    }
    return x.size() != y.size() ? x.size() < y.size() : a < b;
  }
};

// The tree of common beginnings, without places that hold one thing only.
void BuildTree(Side* side) {
  const uint32_t n = static_cast<uint32_t>(side->size());
  side->nodes.assign(1, Node{.end = n});
  side->leaf_node.assign(n, 0);
  std::vector<uint32_t> open = {0};
  for (uint32_t i = 0; i + 1 < n; ++i) {
    const uint32_t common = static_cast<uint32_t>(CommonTokens(
        side->names[side->sorted[i]], side->names[side->sorted[i + 1]]));
    uint32_t begin = i;
    uint32_t below = Node::kNone;
    while (side->nodes[open.back()].depth > common) {
      below = open.back();
      side->nodes[below].end = i + 1;
      begin = side->nodes[below].begin;
      open.pop_back();
    }
    if (side->nodes[open.back()].depth < common) {
      const uint32_t id = static_cast<uint32_t>(side->nodes.size());
      side->nodes.push_back(
          {.parent = open.back(), .begin = begin, .end = n, .depth = common});
      if (below != Node::kNone) side->nodes[below].parent = id;
      open.push_back(id);
    } else if (below != Node::kNone) {
      side->nodes[below].parent = open.back();
    }
  }
  for (uint32_t id : open) side->nodes[id].end = n;
  // Parents before children, whatever order they were found in.
  std::vector<uint32_t> order(side->nodes.size());
  std::iota(order.begin(), order.end(), 0U);
  std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
    const Node &x = side->nodes[a], &y = side->nodes[b];
    if (x.begin != y.begin) return x.begin < y.begin;
    return x.depth < y.depth;
  });
  std::vector<uint32_t> place(order.size());
  std::vector<Node> nodes;
  for (uint32_t i = 0; i < order.size(); ++i) place[order[i]] = i;
  for (uint32_t id : order) {
    nodes.push_back(side->nodes[id]);
    if (nodes.back().parent != Node::kNone) {
      nodes.back().parent = place[nodes.back().parent];
    }
  }
  side->nodes = std::move(nodes);
}

void FillNodes(Side* side) {
  std::vector<uint32_t> count(side->size() + 1);
  std::vector<uint64_t> sum(side->size() + 1);
  for (size_t i = 0; i < side->size(); ++i) {
    const uint32_t v = side->sorted[i];
    const bool has = side->partnered[v];
    count[i + 1] = count[i] + (has ? 1 : 0);
    sum[i + 1] = sum[i] + (has ? Mix(7, side->elements[v]) : 0);
  }
  for (uint32_t id = 0; id < side->nodes.size(); ++id) {
    Node& node = side->nodes[id];
    node.partnered = count[node.end] - count[node.begin];
    node.shapes = sum[node.end] - sum[node.begin];
    for (uint32_t i = node.begin; i < node.end; ++i) {
      side->leaf_node[side->sorted[i]] = id;
    }
  }
}

// Ranks of numbers among siblings: a name's place in "layers.0", "layers.2",
// ... counts only those that have partners.
void FillRanks(Side* side) {
  struct Family {
    int64_t last = -2;
    uint32_t rank = 0;
  };
  std::unordered_map<uint64_t, Family> families;
  struct Found {
    uint64_t prefix;
    uint32_t rank;
    int64_t number;
    WordId of;
    bool is_part;
  };
  std::vector<std::vector<Found>> found(side->size());
  for (uint32_t v : side->sorted) {
    if (!side->partnered[v]) continue;
    uint64_t prefix = 3;
    WordId of = 0;
    const Name& name = side->names[v];
    for (size_t i = 0; i < name.tokens.size(); ++i) {
      const Token& token = name.tokens[i];
      if (token.is_number) {
        auto [at, is_new] = families.emplace(prefix, Family{});
        Family& family = at->second;
        if (is_new) {
          family.last = token.number;
        } else if (family.last != token.number) {
          family.last = token.number;
          ++family.rank;
        }
        found[v].push_back(
            {prefix, family.rank, token.number, of, i + 1 == name.leaf_begin});
        prefix = Mix(prefix, static_cast<uint64_t>(token.number + 2));
      } else {
        prefix = Mix(prefix, token.word + (uint64_t{1} << 40));
        of = token.word;
      }
    }
  }
  side->ranks.assign(side->size(), {});
  for (uint32_t v = 0; v < side->size(); ++v) {
    for (const Found& one : found[v]) {
      const uint32_t siblings = families[one.prefix].rank + 1;
      if (siblings < 2) continue;
      side->ranks[v].push_back(
          {one.rank, siblings, one.number, one.of, one.is_part});
    }
  }
}

}  // namespace

Side MakeSide(const Layout& layout, std::vector<uint32_t> variables,
              WordTable* words) {
  Side side;
  side.layout = &layout;
  side.variables = std::move(variables);
  for (size_t i = 0; i < side.size(); ++i) {
    side.elements.push_back(side.variable(i).shape.Elements().value_or(0));
  }
  side.partnered.assign(side.size(), false);
  ParseNames(words, &side);
  return side;
}

void ParseNames(WordTable* words, Side* side) {
  side->names.clear();
  side->patterns.clear();
  side->part_patterns.clear();
  for (size_t i = 0; i < side->size(); ++i) {
    side->names.push_back(ParseName(side->variable(i).name, words));
    const Name& name = side->names.back();
    side->patterns.push_back(PatternOf(name, name.tokens.size()));
    side->part_patterns.push_back(PatternOf(name, InnermostNumber(name)));
  }
}

void Arrange(const WordTable& words, Side* side) {
  side->sorted.resize(side->size());
  std::iota(side->sorted.begin(), side->sorted.end(), 0U);
  std::sort(side->sorted.begin(), side->sorted.end(),
            NaturalOrder{*side, OrderOfWords(words)});
  BuildTree(side);
  FillNodes(side);
  FillRanks(side);
}

}  // namespace ckptdiff
