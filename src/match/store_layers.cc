#include "match/store_layers.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <tuple>
#include <utility>

#include "match/mix.h"

namespace ckptdiff {
namespace {

constexpr int kMostLevels = 8;  // of models within models

std::optional<uint32_t> NumberIn(std::string_view digits) {
  uint32_t number = 0;
  const char* end = digits.data() + digits.size();
  auto [stop, error] = std::from_chars(digits.data(), end, number);
  if (digits.empty() || error != std::errc() || stop != end) {
    return std::nullopt;
  }
  return number;
}

// Takes the first part off a path.
std::string_view TakePart(std::string_view* path) {
  const size_t slash = path->find('/');
  const std::string_view part = path->substr(0, slash);
  path->remove_prefix(slash == path->npos ? path->size() : slash + 1);
  return part;
}

// Which layer of the store a name is in: of a class, the how-manieth.
struct Place {
  std::string_view of;  // class; empty where all layers are counted as one
  uint32_t number = 0;
  std::string_view rest;  // of the name, within the layer
};

// "conv2d_3": the fourth conv2d.
Place PlaceOfClass(std::string_view part, std::string_view rest) {
  const size_t last = part.rfind('_');
  if (last != part.npos && last > 0) {
    if (auto number = NumberIn(part.substr(last + 1))) {
      return {part.substr(0, last), *number, rest};
    }
  }
  return {part, 0, rest};
}

std::optional<Place> PlaceOf(std::string_view name) {
  constexpr std::string_view kWithWeights = "layer_with_weights-";
  std::string_view rest = name;
  while (!rest.empty()) {
    const std::string_view part = TakePart(&rest);
    if (part == "layers" && !rest.empty()) {
      const std::string_view layer = TakePart(&rest);
      if (NumberIn(layer) || rest.find("vars/") == rest.npos) {
        return std::nullopt;
      }
      return PlaceOfClass(layer, rest);
    }
    if (part == "_operations" || part == "variables") {
      const auto number = NumberIn(TakePart(&rest));
      if (!number) return std::nullopt;
      return Place{{}, *number, rest};
    }
    if (part.starts_with(kWithWeights)) {
      const auto number = NumberIn(part.substr(kWithWeights.size()));
      if (!number) return std::nullopt;
      return Place{{}, *number, rest};
    }
  }
  return std::nullopt;
}

// "cell/vars" of "cell/vars/2", and the 2.
std::pair<std::string_view, std::optional<uint32_t>> Split(
    std::string_view name) {
  const size_t slash = name.rfind('/');
  if (slash == name.npos) return {{}, NumberIn(name)};
  return {name.substr(0, slash), NumberIn(name.substr(slash + 1))};
}

// Empty unless every name has its place.
Store Layers(const Layout& layout, const Members& members, int level) {
  struct Entry {
    std::string_view list;
    uint32_t number;
    Member member;
  };
  std::map<std::pair<std::string_view, uint32_t>, std::vector<Entry>> layers;
  for (const Member& member : members) {
    const std::optional<Place> place = PlaceOf(member.name);
    if (!place) return {};
    const auto [list, number] = Split(place->rest);
    layers[{place->of, place->number}].push_back(
        {number ? list : place->rest,
         number.value_or(0),
         {member.variable, place->rest}});
  }
  Store store;
  std::string_view of;
  for (auto& [key, entries] : layers) {
    if (store.empty() || key.first != of) store.emplace_back();
    of = key.first;
    std::stable_sort(
        entries.begin(), entries.end(), [](const Entry& x, const Entry& y) {
          return std::tie(x.list, x.number) < std::tie(y.list, y.number);
        });
    StoreLayer& layer = store.back().emplace_back();
    for (const Entry& entry : entries) {
      layer.members.push_back(entry.member);
      layer.is_list &= entry.list == entries.front().list;
      layer.shapes += ShapeHash(layout.variables[entry.member.variable].shape);
    }
    if (!layer.is_list && level < kMostLevels) {
      layer.inner = Layers(layout, layer.members, level + 1);
    }
  }
  return store;
}

}  // namespace

uint64_t ShapeHash(const Shape& shape) {
  uint64_t hash = shape.dims.size();
  for (int64_t dim : shape.dims) hash = Mix(hash, static_cast<uint64_t>(dim));
  return hash;
}

LayerPair PairOfLayer(const Layout& stored, const StoreLayer& layer,
                      const Layout& model, Positions variables) {
  LayerPair pair;
  pair.in_order = layer.is_list;
  for (size_t i = 0; i < layer.members.size(); ++i) {
    pair.actual.push_back(layer.members[i].variable);
    pair.in_order &= stored.variables[pair.actual[i]].shape ==
                     model.variables[variables[i]].shape;
  }
  pair.expected = std::move(variables);
  return pair;
}

std::string_view LayerIn(std::string_view name) {
  const size_t last = name.find_last_of("/.");
  return last == name.npos ? std::string_view() : name.substr(0, last);
}

bool CountsLayers(std::string_view name) { return PlaceOf(name).has_value(); }

Store StoreOf(const Layout& layout, const Members& members) {
  return Layers(layout, members, 0);
}

}  // namespace ckptdiff
