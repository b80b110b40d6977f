// The zip archive of torch.save and torch.jit.save.

#ifndef CKPTDIFF_FORMATS_TORCH_ARCHIVE_H_
#define CKPTDIFF_FORMATS_TORCH_ARCHIVE_H_

#include <optional>
#include <string>
#include <string_view>

#include "ckptdiff/layout.h"
#include "container/pickle.h"
#include "container/zip_archive.h"
#include "formats/torch_storages.h"
#include "io/source.h"

namespace ckptdiff {

enum class TorchArchiveKind {
  kNone,             // no zip, or another one
  kPickle,           // torch.save
  kScript,           // TorchScript
  kExport,           // torch.export.save, .pt2
  kPackage,          // torch.package
  kStableBaselines,  // holds torch files as members
};

// By the names of its members. For detectors: never throws.
TorchArchiveKind PeekTorchArchive(const Source& source);

class TorchArchive : public TorchStorages {
 public:
  // `file` must outlive the archive. Throws ParseError where it is damaged, or
  // has no data.pkl, or several.
  explicit TorchArchive(const File& file);

  Pickle ReadPickle() const;
  std::optional<TorchRecord> Find(std::string_view key) const override;

  // Reads everything; what does not agree with its CRC-32 becomes an issue.
  void Verify(Layout* layout) const;
  // Members that stand twice under one name.
  void ListDuplicates(Layout* layout) const;

 private:
  const File* file_;
  ZipArchive zip_;
  std::string root_;  // "archive/", or "" in crafted files
  bool is_big_endian_ = false;
  bool has_checksums_ = true;  // false: switched off for every member
};

// The pickle of an archive inside another file; nullopt where that is damaged:
// one bad record does not hide the others.
std::optional<Pickle> TryReadPickle(const File& file);

// What is wrong with the first member whose content does not agree with its
// size or CRC-32, or with the archive itself; nullopt where all agrees. Reads
// everything.
std::optional<std::string> DamageOfArchive(const File& file);

// Where the only tensor of such an archive stands in `file`; nullopt where it
// is damaged, or holds something else.
std::optional<TorchRecord> TryFindTensor(const File& file);

}  // namespace ckptdiff

#endif  // CKPTDIFF_FORMATS_TORCH_ARCHIVE_H_
