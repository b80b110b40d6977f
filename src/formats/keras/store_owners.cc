#include "formats/keras/store_owners.h"

#include <set>
#include <string_view>
#include <utility>
#include <vector>

namespace ckptdiff {
namespace {

bool IsAbsent(const SlotOwner& owner) { return owner.key.empty(); }

// "layers/dense" of "layers/dense_1": those of one class are in order.
std::string FamilyOf(const std::string& path) {
  size_t number = path.find_last_not_of("0123456789");
  bool is_numbered =
      number != path.npos && number + 1 < path.size() && path[number] == '_';
  return is_numbered ? path.substr(0, number) : path;
}

}  // namespace

void StoreOwners::Add(const std::string& path, const Variable& variable,
                      const Shape& shape, bool optimized) {
  SlotOwner owner;
  owner.name = variable.name;
  owner.key = variable.key;
  owner.shape = shape;
  owner.optimized = optimized;
  owner.object = path;
  owner.family = FamilyOf(path);
  owners_.all.push_back(std::move(owner));
}

void StoreOwners::AddAbsent(const std::string& path, const KerasVariable& own) {
  if (!own.trainable) return;
  SlotOwner owner;
  owner.name = own.path;
  owner.shape = own.shape;
  owner.optimized = own.optimized;
  owner.object = path;
  owners_.all.push_back(std::move(owner));
}

SlotOwners StoreOwners::Take(const Layout& layout, bool all_placed) {
  ForgetUnsettled();
  SettleAbsent(layout, all_placed);
  return std::move(owners_);
}

std::string StoreOwners::UnorderedLayer(const SlotOwner& owner) const {
  auto found = unordered_.find(owner.object);
  return found == unordered_.end() ? "" : found->second;
}

// One object in a layer without order, or shapes that differ, leave no choice;
// else no slot may be tied to them.
void StoreOwners::ForgetUnsettled() {
  std::map<std::pair<std::string, std::vector<int64_t>>, std::set<std::string>>
      holders;
  for (const SlotOwner& owner : owners_.all) {
    std::string layer = UnorderedLayer(owner);
    if (!layer.empty()) {
      holders[{layer, owner.shape.dims}].insert(owner.object);
    }
  }
  for (SlotOwner& owner : owners_.all) {
    std::string layer = UnorderedLayer(owner);
    owner.settled =
        layer.empty() || holders[{layer, owner.shape.dims}].size() == 1;
  }
}

// A name that another variable bears tells no owner.
void StoreOwners::SettleAbsent(const Layout& layout, bool all_placed) {
  if (!all_placed) std::erase_if(owners_.all, IsAbsent);
  std::set<std::string_view> names;
  for (const Variable& variable : layout.variables) {
    names.insert(variable.name);
  }
  for (SlotOwner& owner : owners_.all) {
    if (IsAbsent(owner)) owner.settled = !names.contains(owner.name);
  }
}

}  // namespace ckptdiff
