// The layers of a store that names them by their place.

#ifndef CKPTDIFF_MATCH_STORE_LAYERS_H_
#define CKPTDIFF_MATCH_STORE_LAYERS_H_

#include <cstdint>
#include <string_view>
#include <vector>

#include "ckptdiff/layout.h"
#include "match/equal_names.h"

namespace ckptdiff {

// A variable by its name within the model or layer that is looked at.
struct Member {
  uint32_t variable;
  std::string_view name;
};
using Members = std::vector<Member>;

struct StoreLayer;

// The layers of each class, in order.
using Store = std::vector<std::vector<StoreLayer>>;

struct StoreLayer {
  Members members;
  Store inner;  // where the layer is a model itself
  // All are numbered in one list: they stand as they were made.
  bool is_list = true;
  uint64_t shapes = 0;  // sum of their ShapeHash
};

// One layer on both sides, all of its variables.
struct LayerPair {
  Positions actual, expected;
  // The variables are one for one as they stand.
  bool in_order = false;
};

uint64_t ShapeHash(const Shape& shape);

// A layer of a store, as `actual`, with the variables that are it in a model.
LayerPair PairOfLayer(const Layout& stored, const StoreLayer& layer,
                      const Layout& model, Positions variables);

// A model's name for the layer of a variable: all but the last part of the
// variable's own; empty where it has one part.
std::string_view LayerIn(std::string_view name);

// Whether a name tells which layer of a store it is in, by a counter.
bool CountsLayers(std::string_view name);

// Views into the layout's names. Empty unless every name has its place.
Store StoreOf(const Layout& layout, const Members& members);

}  // namespace ckptdiff

#endif  // CKPTDIFF_MATCH_STORE_LAYERS_H_
