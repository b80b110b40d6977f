// The header of a safetensors file: what it says, entry by entry, in its own
// order and without judging it. The format is told in formats/safetensors.cc.

#ifndef CKPTDIFF_CONTAINER_SAFETENSORS_HEADER_H_
#define CKPTDIFF_CONTAINER_SAFETENSORS_HEADER_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "container/json_cursor.h"

namespace ckptdiff {

struct SafetensorsEntry {
  std::string_view name;   // as long as the reader and its text live
  std::string_view dtype;  // as stored: "F32"
  std::vector<int64_t> shape;
  uint64_t begin = 0;  // counted from the end of the header
  uint64_t end = 0;
};

// The numpy / ml_dtypes name; empty for a type of a later version.
std::string_view SafetensorsDType(std::string_view stored);

// Reads forward through the JSON of a header. A header of 100,000 tensors is
// read in little more than the time to look at its bytes: no tree is built.
class SafetensorsHeader {
 public:
  // Throws ParseError(kCorrupt), as Next(), naming the tensor and the offset.
  explicit SafetensorsHeader(std::string_view text);

  // False behind the last tensor. A name can come twice.
  bool Next(SafetensorsEntry* entry);

  // __metadata__: complete once Next() returned false. What in it is no text,
  // against the rule of the format, is only named.
  const std::map<std::string, std::string>& metadata() const {
    return metadata_;
  }
  const std::vector<std::string>& odd_metadata() const { return odd_metadata_; }

 private:
  void ReadMetadata();
  void ReadTensor(SafetensorsEntry* entry);
  void ReadShape(SafetensorsEntry* entry);
  void ReadOffsets(SafetensorsEntry* entry);
  [[noreturn]] void Fail(std::string_view tensor, std::string_view message);

  JsonCursor json_;
  std::map<std::string, std::string> metadata_;
  std::vector<std::string> odd_metadata_;
};

}  // namespace ckptdiff

#endif  // CKPTDIFF_CONTAINER_SAFETENSORS_HEADER_H_
