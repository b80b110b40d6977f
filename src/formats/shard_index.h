// A model in several files, as the Hugging Face libraries write it:
//
//   model.safetensors.index.json     {"metadata": {"total_size": 123},
//   (pytorch_model.bin.index.json)    "weight_map": {"w": "model-00001-of-…"}}
//   model-00001-of-00002.safetensors  every shard a whole file of its format
//
// Shared by the formats whose files are sharded like this.

#ifndef CKPTDIFF_FORMATS_SHARD_INDEX_H_
#define CKPTDIFF_FORMATS_SHARD_INDEX_H_

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ckptdiff/layout.h"
#include "formats/format.h"
#include "io/source.h"

namespace ckptdiff {

// Whether this is an index whose shards' names end in one of `extensions`
// (".safetensors"). For detectors: never throws.
bool IsShardIndex(const Source& source,
                  std::span<const std::string_view> extensions);

// The claim on an index: itself, and the files beside it that are named as
// shards ("….-00001-of-00002.…") or stand in its weight_map.
Claim ClaimShardIndex(const Source& index);

// Reads every shard and puts them together, in the order of their names. What
// index and shards do not agree on is in Layout::issues: missing-shard,
// stale-state-file, duplicate-variable, external-link, and
// unreadable-checkpoint for a shard that is no whole file. Byte ranges name
// their shard. Throws ParseError where the index itself is damaged.
Layout ReadShards(const Source& index, const ReadOptions& options);

// Of a metadata map (name → text), the entries that savers leave for weights
// that share a storage, {"lm_head.weight": "embed.weight"}, dropped → kept:
// each becomes a variable that is tied to the one it was dropped for.
void AddTies(const std::map<std::string, std::string>& metadata,
             Layout* layout);

}  // namespace ckptdiff

#endif  // CKPTDIFF_FORMATS_SHARD_INDEX_H_
