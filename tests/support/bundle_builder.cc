#include "support/bundle_builder.h"

#include <leveldb/env.h>
#include <leveldb/options.h>
#include <leveldb/table_builder.h>

#include <cstring>

#include "container/crc32c.h"
#include "support/little.h"

namespace ckptdiff {
namespace {

constexpr uint64_t kFloat32 = 1, kString = 7, kInt64 = 9;

std::string Varint(uint64_t value) {
  std::string out;
  for (; value >= 0x80; value >>= 7) {
    out += static_cast<char>((value & 0x7f) | 0x80);
  }
  return out + static_cast<char>(value);
}

class StringFile : public leveldb::WritableFile {
 public:
  leveldb::Status Append(const leveldb::Slice& data) override {
    content.append(data.data(), data.size());
    return {};
  }
  leveldb::Status Close() override { return {}; }
  leveldb::Status Flush() override { return {}; }
  leveldb::Status Sync() override { return {}; }

  std::string content;
};

}  // namespace

std::string ProtoVarint(uint32_t field, uint64_t value) {
  return Varint(field << 3) + Varint(value);
}

std::string ProtoBytes(uint32_t field, const std::string& value) {
  return Varint(field << 3 | 2) + Varint(value.size()) + value;
}

std::string ProtoFixed32(uint32_t field, uint32_t value) {
  return Varint(field << 3 | 5) + Little(value, 4);
}

std::string BuildTable(const std::map<std::string, std::string>& entries,
                       const TableOptions& options) {
  leveldb::Options settings;
  settings.block_size = options.block_bytes;
  settings.compression =
      options.snappy ? leveldb::kSnappyCompression : leveldb::kNoCompression;
  StringFile file;
  leveldb::TableBuilder builder(settings, &file);
  for (const auto& [key, value] : entries) builder.Add(key, value);
  builder.Finish();
  return file.content;
}

void BundleBuilder::Append(const std::string& name, uint64_t dtype,
                           const std::vector<int64_t>& shape,
                           const std::string& bytes, uint32_t crc) {
  std::string dims;
  for (int64_t dim : shape) {
    dims += ProtoBytes(2, ProtoVarint(1, static_cast<uint64_t>(dim)));
  }
  entries_[name] = ProtoVarint(1, dtype) + ProtoBytes(2, dims) +
                   ProtoVarint(4, data_.size()) + ProtoVarint(5, bytes.size()) +
                   ProtoFixed32(6, MaskCrc32c(crc));
  data_ += bytes;
}

BundleBuilder& BundleBuilder::Add(const std::string& name,
                                  std::vector<int64_t> shape, float value) {
  std::string one(sizeof(value), '\0'), bytes;
  std::memcpy(one.data(), &value, sizeof(value));
  int64_t elements = 1;
  for (int64_t dim : shape) elements *= dim;
  for (int64_t i = 0; i < elements; ++i) bytes += one;
  Append(name, kFloat32, shape, bytes, Crc32c(AsBytes(bytes)));
  return *this;
}

BundleBuilder& BundleBuilder::AddInt(const std::string& name, int64_t value) {
  std::string bytes = Little(static_cast<uint64_t>(value), 8);
  Append(name, kInt64, {}, bytes, Crc32c(AsBytes(bytes)));
  return *this;
}

BundleBuilder& BundleBuilder::AddString(const std::string& name,
                                        const std::string& value) {
  uint32_t crc = Crc32c(AsBytes(Little(value.size(), 4)));
  std::string checksum = Little(MaskCrc32c(crc), 4);
  crc = ExtendCrc32c(ExtendCrc32c(crc, AsBytes(checksum)), AsBytes(value));
  Append(name, kString, {}, Varint(value.size()) + checksum + value, crc);
  return *this;
}

BundleBuilder& BundleBuilder::AddEntry(const std::string& name,
                                       const std::string& entry) {
  entries_[name] = entry;
  return *this;
}

std::string BundleBuilder::Index(const TableOptions& options) const {
  std::map<std::string, std::string> all = entries_;
  if (!all.contains("")) {
    all[""] = ProtoVarint(1, 1) + ProtoBytes(3, ProtoVarint(1, 1));
  }
  return BuildTable(all, options);
}

void BundleBuilder::AddTo(MemoryFileSystem* files,
                          const std::string& prefix) const {
  files->Add(prefix + ".index", Index());
  files->Add(prefix + ".data-00000-of-00001", data_);
}

}  // namespace ckptdiff
