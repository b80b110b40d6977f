// Finds what is to be audited below some paths, each checkpoint once.

#ifndef CKPTDIFF_AUDIT_WALK_H_
#define CKPTDIFF_AUDIT_WALK_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ckptdiff/result.h"
#include "io/file_system.h"

namespace ckptdiff {

struct Found {
  std::string path;    // as typed, completed below directories
  std::string format;  // empty: no format claims it, it only looks like one
  std::optional<Error> error;  // a directory that cannot be listed
};

struct Walk {
  std::vector<Found> found;  // ordered by path as bytes
  uint64_t skipped = 0;      // model descriptions and layout documents
};

// Links below a typed path are not followed. Only a typed path that does not
// exist is an error.
Result<Walk> FindCheckpoints(const std::vector<std::string>& paths);

}  // namespace ckptdiff

#endif  // CKPTDIFF_AUDIT_WALK_H_
