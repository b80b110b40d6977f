// The weights of a Keras 3 store that may have slots, collected while it is
// listed.

#ifndef CKPTDIFF_FORMATS_KERAS_STORE_OWNERS_H_
#define CKPTDIFF_FORMATS_KERAS_STORE_OWNERS_H_

#include <map>
#include <string>

#include "ckptdiff/layout.h"
#include "formats/keras/slots.h"
#include "formats/keras_layers/keras_model.h"

namespace ckptdiff {

class StoreOwners {
 public:
  // `ordered` as in SlotOwners.
  explicit StoreOwners(bool ordered) { owners_.ordered = ordered; }

  // A variable of the object at `path`; `shape` is the one that its slots
  // were made for.
  void Add(const std::string& path, const Variable& variable,
           const Shape& shape, bool optimized);
  // One that the config tells and the store does not hold: the optimizer
  // keeps the slots of what is gone, and of adapters that saving merges.
  void AddAbsent(const std::string& path, const KerasVariable& own);
  // The object at `path` is within a layer that is not built in, which does
  // not tell the order of its objects.
  void SetUnordered(const std::string& path, const std::string& layer) {
    unordered_.insert({path, layer});
  }

  // All of them. Where not all objects of the store were placed by the config,
  // what seems to be absent may be one of those.
  SlotOwners Take(const Layout& layout, bool all_placed);

 private:
  std::string UnorderedLayer(const SlotOwner& owner) const;
  void ForgetUnsettled();
  void SettleAbsent(const Layout& layout, bool all_placed);

  SlotOwners owners_;
  std::map<std::string, std::string> unordered_;  // object → its layer's path
};

}  // namespace ckptdiff

#endif  // CKPTDIFF_FORMATS_KERAS_STORE_OWNERS_H_
