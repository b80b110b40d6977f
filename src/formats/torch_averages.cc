// Most averages are a second state_dict: `ema/fc1.weight`, `module.fc1.weight`
// of an AveragedModel. Some are a list of tensors in the order of
// model.parameters() (`shadow_params` of torch_ema and diffusers), which order
// and shapes tie as they tie an optimizer's states.

#include "formats/torch_averages.h"

#include <algorithm>
#include <map>

#include "formats/torch_owners.h"
#include "layout/owner_order.h"

namespace ckptdiff {
namespace {

class Averages {
 public:
  explicit Averages(TorchListing* listing)
      : listing_(*listing),
        tree_(listing->tree),
        layout_(listing->layout),
        weights_(TorchWeightsByName(listing->layout)) {}

  void Tie();

 private:
  void TieByName(uint32_t node, std::string_view name);
  void TieInOrder(const std::vector<uint32_t>& nodes);
  void SetOwner(uint32_t node, std::optional<size_t> owner);

  TorchListing& listing_;
  const TorchTree& tree_;
  Layout& layout_;
  std::unordered_map<std::string_view, size_t> weights_;
};

void Averages::SetOwner(uint32_t node, std::optional<size_t> owner) {
  Variable& variable = layout_.variables[listing_.variable_of[node]];
  Slot slot{.slot = "average"};
  if (owner && layout_.variables[*owner].shape.Agrees(variable.shape)) {
    slot.owner = layout_.variables[*owner].name;
    slot.owner_key = layout_.variables[*owner].key;
  }
  variable.slot = std::move(slot);
}

void Averages::TieByName(uint32_t node, std::string_view name) {
  auto owner = weights_.find(name);
  for (std::string_view wrapper : {"module.", "shadow.", "model."}) {
    if (owner != weights_.end() || !name.starts_with(wrapper)) continue;
    owner = weights_.find(name.substr(wrapper.size()));
  }
  bool is_found = owner != weights_.end();
  SetOwner(node, is_found ? std::optional(owner->second) : std::nullopt);
}

void Averages::TieInOrder(const std::vector<uint32_t>& nodes) {
  std::vector<size_t> parameters;
  std::vector<Shape> shapes;
  for (size_t i = 0; i < layout_.variables.size(); ++i) {
    const Variable& variable = layout_.variables[i];
    if (!IsTorchParameter(variable)) continue;
    parameters.push_back(i);
    shapes.push_back(variable.shape);
  }
  OwnerGroup group;
  for (uint32_t node : nodes) {
    group.push_back(layout_.variables[listing_.variable_of[node]].shape);
  }
  std::optional<OwnerIndices> owners =
      AlignOwners(shapes, std::span(&group, 1));
  for (size_t i = 0; i < nodes.size(); ++i) {
    size_t owner = owners ? (*owners)[0][i] : kOpenOwner;
    bool is_open = owner == kOpenOwner;
    SetOwner(nodes[i],
             is_open ? std::nullopt : std::optional(parameters[owner]));
  }
}

void Averages::Tie() {
  std::map<uint32_t, std::vector<uint32_t>> lists;  // by the list's node
  for (uint32_t i = 0; i < tree_.nodes().size(); ++i) {
    const TorchPart& part = listing_.parts.parts[listing_.parts.part_of[i]];
    if (part.kind != TorchPart::Kind::kAverage ||
        listing_.variable_of[i] == TorchNode::kNone) {
      continue;
    }
    std::string name = tree_.PathBelow(part.node, i, '.');
    uint32_t parent = tree_.node(i).parent;
    bool is_listed = parent != TorchNode::kNone &&
                     tree_.node(parent).kind == TorchNode::Kind::kSequence;
    if (name == "n_averaged") {
      layout_.variables[listing_.variable_of[i]].role = Role::kBookkeeping;
    } else if (is_listed) {
      lists[parent].push_back(i);
    } else {
      TieByName(i, name);
    }
  }
  for (const auto& [list, nodes] : lists) TieInOrder(nodes);
}

}  // namespace

void TieTorchAverages(TorchListing* listing) {
  const std::vector<TorchPart>& parts = listing->parts.parts;
  bool has_averages =
      std::any_of(parts.begin(), parts.end(), [](const TorchPart& part) {
        return part.kind == TorchPart::Kind::kAverage;
      });
  if (has_averages) Averages(listing).Tie();
}

}  // namespace ckptdiff
