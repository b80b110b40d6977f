// The name scopes that keras.applications opens around the layers of a NASNet
// while it makes them. No config tells of them; the names of the layers do.

#ifndef CKPTDIFF_FORMATS_KERAS_LAYERS_NASNET_SCOPES_H_
#define CKPTDIFF_FORMATS_KERAS_LAYERS_NASNET_SCOPES_H_

#include <set>
#include <string>
#include <string_view>

#include "formats/keras_layers/graph.h"

namespace ckptdiff {

class NasnetScopes {
 public:
  explicit NasnetScopes(const LayerGraph& graph);

  // Empty for all layers of other models, and those that stand in no scope.
  std::string Of(std::string_view layer) const;

 private:
  std::set<std::string_view> names_;  // empty: no NASNet
};

}  // namespace ckptdiff

#endif  // CKPTDIFF_FORMATS_KERAS_LAYERS_NASNET_SCOPES_H_
