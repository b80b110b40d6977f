// A NASNet is a row of cells; each has a number or is "stem_1", "reduce_4".
// Behind these stems stand the cell's name, or a place in it and its name:
//
//   normal_conv_1_7              normal_A_block_7
//   separable_conv_2_bn_         normal_A_block_7/block_2/
//     normal_left2_7               separable_conv_block_normal_left2_7
//   adjust_bn_stem_2             reduction_A_block_stem_2/adjust_block/
//                                  adjust_reduction_block_stem_2

#include "formats/keras_layers/nasnet_scopes.h"

#include <fmt/format.h>

#include <optional>

namespace ckptdiff {
namespace {

// What follows the first of these that `name` begins with.
std::optional<std::string_view> After(
    std::string_view name, std::initializer_list<std::string_view> stems) {
  for (std::string_view stem : stems) {
    if (name.starts_with(stem)) return name.substr(stem.size());
  }
  return std::nullopt;
}

// `place` is "normal_left2_7": kind of cell, place in it, cell.
std::string SeparableScope(std::string_view place) {
  size_t side = place.find('_') + 1;
  size_t cell = place.find('_', side) + 1;
  if (side == 0 || cell < 2) return {};
  std::string_view kind = place.substr(0, side - 1);
  std::string_view block = place.substr(cell - 2, 1);
  // The fifth block calls its only convolution after the fourth.
  if (kind == "reduction" && block == "4") block = "5";
  return fmt::format("{}_A_block_{}/block_{}/separable_conv_block_{}", kind,
                     place.substr(cell), block, place);
}

}  // namespace

NasnetScopes::NasnetScopes(const LayerGraph& graph) {
  for (const GraphLayer& layer : graph.layers) names_.insert(layer.name);
  if (!names_.contains("stem_conv1") ||
      !names_.contains("reduction_conv_1_stem_1")) {
    names_.clear();
  }
}

std::string NasnetScopes::Of(std::string_view layer) const {
  if (names_.empty()) return {};
  if (auto place = After(layer, {"separable_conv_1_bn_", "separable_conv_2_bn_",
                                 "separable_conv_1_", "separable_conv_2_"})) {
    return SeparableScope(*place);
  }
  for (std::string_view kind : {"normal", "reduction"}) {
    auto rest = After(layer, {kind});
    if (!rest) continue;
    auto cell = After(*rest, {"_conv_1_", "_bn_1_"});
    return cell ? fmt::format("{}_A_block_{}", kind, *cell) : "";
  }
  auto cell = After(layer, {"adjust_bn_", "adjust_conv_1_", "adjust_conv_2_",
                            "adjust_conv_projection_"});
  if (!cell) return {};
  bool reduces = cell->starts_with("stem_") || cell->starts_with("reduce_");
  bool halves = names_.contains(fmt::format("adjust_conv_1_{}", *cell));
  return fmt::format("{}_A_block_{}/adjust_block/adjust_{}_block_{}",
                     reduces ? "reduction" : "normal", *cell,
                     halves ? "reduction" : "projection", *cell);
}

}  // namespace ckptdiff
