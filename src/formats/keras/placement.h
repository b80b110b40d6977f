// Where Keras stores each object of a model: the paths that a store of this
// writer has, worked out from the config.

#ifndef CKPTDIFF_FORMATS_KERAS_PLACEMENT_H_
#define CKPTDIFF_FORMATS_KERAS_PLACEMENT_H_

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "formats/keras_layers/keras_model.h"

namespace ckptdiff {

struct Placement {
  std::string path;  // "layers/dense_1", normalised as in KerasStore
  const KerasLayer* object = nullptr;
  // The layer that a user added: the object itself, or what holds it.
  const KerasLayer* layer = nullptr;
  std::string scope;  // what variable names begin with, without a final "/"
};

// In the order in which the framework lists the weights. An object that is
// reached twice stands at its first place.
std::vector<Placement> PlaceObjects(const KerasModel& model,
                                    std::string_view keras_version);

// "layers/dense_1/vars/0" for every variable that a store holds.
std::map<const KerasVariable*, std::string> StoreKeys(const KerasModel& model);

}  // namespace ckptdiff

#endif  // CKPTDIFF_FORMATS_KERAS_PLACEMENT_H_
