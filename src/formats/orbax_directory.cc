#include "formats/orbax_directory.h"

#include <utility>

#include "container/ocdbt.h"

namespace ckptdiff {
namespace {

constexpr std::string_view kUnfinished = ".orbax-checkpoint-tmp";
constexpr std::string_view kManifestMagic = "\x0c\xdb\x3a\x2a";

bool IsUsualItem(std::string_view name) {
  for (std::string_view usual : {"default", "state", "train_state", "params",
                                 "model", "items", "pytree"}) {
    if (name == usual) return true;
  }
  return false;
}

bool IsStep(const Source& directory) {
  return IsOrbaxItem(directory) || !OrbaxItemsOf(directory).empty();
}

// The newest finished step below a directory.
std::optional<Source> NewestStep(const Source& root) {
  std::optional<Source> newest;
  int64_t highest = -1;
  for (const std::string& name : root.Entries()) {
    std::optional<int64_t> step = OrbaxStepNumber(name);
    if (!step || *step <= highest || IsUnfinishedOrbax(name)) continue;
    Source child = root.Child(name);
    if (!child.is_directory() || !IsStep(child)) continue;
    newest = child;
    highest = *step;
  }
  return newest;
}

}  // namespace

bool IsOrbaxItem(const Source& directory) {
  if (directory.HasChild(kOrbaxTree) &&
      directory.Child(kOrbaxTree).Peek(0, 1) == "{") {
    return true;
  }
  return directory.HasChild(kOcdbtManifest) ||
         directory.HasChild("ocdbt.process_0") ||
         directory.HasChild("array_metadatas");
}

bool IsUnfinishedOrbax(std::string_view name) {
  return name.find(kUnfinished) != name.npos;
}

std::optional<int64_t> OrbaxStepNumber(std::string_view name) {
  size_t digits = name.find_last_not_of("0123456789") + 1;
  std::string_view number = name.substr(digits);
  if (number.empty() || number.size() > 18) return std::nullopt;
  if (digits > 0 && name[digits - 1] != '_' && name[digits - 1] != '-') {
    return std::nullopt;
  }
  int64_t value = 0;
  for (char c : number) value = value * 10 + (c - '0');
  return value;
}

std::vector<std::string> OrbaxItemsOf(const Source& step) {
  bool is_step = step.HasChild(kOrbaxStepMetadata) ||
                 OrbaxStepNumber(step.name()).has_value();
  std::vector<std::string> items;
  for (const std::string& name : step.Entries()) {
    if (name.starts_with("ocdbt.process_") || IsUnfinishedOrbax(name)) continue;
    Source item = step.Child(name);
    bool is_usual = IsUsualItem(name);
    if (!IsOrbaxItem(item) || (item.HasChild(kOrbaxStepMetadata) && !is_usual))
      continue;
    if (is_step || is_usual) items.push_back(name);
  }
  return items;
}

std::optional<OrbaxPlace> LocateOrbax(const Source& source) {
  if (source.is_file()) {
    std::string name = source.name();
    bool is_part = source.Peek(0, 4) == kManifestMagic ||
                   (name == kOrbaxTree && source.Peek(0, 1) == "{") ||
                   (name == kOrbaxStepMetadata && source.Peek(0, 1) == "{");
    if (!is_part) return std::nullopt;
    Source directory(source.files(), source.directory());
    return directory.is_directory() && IsStep(directory)
               ? LocateOrbax(directory)
               : std::nullopt;
  }
  if (IsOrbaxItem(source)) return OrbaxPlace{source, {}};
  std::vector<std::string> items = OrbaxItemsOf(source);
  bool is_run = !source.HasChild(kOrbaxStepMetadata) && NewestStep(source);
  if (!items.empty() && !is_run) return OrbaxPlace{source, std::move(items)};
  std::optional<Source> newest = NewestStep(source);
  if (!newest) {
    bool is_empty = source.HasChild(kOrbaxStepMetadata);
    return is_empty ? std::optional(OrbaxPlace{source, {}}) : std::nullopt;
  }
  OrbaxPlace place{*newest, {}, true};
  if (!IsOrbaxItem(*newest)) place.items = OrbaxItemsOf(*newest);
  return place;
}

}  // namespace ckptdiff
