// Where an Orbax item keeps its arrays: one Zarr directory each, or all of
// them in an OCDBT store. Both are asked by storage name ("params.w").

#ifndef CKPTDIFF_FORMATS_ORBAX_STORE_H_
#define CKPTDIFF_FORMATS_ORBAX_STORE_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ckptdiff/layout.h"
#include "container/ocdbt.h"
#include "container/zarr_array.h"
#include "io/source.h"

namespace ckptdiff {

class OrbaxStore {
 public:
  // Reads what the item says of all its arrays; damage goes to `issues`.
  OrbaxStore(const Source& item, std::vector<Issue>* issues);

  // nullopt: the store has no such array.
  std::optional<ZarrArray> Find(const std::string& storage_name) const;
  // The value of a scalar that is called as counters are ("step", "count").
  std::optional<int64_t> Counter(const std::string& storage_name,
                                 const ZarrArray& array) const;
  // All storage names, ordered by bytes.
  std::vector<std::string> Names() const;

 private:
  struct Extent {
    uint64_t end = 0;  // of what the tree says is in a data file
    uint64_t values = 0;
  };

  void OpenOcdbt(const Source& directory, const std::string& prefix,
                 std::vector<Issue>* issues);
  void Take(const std::string& key, const OcdbtValue& value);
  void CheckExtents(const Source& directory, const std::string& prefix,
                    std::vector<Issue>* issues);

  Source item_;
  bool is_ocdbt_ = false;
  std::map<std::string, std::string> metadata_;  // name → .zarray, zarr.json
  std::map<std::string, std::string> counters_;  // name → its only chunk
  std::map<std::string, OcdbtValue> far_counters_, far_metadata_;
  std::map<std::string, Extent> extents_;  // by data file
};

}  // namespace ckptdiff

#endif  // CKPTDIFF_FORMATS_ORBAX_STORE_H_
