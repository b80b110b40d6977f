// What a person types for a TensorFlow checkpoint. Its name is a prefix P
// that is no file; people type the files, the directory, the state file too:
//
//   P, P.index, P.data-00000-of-00001, P.meta    that checkpoint
//   a directory, its `checkpoint` file           the one the state file names
//
// The state file is a text-format message: `model_checkpoint_path: "..."` is
// the newest, relative to the directory. An absolute path often comes from
// another machine; TensorFlow then finds nothing, we look beside the file.

#ifndef CKPTDIFF_FORMATS_TF_PREFIX_H_
#define CKPTDIFF_FORMATS_TF_PREFIX_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ckptdiff/layout.h"
#include "ckptdiff/read.h"
#include "io/source.h"

namespace ckptdiff {

struct TfPrefix {
  std::string path;        // P
  std::string index;       // P.index, or the table that was typed
  std::string resolved;    // of a directory or state file: what was chosen
  std::string state_file;  // that led here; empty: none did
  std::vector<Issue> issues;
};

// nullopt where the path leads to no index.
std::optional<TfPrefix> FindTfPrefix(const Source& source,
                                     const ReadOptions& options);

// "P.data-00001-of-00003".
std::string ShardPath(std::string_view prefix, uint32_t shard, uint32_t shards);

// P of "P.data-00001-of-00003"; nullopt where the name is none of a shard.
std::optional<std::string> PrefixOfShard(std::string_view path);

struct CheckpointState {
  std::string latest;
  std::vector<std::string> all;
};
// nullopt where the text is no state file.
std::optional<CheckpointState> ParseCheckpointState(std::string_view text);

}  // namespace ckptdiff

#endif  // CKPTDIFF_FORMATS_TF_PREFIX_H_
