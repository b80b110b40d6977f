// Over 300 lines: the three ways of naming a slot share one index of names,
// and which of them applies is one decision.

#include "layout/tf1_slots.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/name_parts.h"
#include "layout/names.h"
#include "layout/slots.h"
#include "layout/tf1_names.h"

namespace ckptdiff {
namespace {

// Real scopes nest a few levels; a name of a million slashes is an attack.
constexpr int kMaxOuterScopes = 16;
// Of optimizers of one word under different scopes; real files have a few.
constexpr size_t kMaxOptimizers = 256;

// Variables that stand below the one that they belong to, and are no slots.
constexpr std::array<std::string_view, 3> kCompanions = {"mask", "part",
                                                         "threshold"};

// What a slot's name says before anybody looks at its fellows.
struct Found {
  size_t variable;
  size_t owner;
  std::string scope;  // the outer scope that stands before the owner's name
  std::string word;   // "Adam"
  size_t number;      // 3 of "Adam_3"
};

class Tie {
 public:
  explicit Tie(Layout* layout) : layout_(*layout) {
    for (size_t i = 0; i < layout_.variables.size(); ++i) {
      by_name_.emplace(layout_.variables[i].name, i);
    }
  }

  void Run() {
    has_beta_powers_ = by_name_.contains("beta1_power");
    for (const auto& [name, at] : by_name_) {
      if (LastPart(name, "/") == "beta1_power") has_beta_powers_ = true;
    }
    FindLayerWords();
    for (size_t i = 0; i < layout_.variables.size(); ++i) {
      if (!TryWordSlot(i) && !TryKerasSlot(i)) TryNumberedSlot(i);
    }
    NameNumberedSlots();
    for (Variable& variable : layout_.variables) {
      const bool is_scalar =
          variable.shape.known && variable.shape.dims.empty();
      if (variable.role != Role::kWeight || !is_scalar) continue;
      variable.role = Tf1RoleOfScalar(variable.name).value_or(Role::kWeight);
    }
    SetLayers();
  }

 private:
  const Variable& At(size_t i) const { return layout_.variables[i]; }

  std::optional<size_t> Find(std::string_view name) const {
    auto found = by_name_.find(name);
    if (found == by_name_.end()) return std::nullopt;
    return found->second;
  }

  // The variable whose state `slot` is, if `primary` is what its name says:
  // under an outer scope, leading parts are no part of the owner's name. Then
  // the shape must agree, because the rest may fit by chance.
  std::optional<size_t> Owner(size_t slot, std::string_view primary,
                              std::string* scope) const {
    if (std::optional<size_t> exact = Find(primary)) return exact;
    for (int depth = 0; depth < kMaxOuterScopes; ++depth) {
      size_t cut = primary.find('/');
      if (cut == primary.npos) break;
      *scope += std::string(primary.substr(0, cut + 1));
      primary.remove_prefix(cut + 1);
      std::optional<size_t> owner = Find(primary);
      if (owner && *owner != slot && At(*owner).shape == At(slot).shape) {
        return owner;
      }
    }
    return std::nullopt;
  }

  void Set(size_t slot, std::string_view canonical, std::string_view raw,
           const std::optional<size_t>& owner, std::string optimizer) {
    Variable& variable = layout_.variables[slot];
    bool is_average = canonical == "average";
    variable.role = is_average ? Role::kAverage : Role::kSlot;
    variable.slot.emplace();
    variable.slot->slot = canonical;
    variable.slot->raw = raw;
    variable.slot->optimizer = is_average ? "" : std::move(optimizer);
    if (owner) {
      variable.slot->owner = At(*owner).name;
      variable.slot->owner_key = At(*owner).key;
    }
    if (is_average) return;
    auto known = optimizers_.find(variable.slot->optimizer);
    if (known == optimizers_.end()) return;
    auto& slots = layout_.optimizers[known->second].slots;
    if (std::find(slots.begin(), slots.end(), canonical) == slots.end()) {
      slots.emplace_back(canonical);
    }
  }

