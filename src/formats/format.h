// The shape of a format: a stateless constant of metadata plus functions. A
// format is one file, one line in the list of registry.cc, one line in the
// build's source list, one test, one fixture.

#ifndef CKPTDIFF_FORMATS_FORMAT_H_
#define CKPTDIFF_FORMATS_FORMAT_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ckptdiff/layout.h"
#include "ckptdiff/read.h"
#include "io/source.h"

namespace ckptdiff {

enum class Match {
  kNo,
  kMaybe,  // it looks like one, but an important part is missing or damaged
  kYes,    // magic and structure
};

// What a detector says of a path.
struct Claim {
  Match match = Match::kNo;
  // The path that is read: the index, the newest checkpoint of a directory …
  // Empty: the path that was asked about. Paths that lead to one checkpoint
  // have one `primary`: that is how an audit meets each only once.
  std::string primary;
  // Further paths that belong to this checkpoint (shards, state file,
  // sidecars), whether they exist or not. A directory stands for all below.
  std::vector<std::string> members;
};

struct Format {
  std::string_view id;  // the file's name with - for _; public, never renamed
  std::string_view summary;     // one line
  std::string_view extensions;  // "*.h5 *.hdf5": usual, never decisive
  bool is_checkpoint = true;    // false: a model description or a document
  // Cheap: touches a few KiB. Never throws on bad bytes.
  Claim (*detect)(const Source& source, const ReadOptions& options);
  // `source` is the path that was typed, and claimed. May throw ParseError.
  // Fills everything but source.path.
  Layout (*read)(const Source& source, const ReadOptions& options);
};

// The list, in order of preference where two claims are equal.
const std::vector<const Format*>& AllFormats();

// The best claim on a source; format == nullptr where there is none.
struct Detection {
  const Format* format = nullptr;
  Claim claim;
};
Detection DetectFormat(const Source& source, const ReadOptions& options);

// What a file that no format claims seems to be ("a Git LFS pointer: the file
// was never downloaded"), as the error that a person reads.
Error UnrecognizedError(const Source& source);

// Set where a file's name is one that loaders take for another format's:
// by the longest extension, `model.weights.h5` being not just any .h5.
std::optional<Misnomer> MisnomerOf(const SourceInfo& source);

// DetectFormat and read; exceptions end here.
Result<Layout> ReadSource(const Source& source, const ReadOptions& options);

}  // namespace ckptdiff

#endif  // CKPTDIFF_FORMATS_FORMAT_H_
