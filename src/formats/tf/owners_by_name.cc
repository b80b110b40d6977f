#include "formats/tf/owners_by_name.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "base/name_parts.h"

namespace ckptdiff {
namespace {

using Weights = std::vector<Variable*>;

// The word of a slot stands behind at most two parts: `Adam/m/`.
constexpr int kMostParts = 3;
// Parts of a word, as `accumulated_delta_var` has three.
constexpr int kMostWordParts = 4;

// The weights whose name the slot's ends in.
Weights NamedIn(const Variable& slot, const WeightsByName& weights) {
  std::string_view rest = slot.name;
  for (int cut = 0; cut < kMostParts; ++cut) {
    size_t slash = rest.find('/');
    if (slash == rest.npos) break;
    rest.remove_prefix(slash + 1);
    auto found = weights.find(std::string(rest));
    if (found != weights.end()) return found->second;
  }
  return {};
}

// A factor (row, column) lacks one of its owner's dimensions.
bool Fits(const Variable& slot, const Variable& owner) {
  const auto& have = slot.shape.dims;
  const auto& want = owner.shape.dims;
  if (have.size() + 1 != want.size()) return slot.shape == owner.shape;
  for (size_t left_out = 0; left_out < want.size(); ++left_out) {
    auto rest = want;
    rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(left_out));
    if (rest == have) return true;
  }
  return false;
}

// True where the optimizer must have met `first` before `second`, which comes
// behind it in the graph. Elements of a list and attributes of a layer come in
// the graph's order, keys of a dict by the alphabet, and a layer's own
// variables before those of the layers that it holds; what is a dict and what
// a layer, the graph does not say.
bool ComesFirst(const Variable& first, const Variable& second) {
  std::string_view a = first.key, b = second.key;
  size_t at = 0;  // of the parts that differ
  for (size_t i = 0; i < a.size() && i < b.size() && a[i] == b[i]; ++i) {
    if (a[i] == '/') at = i + 1;
  }
  a.remove_prefix(at);
  b.remove_prefix(at);
  auto is_own = [](std::string_view rest) {
    return rest.find("/.ATTRIBUTES/") == rest.find('/');
  };
  if (is_own(a)) return true;
  if (is_own(b)) return false;
  a = a.substr(0, a.find('/'));
  b = b.substr(0, b.find('/'));
  bool is_numbered = a != WithoutDigits(a) && b != WithoutDigits(b) &&
                     WithoutDigits(a) == WithoutDigits(b);
  return is_numbered || a < b;
}

bool AreInOrder(const Weights& weights) {
  return std::adjacent_find(weights.begin(), weights.end(),
                            [](const Variable* a, const Variable* b) {
                              return !ComesFirst(*a, *b);
                            }) == weights.end();
}

// The object of the root that holds a weight: `generator/layer-1/kernel`.
std::string_view ModelOf(const Variable& weight) {
  return std::string_view(weight.key).substr(0, weight.key.find('/'));
}

// An optimizer trains one model as a rule: the one in which every slot finds
// an owner that it fits, if there is only one such.
std::optional<std::string_view> OnlyModel(const WeightsByName& weights,
                                          const std::vector<Weights>& lists) {
  std::set<std::string_view> models;
  bool is_first = true;
  for (const Weights& list : lists) {
    for (const Variable* slot : list) {
      std::set<std::string_view> mine;
      for (const Variable* weight : NamedIn(*slot, weights)) {
        bool is_candidate = is_first || models.contains(ModelOf(*weight));
        if (is_candidate && Fits(*slot, *weight)) mine.insert(ModelOf(*weight));
      }
      models = std::move(mine);
      is_first = false;
      if (models.empty()) return std::nullopt;
    }
  }
  if (models.size() != 1) return std::nullopt;
  return *models.begin();
}

}  // namespace

std::unordered_map<const Variable*, Variable*> OwnersByName(
    const WeightsByName& weights, const std::vector<Weights>& lists) {
  std::unordered_map<const Variable*, Variable*> owners;
  const std::optional<std::string_view> model = OnlyModel(weights, lists);
  for (const Weights& list : lists) {
    using NameAndShape = std::pair<std::string_view, std::vector<int64_t>>;
    std::map<NameAndShape, Weights> alike;
    for (Variable* slot : list) {
      alike[{slot->name, slot->shape.dims}].push_back(slot);
    }
    for (const auto& [key, slots] : alike) {
      const Variable& first = *slots[0];
      Weights candidates = NamedIn(first, weights);
      std::erase_if(candidates, [&](const Variable* weight) {
        return !Fits(first, *weight);
      });
      if (model && candidates.size() > 1) {
        std::erase_if(candidates, [&](const Variable* weight) {
          return ModelOf(*weight) != *model;
        });
      }
      // Of several weights of that name the k-th, if the list has one for each
      // of them, and both come in one order.
      if (slots.size() != candidates.size() || !AreInOrder(candidates)) {
        continue;
      }
      for (size_t i = 0; i < slots.size(); ++i) {
        owners.emplace(slots[i], candidates[i]);
      }
    }
  }
  return owners;
}

OwnersByFlatName::OwnersByFlatName(const std::vector<Variable*>& weights) {
  for (Variable* weight : weights) {
    if (weight == nullptr) continue;
    std::string flat = weight->name;
    std::replace(flat.begin(), flat.end(), '/', '_');
    auto [found, is_new] = by_name_.emplace(std::move(flat), weight);
    if (!is_new) found->second = nullptr;  // two of a name: nobody's
  }
}

std::pair<Variable*, std::string_view> OwnersByFlatName::Find(
    const Variable& slot) const {
  std::string_view name = slot.name;
  name.remove_prefix(std::min(name.size(), name.find('/') + 1));
  size_t cut = name.size();
  for (int part = 0; part < kMostWordParts && cut > 0; ++part) {
    cut = name.rfind('_', cut - 1);
    if (cut == name.npos) break;
    auto found = by_name_.find(std::string(name.substr(0, cut)));
    if (found == by_name_.end()) continue;
    return {found->second, name.substr(cut + 1)};
  }
  return {nullptr, {}};
}

}  // namespace ckptdiff