  // The id of the `count`-th optimizer of a class, counted from 0.
  std::string Id(const std::string& class_name, size_t count, bool is_known) {
    std::string id = class_name;
    if (count > 0) id = fmt::format("{}#{}", class_name, count + 1);
    if (optimizers_.emplace(id, layout_.optimizers.size()).second) {
      Optimizer added;
      added.id = id;
      if (is_known) added.class_name = class_name;
      layout_.optimizers.push_back(std::move(added));
    }
    return id;
  }

  bool TryWordSlot(size_t i) {
    const std::string& name = At(i).name;
    for (const Tf1WordSlot& word : Tf1WordSlots()) {
      if (!name.ends_with(word.suffix)) continue;
      std::string scope;
      std::string_view primary =
          std::string_view(name).substr(0, name.size() - word.suffix.size());
      std::optional<size_t> owner = Owner(i, primary, &scope);
      if (!owner) continue;
      std::string id = Id(std::string(word.optimizer), 0, true);
      Set(i, word.slot, word.suffix.substr(1), owner, id);
      return true;
    }
    return false;
  }

  // Keras optimizers in a graph: [scope/]Adam/<variable>/m, and the newer
  // [scope/]Adam/m/<variable>.
  bool TryKerasSlot(size_t i) {
    std::string_view name = At(i).name;
    size_t at = 0;
    for (int depth = 0; depth < kMaxOuterScopes; ++depth) {
      size_t end = name.find('/', at);
      if (end == name.npos) return false;
      std::string class_name(SplitTf1Number(name.substr(at, end - at)).first);
      if (IsKerasOptimizerClass(class_name)) {
        std::string_view rest = name.substr(end + 1);
        size_t first = rest.find('/'), last = rest.rfind('/');
        if (first == rest.npos) return false;
        if (SetKeras(i, class_name, rest.substr(last + 1),
                     rest.substr(0, last)) ||
            SetKeras(i, class_name, rest.substr(0, first),
                     rest.substr(first + 1))) {
          return true;
        }
      }
      at = end + 1;
    }
    return false;
  }

  bool SetKeras(size_t i, const std::string& class_name, std::string_view word,
                std::string_view primary) {
    if (!IsSlotWord(SlotDialect::kKeras2, word)) return false;
    std::optional<size_t> owner = Find(primary);
    if (!owner || At(*owner).shape != At(i).shape) return false;
    Set(i, CanonicalSlot(SlotDialect::kKeras2, class_name, word), word, owner,
        Id(class_name, 0, true));
    return true;
  }

  // The words of variables that are no slots: whatever stands below anything
  // but a variable of its shape at least once. An optimizer that was given a
  // name of its own leaves it below variables of that shape alone.
  void FindLayerWords() {
    for (std::string_view word : kCompanions) layer_words_.insert(word);
    for (size_t i = 0; i < layout_.variables.size(); ++i) {
      const std::string& name = At(i).name;
      std::string_view word = SplitTf1Number(LastPart(name, "/")).first;
      if (FindTf1Recipe(word) != nullptr || layer_words_.contains(word)) {
        continue;
      }
      std::string scope;
      std::optional<size_t> owner;
      if (!IsLeafWord(word)) owner = Owner(i, Primary(name), &scope);
      bool is_slot = owner && *owner != i && At(i).shape == At(*owner).shape &&
                     !At(i).trainable.value_or(false);
      if (!is_slot) layer_words_.insert(word);
    }
  }

  static std::string_view Primary(std::string_view name) {
    size_t slash = name.rfind('/');
    return slash == name.npos ? std::string_view() : name.substr(0, slash);
  }

  void TryNumberedSlot(size_t i) {
    const std::string& name = At(i).name;
    std::string_view primary = Primary(name);
    if (primary.empty()) return;
    auto [word, number] = SplitTf1Number(LastPart(name, "/"));
    bool is_known = FindTf1Recipe(word) != nullptr;
    std::string scope;
    std::optional<size_t> owner;
    if (is_known || !layer_words_.contains(word)) {
      owner = Owner(i, primary, &scope);
    }
    if (owner && *owner != i) {
      found_.push_back({i, *owner, scope, std::string(word), number});
    } else if (word == kTf1Average ||
               (is_known && IsOrphan(i, primary, word))) {
      orphans_.push_back({i, i, {}, std::string(word), number});
    }
  }

