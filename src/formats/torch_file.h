// What torch.save() wrote, in either of its two containers.

#ifndef CKPTDIFF_FORMATS_TORCH_FILE_H_
#define CKPTDIFF_FORMATS_TORCH_FILE_H_

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "ckptdiff/layout.h"
#include "container/pickle.h"
#include "formats/torch_archive.h"
#include "formats/torch_layout.h"
#include "formats/torch_storages.h"
#include "io/source.h"

namespace ckptdiff {

// The pickles of a legacy file (torch_legacy.cc describes it) and where its
// storages stand behind them.
class TorchLegacyFile : public TorchStorages {
 public:
  // `file` must outlive this. Throws ParseError.
  explicit TorchLegacyFile(const File& file);

  const Pickle& pickle() const { return *pickle_; }
  std::optional<TorchRecord> Find(std::string_view key) const override;

 private:
  void Locate(const PickleValue& keys, uint64_t offset, bool is_big_endian);

  const File* file_;
  std::optional<Pickle> pickle_;
  std::unordered_map<std::string, TorchRecord> records_;
};

// By the magic number; never throws.
bool IsTorchLegacy(const Source& source);

class TorchFile {
 public:
  // `file` must outlive this. Throws ParseError.
  explicit TorchFile(const File& file);

  TorchObject object() const { return TorchObject::Of(pickle()); }
  const TorchStorages& storages() const;
  // Adds what the container itself says is damaged; all of it is read.
  void Verify(Layout* layout) const;

 private:
  const Pickle& pickle() const;

  std::unique_ptr<TorchArchive> archive_;
  std::optional<Pickle> archive_pickle_;
  std::unique_ptr<TorchLegacyFile> legacy_;
};

}  // namespace ckptdiff

#endif  // CKPTDIFF_FORMATS_TORCH_FILE_H_
