// `.keras`: a zip archive (or a directory of the same files) with
//
//   metadata.json        {"keras_version", "date_saved"}
//   config.json          {"class_name", "config", "compile_config", …}
//   model.weights.h5     the store (keras_store.h); or model.weights.json and
//                        its shards
//   assets/…             vocabularies and the like
//
// The store's paths count classes; only the config tells what the layers and
// variables are called, which are trained, and which optimizer has the slots.
// TF 2.12 also writes plain HDF5 under this extension: that is keras-h5.

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "base/parse_error.h"
#include "container/hdf5_file.h"
#include "container/json_doc.h"
#include "container/zip_archive.h"
#include "formats/format.h"
#include "formats/keras/hdf5.h"
#include "formats/keras/shards.h"
#include "formats/keras/store_layout.h"

namespace ckptdiff {
namespace {

constexpr uint64_t kMaxJson = uint64_t{256} << 20;
constexpr std::string_view kWeights = "model.weights.h5";
constexpr std::string_view kShardIndex = "model.weights.json";
constexpr std::string_view kPickledWeights = "model.weights.npz";

// Inflated stores stand in memory.
uint64_t InflateLimit(const ZipMember& member) {
  constexpr uint64_t kSmall = uint64_t{32} << 20, kLarge = uint64_t{2} << 30;
  return std::clamp(member.packed_size * 16, kSmall, kLarge);
}

// The files of an archive, or of a directory.
class Parts {
 public:
  explicit Parts(const Source& source) {
    if (source.is_directory()) {
      directory_ = std::make_unique<Source>(source);
      return;
    }
    archive_ = std::make_unique<ZipArchive>(source.file());
    if (!archive_->duplicates().empty()) {
      throw Corrupt(archive_->duplicates().front(),
                    "stands twice in the archive: which of the two is read "
                    "differs between programs");
    }
  }

  bool Has(std::string_view name) const {
    return archive_ ? archive_->Find(name) != nullptr
                    : directory_->Child(name).is_file();
  }

  // Empty where there is none.
  std::string Text(std::string_view name) const {
    if (!Has(name)) return {};
    return archive_ ? archive_->Read(*archive_->Find(name), kMaxJson)
                    : directory_->Child(name).ReadAll(kMaxJson);
  }

  OpenedShard Open(const std::string& name) const {
    if (!Has(name)) return {};
    if (!archive_) {
      Source file = directory_->Child(name);
      return {file.files().Open(file.path()), {name, 0}};
    }
    const ZipMember& member = *archive_->Find(name);
    std::optional<uint64_t> offset;
    if (member.stored()) offset = archive_->DataOffset(member);
    return {archive_->Open(member, InflateLimit(member)), {"", offset}};
  }

  // Members whose bytes are not what the directory says of them.
  void Verify(Layout* layout) const {
    if (!archive_) return;
    for (const ZipMember& member : archive_->members()) {
      if (std::optional<std::string> damage = archive_->Damage(member)) {
        layout->issues.push_back({"checksum-mismatch", member.name, *damage});
      }
    }
  }