  // Adam's own pair, with beta powers in the file: a slot whose variable was
  // left out. One alone may be a layer called Adam.
  bool IsOrphan(size_t i, std::string_view primary,
                std::string_view word) const {
    if (word != "Adam" || !has_beta_powers_) return false;
    std::optional<size_t> m = Find(fmt::format("{}/Adam", primary));
    std::optional<size_t> v = Find(fmt::format("{}/Adam_1", primary));
    return m && v && At(*m).shape == At(*v).shape && At(i).shape.known &&
           At(i).shape == At(*m).shape;
  }

  // How many slots of one word a variable has tells RMSProp from its centred
  // form, and an optimizer that was given a name from another.
  void NameNumberedSlots() {
    std::map<std::tuple<std::string, std::string, size_t>, size_t> counts;
    std::map<std::string, size_t> most;  // by word
    for (const Found& one : found_) {
      size_t& count = counts[{one.scope, one.word, one.owner}];
      most[one.word] = std::max(most[one.word], ++count);
    }
    std::map<std::string, std::map<std::string, size_t>> scopes;  // by word
    for (const Found& one : found_) {
      auto& seen = scopes[one.word];
      size_t next = std::min(seen.size(), kMaxOptimizers);
      size_t nth = seen.emplace(one.scope, next).first->second;
      size_t count = counts[{one.scope, one.word, one.owner}];
      NameSlot(one, one.owner, count, most[one.word], nth);
    }
    for (const Found& one : orphans_) {
      NameSlot(one, std::nullopt, 2, 2, 0);
    }
  }

  void NameSlot(const Found& one, const std::optional<size_t>& owner,
                size_t count, size_t most, size_t nth_scope) {
    std::string raw(LastPart(At(one.variable).name, "/"));
    const Tf1Recipe* recipe = FindTf1Recipe(one.word);
    std::vector<std::string_view> slots;
    if (recipe != nullptr) {
      slots = recipe->slots;
      bool is_centred = one.word == "RMSProp" && count % 3 == 0;
      if (is_centred) slots.assign(kTf1Centred.begin(), kTf1Centred.end());
      // Of a vector, and without factoring, Adafactor keeps v alone.
      if (one.word == "Adafactor" && count == 1) slots = {"v"};
    } else if (most % 2 == 0 && has_beta_powers_) {
      slots = {"m", "v"};
    } else if (most == 3 && has_beta_powers_) {
      slots = {"m", "v", "vhat"};
    } else if (most == 3) {
      slots.assign(kTf1Centred.begin(), kTf1Centred.end());
    } else {
      slots = {raw};
    }
    size_t nth = one.number / slots.size() + nth_scope;
    if (recipe == nullptr && slots.size() == 1) nth = 0;
    std::string id;
    if (one.word != kTf1Average) id = Id(one.word, nth, recipe != nullptr);
    Set(one.variable, slots[one.number % slots.size()], raw, owner, id);
  }

  // A layer of TF1 is the scope that its variables share.
  void SetLayers() {
    std::unordered_map<std::string_view, bool> seen;
    for (Variable& variable : layout_.variables) {
      size_t slash = variable.name.rfind('/');
      if (variable.role != Role::kWeight || slash == std::string::npos) {
        continue;
      }
      variable.layer = variable.name.substr(0, slash);
      if (seen.emplace(variable.layer, true).second) {
        layout_.layers.push_back({variable.layer, {}, true});
      }
    }
  }

  Layout& layout_;
  std::unordered_map<std::string_view, size_t> by_name_;
  std::unordered_map<std::string, size_t> optimizers_;  // by id
  std::unordered_set<std::string_view> layer_words_;
  std::vector<Found> found_;
  std::vector<Found> orphans_;
  bool has_beta_powers_ = false;
};

}  // namespace

void TieTf1Slots(Layout* layout) { Tie(layout).Run(); }

}  // namespace ckptdiff
