#include "support/zip_builder.h"

#include "container/zip_archive.h"
#include "support/little.h"

namespace ckptdiff {
namespace {

// A final stored block: content of at most 65,535 bytes.
std::string Deflated(const std::string& content) {
  return Little(1, 1) + Little(content.size(), 2) +
         Little(~content.size() & 0xffff, 2) + content;
}

}  // namespace

ZipBuilder& ZipBuilder::Add(const std::string& name, const std::string& content,
                            const Options& options) {
  std::string packed = options.deflate ? Deflated(content) : content;
  Entry entry = {
      .name = name,
      .method = static_cast<uint16_t>(options.deflate ? 8 : 0),
      .crc = options.crc.value_or(Crc32(AsBytes(content))),
      .packed_size = static_cast<uint32_t>(packed.size()),
      .size = options.size.value_or(static_cast<uint32_t>(content.size())),
      .offset = static_cast<uint32_t>(body_.size())};
  const std::string& local =
      options.local_name.empty() ? name : options.local_name;
  // Sizes are zero and follow in a descriptor, as torch writes them.
  body_ += "PK\3\4" + Little(20, 2) + Little(0x808, 2) +
           Little(entry.method, 2) + Little(0, 4) + Little(0, 12) +
           Little(local.size(), 2) + Little(options.extra.size(), 2) + local +
           options.extra + packed + "PK\7\10" + Little(entry.crc, 4) +
           Little(packed.size(), 4) + Little(content.size(), 4);
  entries_.push_back(entry);
  return *this;
}

std::string ZipBuilder::Directory(bool zip64) const {
  std::string directory;
  for (const Entry& entry : entries_) {
    std::string extra;
    if (zip64) {
      extra = Little(1, 2) + Little(24, 2) + Little(entry.size, 8) +
              Little(entry.packed_size, 8) + Little(entry.offset, 8);
    }
    directory += "PK\1\2" + Little(20, 2) + Little(20, 2) + Little(0x808, 2) +
                 Little(entry.method, 2) + Little(0, 4) + Little(entry.crc, 4) +
                 Little(zip64 ? UINT32_MAX : entry.packed_size, 4) +
                 Little(zip64 ? UINT32_MAX : entry.size, 4) +
                 Little(entry.name.size(), 2) + Little(extra.size(), 2) +
                 Little(0, 10) + Little(zip64 ? UINT32_MAX : entry.offset, 4) +
                 entry.name + extra;
  }
  return directory;
}

std::string ZipBuilder::Build(bool zip64) const {
  std::string directory = Directory(zip64);
  std::string archive = body_ + directory;
  if (zip64) {
    size_t record = archive.size();
    archive += "PK\6\6" + Little(44, 8) + Little(45, 2) + Little(45, 2) +
               Little(0, 8) + Little(entries_.size(), 8) +
               Little(entries_.size(), 8) + Little(directory.size(), 8) +
               Little(body_.size(), 8);
    archive += "PK\6\7" + Little(0, 4) + Little(record, 8) + Little(1, 4);
  }
  uint64_t count = entries_.size();
  // As torch writes it: the plain record is true as well.
  return archive + "PK\5\6" + Little(0, 4) + Little(count, 2) +
         Little(count, 2) + Little(directory.size(), 4) +
         Little(body_.size(), 4) + Little(0, 2);
}

}  // namespace ckptdiff
