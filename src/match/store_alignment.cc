#include "match/store_alignment.h"

#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "match/alignment.h"

namespace ckptdiff {
namespace {

constexpr uint32_t kMostDifferences = 600;
constexpr size_t kSeveral = SIZE_MAX;

struct ModelLayer {
  Positions variables;
  uint64_t shapes = 0;
};

// A model by its layers, or by its variables for a store that counts these.
std::vector<ModelLayer> LayersOf(const Layout& model, const Positions& order,
                                 bool by_variable) {
  std::vector<ModelLayer> layers;
  std::string_view layer;
  for (uint32_t i : order) {
    const Variable& variable = model.variables[i];
    const std::string_view here = LayerIn(variable.name);
    if (layers.empty() || by_variable || here.empty() || here != layer) {
      layers.emplace_back();
    }
    layer = here;
    layers.back().variables.push_back(i);
    layers.back().shapes += ShapeHash(variable.shape);
  }
  return layers;
}

bool IsByVariable(const Store& store) {
  return std::all_of(store.begin(), store.end(), [](const auto& layers) {
    return std::all_of(layers.begin(), layers.end(), [](const StoreLayer& one) {
      return one.members.size() == 1;
    });
  });
}

// Shapes -> the only class that has such layers, or kSeveral.
std::unordered_map<uint64_t, size_t> ClassesByShapes(const Store& store) {
  std::unordered_map<uint64_t, size_t> classes;
  for (size_t of = 0; of < store.size(); ++of) {
    for (const StoreLayer& layer : store[of]) {
      auto [at, is_new] = classes.emplace(layer.shapes, of);
      if (!is_new && at->second != of) at->second = kSeveral;
    }
  }
  return classes;
}

// Partners in `b`, where the first and the last longest common sequence agree.
std::vector<uint32_t> AlignFromBothEnds(std::vector<uint64_t> a,
                                        std::vector<uint64_t> b) {
  std::vector<uint32_t> partner = Align(a, b, kMostDifferences);
  std::reverse(a.begin(), a.end());
  std::reverse(b.begin(), b.end());
  const std::vector<uint32_t> back = Align(a, b, kMostDifferences);
  for (size_t i = 0; i < partner.size(); ++i) {
    const uint32_t other = back[partner.size() - 1 - i];
    if (other == kUnaligned || partner[i] != b.size() - 1 - other) {
      partner[i] = kUnaligned;
    }
  }
  return partner;
}

}  // namespace

std::vector<LayerPair> AlignClasses(const Layout& stored, const Store& store,
                                    const Layout& model,
                                    const Positions& order) {
  const std::unordered_map<uint64_t, size_t> classes = ClassesByShapes(store);
  std::vector<std::vector<const ModelLayer*>> of_class(store.size());
  const std::vector<ModelLayer> layers =
      LayersOf(model, order, IsByVariable(store));
  for (const ModelLayer& layer : layers) {
    auto found = classes.find(layer.shapes);
    if (found == classes.end() || found->second == kSeveral) continue;
    of_class[found->second].push_back(&layer);
  }
  std::vector<LayerPair> pairs;
  size_t paired = 0;
  for (size_t of = 0; of < store.size(); ++of) {
    std::vector<const StoreLayer*> own;
    std::vector<uint64_t> a, b;
    for (const StoreLayer& layer : store[of]) {
      if (classes.at(layer.shapes) != of) continue;
      own.push_back(&layer);
      a.push_back(layer.shapes);
    }
    for (const ModelLayer* layer : of_class[of]) b.push_back(layer->shapes);
    const std::vector<uint32_t> partner = AlignFromBothEnds(a, b);
    for (size_t i = 0; i < partner.size(); ++i) {
      if (partner[i] == kUnaligned) continue;
      const ModelLayer& other = *of_class[of][partner[i]];
      if (own[i]->members.size() != other.variables.size()) continue;
      paired += other.variables.size();
      pairs.push_back(PairOfLayer(stored, *own[i], model, other.variables));
    }
  }
  if (2 * paired < order.size()) pairs.clear();
  return pairs;
}

}  // namespace ckptdiff
