// From a path to a Layout.

#ifndef CKPTDIFF_READ_H_
#define CKPTDIFF_READ_H_

#include <string>
#include <string_view>
#include <vector>

#include "ckptdiff/layout.h"
#include "ckptdiff/result.h"

namespace ckptdiff {

// What a format is, for `ckptdiff formats` and for documents.
struct FormatInfo {
  std::string_view id;          // "tf-bundle"; public, never renamed
  std::string_view summary;     // one line
  std::string_view extensions;  // "*.h5 *.hdf5": usual, never decisive
  bool is_checkpoint;           // false: a model description only
};

// In order of preference.
const std::vector<FormatInfo>& Formats();

struct ReadOptions {
  // What the path is wanted for: some (`x.meta`) stand for a checkpoint and
  // for a model description alike.
  enum class As { kAnything, kCheckpoint, kModel };
  As as = As::kAnything;
  // Also read the data and check it against what the file says of it
  // (checksums, sizes, shards); what does not agree is in Layout::issues.
  bool verify = false;
  // Which part of a nested bundle is the model ("state_dict"); empty: found.
  std::string subtree;
  // Takes what a person should be told and no program needs (a field of a
  // layout document that nobody knows), a line each; nullptr: untold.
  std::vector<std::string>* remarks = nullptr;
};

// Reads headers only, unless options.verify. `path` is a file, a checkpoint
// prefix, or a directory, which resolves as its framework would resolve it.
// "-" is a layout document on standard input.
Result<Layout> ReadLayout(const std::string& path,
                          const ReadOptions& options = {});

// What a path is, told from a few KiB of it.
struct Identity {
  std::string_view format;     // a FormatInfo::id; empty: no format claims it
  bool is_checkpoint = false;  // false: a model description only
  // The path that is read. Paths that lead to one checkpoint have one primary;
  // where a directory itself is the checkpoint, it is the directory.
  std::string primary;
  // Other paths that belong to it, whether they exist or not; a directory
  // stands for all below.
  std::vector<std::string> members;
};

Identity Identify(const std::string& path, const ReadOptions& options = {});

}  // namespace ckptdiff

#endif  // CKPTDIFF_READ_H_
