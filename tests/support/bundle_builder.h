// Tensor bundles in memory, written through LevelDB's own table writer, which
// is how TensorFlow's files come about.

#ifndef CKPTDIFF_TESTS_SUPPORT_BUNDLE_BUILDER_H_
#define CKPTDIFF_TESTS_SUPPORT_BUNDLE_BUILDER_H_

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "io/file_system.h"

namespace ckptdiff {

// Protobuf, by hand.
std::string ProtoVarint(uint32_t field, uint64_t value);
std::string ProtoBytes(uint32_t field, const std::string& value);
std::string ProtoFixed32(uint32_t field, uint32_t value);

struct TableOptions {
  size_t block_bytes = 256 << 10;
  bool snappy = false;
};
std::string BuildTable(const std::map<std::string, std::string>& entries,
                       const TableOptions& options = {});

// A checkpoint of float32 tensors in one shard.
class BundleBuilder {
 public:
  BundleBuilder& Add(const std::string& name, std::vector<int64_t> shape,
                     float value = 0);
  // An int64 scalar.
  BundleBuilder& AddInt(const std::string& name, int64_t value);
  // A scalar string, as the object graph is one.
  BundleBuilder& AddString(const std::string& name, const std::string& value);
  // Any entry message.
  BundleBuilder& AddEntry(const std::string& name, const std::string& entry);

  std::string Index(const TableOptions& options = {}) const;
  const std::string& Data() const { return data_; }
  // Adds PREFIX.index and PREFIX.data-00000-of-00001.
  void AddTo(MemoryFileSystem* files, const std::string& prefix) const;

 private:
  void Append(const std::string& name, uint64_t dtype,
              const std::vector<int64_t>& shape, const std::string& bytes,
              uint32_t crc);

  std::map<std::string, std::string> entries_;
  std::string data_;
};

}  // namespace ckptdiff

#endif  // CKPTDIFF_TESTS_SUPPORT_BUNDLE_BUILDER_H_
