#include "match/strays.h"

#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "match/mix.h"

namespace ckptdiff {
namespace {

constexpr uint32_t kSeveral = 2;

// The layers of one side, by the name that is left without its last part.
struct Layers {
  std::vector<uint32_t> of;        // per variable
  std::vector<uint32_t> paired;    // per layer: weights with a partner
  std::vector<uint32_t> unpaired;  // per layer: weights without one

  explicit Layers(const Layout& layout) : of(layout.variables.size()) {
    std::unordered_map<std::string_view, uint32_t> ids;
    for (size_t v = 0; v < of.size(); ++v) {
      const std::string_view name = layout.variables[v].name;
      const size_t last = name.find_last_of("/.");
      const std::string_view layer =
          last == std::string_view::npos ? "" : name.substr(0, last);
      of[v] =
          ids.emplace(layer, static_cast<uint32_t>(ids.size())).first->second;
      unpaired.resize(ids.size());
      if (layout.variables[v].role == Role::kWeight) ++unpaired[of[v]];
    }
    paired.resize(ids.size());
  }

  void Pair(size_t v) {
    --unpaired[of[v]];
    ++paired[of[v]];
  }
};

bool IsProven(const Pair& pair) {
  return pair.how == How::kExact ||
         std::count(pair.evidence.begin(), pair.evidence.end(),
                    "same-content") > 0;
}

}  // namespace

void DropStrays(const Layout& actual, const Layout& expected,
                Pairing* pairing) {
  Layers have(actual), want(expected);
  std::unordered_map<uint64_t, uint32_t> between;
  const auto key = [&](const Pair& pair) {
    return Mix(have.of[pair.actual], want.of[pair.expected]);
  };
  for (const Pair& pair : pairing->pairs) {
    if (expected.variables[pair.expected].role != Role::kWeight) continue;
    have.Pair(pair.actual);
    want.Pair(pair.expected);
    ++between[key(pair)];
  }
  for (const Group& group : pairing->groups) {
    for (size_t v : group.actual) have.Pair(v);
    for (size_t v : group.expected) want.Pair(v);
  }
  std::erase_if(pairing->pairs, [&](const Pair& pair) {
    if (expected.variables[pair.expected].role != Role::kWeight ||
        IsProven(pair)) {
      return false;
    }
    const uint32_t a = have.of[pair.actual], e = want.of[pair.expected];
    const bool leaves = have.paired[a] > 1 && want.unpaired[e] >= kSeveral;
    const bool enters = want.paired[e] > 1 && have.unpaired[a] >= kSeveral;
    return between[key(pair)] == 1 && (leaves || enters);
  });
}

}  // namespace ckptdiff