 private:
  std::unique_ptr<Source> directory_;
  std::unique_ptr<ZipArchive> archive_;
};

bool HoldsWeights(const std::vector<std::string>& names) {
  return std::ranges::any_of(names, [](const std::string& name) {
    return name == kWeights || name == kShardIndex || name == kPickledWeights;
  });
}

bool Holds(const std::vector<std::string>& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

Claim DetectDirectory(const Source& source) {
  bool is_one = source.HasChild("config.json") &&
                source.HasChild("metadata.json") &&
                (source.HasChild(kWeights) || source.HasChild(kShardIndex));
  if (!is_one) return {};
  return {.match = Match::kYes, .primary = {}, .members = {source.path()}};
}

Claim Detect(const Source& source, const ReadOptions&) {
  if (source.is_directory()) return DetectDirectory(source);
  if (source.name() == kWeights) {  // of an unpacked archive
    Source directory(source.files(), source.directory());
    Claim claim = DetectDirectory(directory);
    if (claim.match == Match::kYes) claim.primary = directory.path();
    return claim;
  }
  if (!LooksLikeZip(source)) return {};
  std::vector<std::string> names = PeekZipNames(source);
  bool has_config = Holds(names, "config.json");
  if (has_config && HoldsWeights(names)) return {.match = Match::kYes};
  // A truncated archive shows its first member only.
  bool is_like_one = Holds(names, "metadata.json") || HoldsWeights(names);
  return {.match = is_like_one ? Match::kMaybe : Match::kNo};
}

// What the config tells of the layers; nullptr where that is nothing: a
// subclassed model, or a config that cannot be understood, without which the
// store can still be listed.
std::unique_ptr<KerasModel> ReadModel(const Json& config,
                                      const std::string& version,
                                      Layout* layout) {
  const Json* inner = Member(config, "config");
  if (inner == nullptr || Member(*inner, "layers") == nullptr) return nullptr;
  try {
    std::unique_ptr<KerasModel> model = ReadKerasModel(
        config, version.empty() ? std::nullopt : std::optional(version));
    return model->root->known ? std::move(model) : nullptr;
  } catch (const ParseError& error) {
    layout->issues.push_back(
        {"unreadable-checkpoint", "config.json",
         "the model is not understood: " + error.error().where + ": " +
             error.error().what});
    return nullptr;
  }
}

void ReadWeights(const Parts& parts, KerasStore* store, Layout* layout) {
  if (parts.Has(kShardIndex)) {
    auto open = [&](const std::string& name) { return parts.Open(name); };
    ReadShards(parts.Text(kShardIndex), open, store, layout);
    return;
  }
  if (!parts.Has(kWeights)) {
    if (parts.Has(kPickledWeights)) {
      throw Unsupported(std::string(kPickledWeights),
                        "holds the weights as pickled objects, which are not "
                        "unpickled",
                        "save the model anew: Keras writes model.weights.h5");
    }
    throw Corrupt(std::string(kWeights), "is not in the archive");
  }
  OpenedShard weights = parts.Open(std::string(kWeights));
  Hdf5Tree tree = ReadHdf5(*weights.file);
  AddToStore(tree.root, weights.place, store);
  layout->issues = Hdf5Issues(tree);
}

Layout Read(const Source& typed, const ReadOptions& options) {
  Source source = typed.is_file() && typed.name() == kWeights
                      ? Source(typed.files(), typed.directory())
                      : typed;
  Parts parts(source);
  Layout layout;
  layout.source.format = "keras-zip";
  layout.source.framework = "keras";
  layout.source.addressed_by = AddressedBy::kOrder;
  StoreContext context;
  std::string metadata = parts.Text("metadata.json");
  if (!metadata.empty()) {
    context.version =
        StringOr(ParseJson(metadata, "metadata.json"), "keras_version");
  }
  layout.source.writer = KerasWriter(context.version);
  if (KerasMajor(context.version).value_or(3) < 3) {
    context.dialect = SlotDialect::kKeras2;
  }
  KerasStore store;
  ReadWeights(parts, &store, &layout);
  Json config = ParseJson(parts.Text("config.json"), "config.json");
  if (const Json* compiled = Member(config, "compile_config")) {
    context.optimizer = ReadKerasOptimizer(Member(*compiled, "optimizer"));
  }
  std::unique_ptr<KerasModel> model =
      ReadModel(config, context.version, &layout);
  context.model = model.get();
  SlotOwners owners = ListStoreWeights(store, context, &layout);
  ListStoreOptimizer(store, context, owners, &layout);
  if (options.verify) parts.Verify(&layout);
  return layout;
}

}  // namespace

extern constexpr Format kKerasZip = {
    .id = "keras-zip",
    .summary = "Keras 3 model: .keras archive, or the same files unpacked",
    .extensions = "*.keras",
    .detect = Detect,
    .read = Read,
};

}  // namespace ckptdiff
