// Where the bytes of a torch file's storages are.

#ifndef CKPTDIFF_FORMATS_TORCH_STORAGES_H_
#define CKPTDIFF_FORMATS_TORCH_STORAGES_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "formats/torch_tensor.h"
#include "io/file_system.h"

namespace ckptdiff {

struct TorchRecord {
  const File* file = nullptr;  // lives until the next Find()
  std::string file_name;       // as in ByteRange: empty for the source itself
  uint64_t offset = 0;         // in the file
  uint64_t size = 0;
  bool is_plain = true;    // the bytes stand there as they are, little-endian
  bool is_written = true;  // false: a hole that nobody wrote
  uint32_t crc32 = 0;      // 0: the format has none
};

class TorchStorages {
 public:
  virtual ~TorchStorages() = default;
  // nullopt: the file has none of that key.
  virtual std::optional<TorchRecord> Find(std::string_view key) const = 0;
};

// The number in a tensor of one element (a `step`): it is read from the file.
// nullopt where it has more, or none that can be read.
std::optional<double> ReadScalar(const TorchTensor& tensor,
                                 const TorchStorages& storages);

}  // namespace ckptdiff

#endif  // CKPTDIFF_FORMATS_TORCH_STORAGES_H_
