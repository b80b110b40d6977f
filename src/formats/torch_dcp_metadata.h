// What the .metadata of a distributed checkpoint says (torch_dcp.cc describes
// it), and the files that it speaks of.

#ifndef CKPTDIFF_FORMATS_TORCH_DCP_METADATA_H_
#define CKPTDIFF_FORMATS_TORCH_DCP_METADATA_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "ckptdiff/layout.h"
#include "container/pickle.h"
#include "io/source.h"

namespace ckptdiff {

inline constexpr std::string_view kDcpMetadataName = ".metadata";

// Part of a tensor, or a value, in a shard.
struct DcpChunk {
  std::string_view file;
  uint64_t offset = 0;
  uint64_t length = 0;

  bool Fits(uint64_t file_size) const;
};

struct DcpEntry {
  const PickleValue* metadata = nullptr;
  bool is_tensor = false;
  uint64_t chunk_count = 0;  // that the metadata names
  std::vector<DcpChunk> chunks;
};

// The shards of one checkpoint, opened as they are needed.
class DcpShards {
 public:
  explicit DcpShards(const Source& metadata) : metadata_(metadata) {}

  // nullopt: not there, or no plain name beside the metadata.
  std::optional<uint64_t> Size(std::string_view name);
  // nullptr likewise. It stays open until the next call: a checkpoint of a
  // thousand ranks has more files than a process may open.
  const File* Open(std::string_view name);

 private:
  const Source& metadata_;
  std::map<std::string, std::optional<uint64_t>, std::less<>> sizes_;
  std::string open_name_;
  std::unique_ptr<const File> open_;
};

// By the fully qualified name (fqn). Views of the pickle that it is read from.
class DcpEntries {
 public:
  // Throws ParseError where `root` is no Metadata.
  explicit DcpEntries(const PickleValue& root);

  const std::vector<std::string_view>& order() const { return order_; }
  const DcpEntry* Find(std::string_view fqn) const;
  // Every damaged or absent file is one issue, with the number of entries that
  // are lost.
  void CheckShards(DcpShards* shards, std::vector<Issue>* issues) const;

 private:
  void ReadChunks(const PickleValue& root);

  std::vector<std::string_view> order_;
  std::unordered_map<std::string_view, DcpEntry> entries_;
};

// An attribute of an object; nullptr where there is none.
const PickleValue* DcpAttribute(const PickleValue& object,
                                std::string_view name);

}  // namespace ckptdiff

#endif  // CKPTDIFF_FORMATS_TORCH_DCP_METADATA_H_
