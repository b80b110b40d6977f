// Zip archives in memory, honest and crooked ones.

#ifndef CKPTDIFF_TESTS_SUPPORT_ZIP_BUILDER_H_
#define CKPTDIFF_TESTS_SUPPORT_ZIP_BUILDER_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ckptdiff {

class ZipBuilder {
 public:
  struct Options {
    bool deflate = false;          // as one stored block of deflate
    std::optional<uint32_t> crc;   // instead of the true one
    std::string extra;             // extra field of the local header
    std::string local_name;        // instead of the name
    std::optional<uint32_t> size;  // that the directory claims
  };

  ZipBuilder& Add(const std::string& name, const std::string& content,
                  const Options& options);
  ZipBuilder& Add(const std::string& name, const std::string& content) {
    return Add(name, content, Options());
  }
  // The archive, with zip64 records and sizes where `zip64`.
  std::string Build(bool zip64 = false) const;

 private:
  struct Entry {
    std::string name;
    uint16_t method;
    uint32_t crc;
    uint32_t packed_size;
    uint32_t size;
    uint32_t offset;
  };
  std::string Directory(bool zip64) const;

  std::string body_;
  std::vector<Entry> entries_;
};

}  // namespace ckptdiff

#endif  // CKPTDIFF_TESTS_SUPPORT_ZIP_BUILDER_H_
