// Lists that are equal item by item: one was written from the other. All
// variables of both sides in one order, or those of each class of layers
// ("conv2d_N") in theirs, as where a file counts its layers class by class.

#include <algorithm>
#include <cmath>
#include <numeric>
#include <unordered_map>
#include <vector>

#include "match/evidence.h"
#include "match/mix.h"

namespace ckptdiff {
namespace {

constexpr float kNearlyAll = 0.9F;  // of the variables lie in equal lists
constexpr double kTelling = 10;     // logarithm of the ways to line up
constexpr uint32_t kNone = UINT32_MAX;

using List = std::vector<uint32_t>;

// The layer's name without numbers.
uint64_t ClassOf(const Name& name) {
  uint64_t hash = 1;
  for (size_t i = 0; i < name.leaf_begin; ++i) {
    const Token& token = name.tokens[i];
    hash = Mix(hash, token.is_number ? 0 : token.word + uint64_t{1});
  }
  return hash;
}

// By the sizes that a list goes through: the list, if no other one does.
std::unordered_map<uint64_t, List> BySizes(const Side& side,
                                           const std::vector<List>& lists) {
  std::unordered_map<uint64_t, List> by_sizes;
  for (const List& list : lists) {
    uint64_t hash = list.size();
    for (uint32_t v : list) hash = Mix(hash, side.elements[v]);
    auto [at, is_new] = by_sizes.emplace(hash, list);
    if (!is_new) at->second.clear();
  }
  return by_sizes;
}

// The variables with partners in `order`, as one list or class by class.
std::vector<List> Lists(const Side& side, const List& order, bool by_class) {
  std::vector<List> lists;
  std::unordered_map<uint64_t, size_t> classes;
  for (uint32_t v : order) {
    if (!side.partnered[v]) continue;
    const uint64_t key = by_class ? ClassOf(side.names[v]) : 0;
    auto [at, is_new] = classes.emplace(key, lists.size());
    if (is_new) lists.emplace_back();
    lists[at->second].push_back(v);
  }
  return lists;
}

struct Copy {
  std::vector<uint32_t> partner;  // of each actual variable
  size_t paired = 0;
};

Copy FindCopy(const Problem& problem, const List& a, const List& e,
              bool by_class) {
  Copy copy{.partner = std::vector<uint32_t>(problem.actual.size(), kNone)};
  const auto actual =
      BySizes(problem.actual, Lists(problem.actual, a, by_class));
  const auto expected =
      BySizes(problem.expected, Lists(problem.expected, e, by_class));
  for (const auto& [sizes, list] : actual) {
    auto found = expected.find(sizes);
    if (found == expected.end() || found->second.size() != list.size()) {
      continue;
    }
    for (size_t i = 0; i < list.size(); ++i) {
      copy.partner[list[i]] = found->second[i];
    }
    copy.paired += list.size();
  }
  return copy;
}

// Orders in which a side can be read: as created, as in the file unless that is
// sorted by name. Within a class of layers names differ in numbers alone.
std::vector<List> Orders(const Side& side, bool by_class) {
  List file(side.size());
  std::iota(file.begin(), file.end(), 0U);
  const bool is_sorted =
      std::is_sorted(file.begin(), file.end(), [&](uint32_t a, uint32_t b) {
        return side.variable(a).name < side.variable(b).name;
      });
  std::vector<List> orders;
  if (!side.is_sorted) orders.push_back(side.by_creation);
  if (!is_sorted) orders.push_back(std::move(file));
  if (by_class) orders.push_back(side.sorted);
  return orders;
}

// The logarithm of how many ways there are to line up the layers of a side
// that differ in sizes: equal lists of equal layers prove nothing.
double Arrangements(const Side& side, const List& order) {
  std::unordered_map<uint64_t, size_t> count;
  size_t layers = 0;
  double sum = 0;
  uint64_t layer = 0;
  for (size_t i = 0; i < order.size(); ++i) {
    const uint32_t v = order[i];
    if (side.partnered[v]) layer = Mix(layer, side.elements[v]);
    const bool ends = i + 1 == order.size() ||
                      side.leaf_node[v] != side.leaf_node[order[i + 1]] ||
                      side.leaf_node[v] == 0;
    if (!ends || layer == 0) continue;
    ++layers;
    sum += std::log(static_cast<double>(layers)) -
           std::log(static_cast<double>(++count[layer]));
    layer = 0;
  }
  return sum;
}

void Weigh(const Problem& problem, float weight, std::span<float> scores) {
  const Side &actual = problem.actual, &expected = problem.expected;
  const auto most = std::max(
      std::count(actual.partnered.begin(), actual.partnered.end(), true),
      std::count(expected.partnered.begin(), expected.partnered.end(), true));
  Copy best;
  for (const bool by_class : {false, true}) {
    for (const List& a : Orders(actual, by_class)) {
      for (const List& e : Orders(expected, by_class)) {
        if (Arrangements(expected, e) < kTelling) continue;
        Copy copy = FindCopy(problem, a, e, by_class);
        if (copy.paired > best.paired) best = std::move(copy);
      }
    }
  }
  if (static_cast<float>(best.paired) < kNearlyAll * static_cast<float>(most)) {
    return;
  }
  for (size_t i = 0; i < scores.size(); ++i) {
    const Proposal& one = problem.candidates[i];
    if (best.partner[one.actual] == one.expected) scores[i] += weight;
  }
}

}  // namespace

extern constexpr EvidenceKind kCopies = {
    .id = "equal-sequence",
    .weight = 1.2F,
    .every_round = false,
    .where_names_are_silent = true,
    .weigh = Weigh,
};

}  // namespace ckptdiff
