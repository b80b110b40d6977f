#include "formats/torch_names.h"

#include <algorithm>
#include <array>

namespace ckptdiff {
namespace {

constexpr std::array<std::string_view, 5> kWrappers = {
    "module", "_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module",
    "_forward_module"};
constexpr size_t kMaxPrefixes = 16;

// The name without the steps that only wrappers put into it.
std::string Unwrapped(std::string_view name) {
  std::string plain;
  for (size_t at = 0; at <= name.size();) {
    size_t end = std::min(name.find('.', at), name.size());
    std::string_view step = name.substr(at, end - at);
    if (std::find(kWrappers.begin(), kWrappers.end(), step) ==
        kWrappers.end()) {
      if (!plain.empty()) plain += '.';
      plain += step;
    }
    at = end + 1;
  }
  return plain;
}

bool FoundAny(const std::vector<size_t>& found) {
  return std::any_of(found.begin(), found.end(),
                     [](size_t one) { return one != TorchNames::kNone; });
}

bool FoundAll(const std::vector<size_t>& found) {
  return std::find(found.begin(), found.end(), TorchNames::kNone) ==
         found.end();
}

}  // namespace

TorchNames::TorchNames(const Layout& layout) {
  for (size_t i = 0; i < layout.variables.size(); ++i) {
    const Variable& variable = layout.variables[i];
    if (variable.role == Role::kWeight) weights_.emplace(variable.name, i);
  }
}

std::vector<size_t> TorchNames::FindExact(
    const std::vector<std::string_view>& names, std::string_view prefix) const {
  std::vector<size_t> found;
  found.reserve(names.size());
  std::string whole(prefix);
  for (std::string_view name : names) {
    whole.replace(prefix.size(), whole.npos, name);
    auto at = weights_.find(whole);
    found.push_back(at == weights_.end() ? kNone : at->second);
  }
  return found;
}

std::vector<size_t> TorchNames::FindUnwrapped(
    const std::vector<std::string_view>& names) const {
  std::unordered_map<std::string, size_t> plain;
  for (const auto& [name, index] : weights_) {
    auto [at, is_new] = plain.emplace(Unwrapped(name), index);
    if (!is_new) at->second = kNone;  // two weights: neither is meant for sure
  }
  std::vector<size_t> found;
  found.reserve(names.size());
  for (std::string_view name : names) {
    auto at = plain.find(Unwrapped(name));
    found.push_back(at == plain.end() ? kNone : at->second);
  }
  return found;
}

std::optional<std::vector<size_t>> TorchNames::Find(
    const std::vector<std::string_view>& names) const {
  std::vector<size_t> exact = FindExact(names, {});
  if (names.empty() || weights_.empty() || FoundAny(exact)) return exact;
  std::vector<size_t> unwrapped = FindUnwrapped(names);
  if (FoundAny(unwrapped)) return unwrapped;
  // All of them below one prefix: an attribute, or one of several models.
  std::vector<size_t> below;
  size_t tried = 0;
  for (const auto& [name, index] : weights_) {
    size_t front = name.size() - std::min(name.size(), names[0].size());
    bool ends_so =
        front > 0 && name[front - 1] == '.' && name.substr(front) == names[0];
    if (!ends_so) continue;
    if (++tried > kMaxPrefixes) return std::nullopt;
    std::vector<size_t> found = FindExact(names, name.substr(0, front));
    if (!FoundAll(found)) continue;
    if (!below.empty()) return std::nullopt;
    below = std::move(found);
  }
  return below.empty() ? exact : below;
}

}  // namespace ckptdiff
