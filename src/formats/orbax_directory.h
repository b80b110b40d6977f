// How Orbax lays a checkpoint out in directories: runs, steps, items. The
// picture stands in formats/orbax.cc.

#ifndef CKPTDIFF_FORMATS_ORBAX_DIRECTORY_H_
#define CKPTDIFF_FORMATS_ORBAX_DIRECTORY_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "io/source.h"

namespace ckptdiff {

inline constexpr std::string_view kOrbaxTree = "_METADATA";
inline constexpr std::string_view kOrbaxStepMetadata = "_CHECKPOINT_METADATA";

// What was typed, as Orbax sees it.
struct OrbaxPlace {
  Source step;                     // of the checkpoint
  std::vector<std::string> items;  // below it; empty: it is the item itself
  bool is_chosen = false;          // a run was typed, and has several
};

// nullopt: nothing of Orbax. Never throws on bad bytes.
std::optional<OrbaxPlace> LocateOrbax(const Source& source);

// Whether a directory holds a tree of arrays.
bool IsOrbaxItem(const Source& directory);

// The items of a step that hold a tree of arrays. What has a
// _CHECKPOINT_METADATA of its own is a checkpoint, not an item; and without
// one here, only the names tell that these are not several checkpoints.
std::vector<std::string> OrbaxItemsOf(const Source& step);

// Of "10", "checkpoint_10", "ckpt_000007".
std::optional<int64_t> OrbaxStepNumber(std::string_view name);

// A save that never ended.
bool IsUnfinishedOrbax(std::string_view name);

}  // namespace ckptdiff

#endif  // CKPTDIFF_FORMATS_ORBAX_DIRECTORY_H_
