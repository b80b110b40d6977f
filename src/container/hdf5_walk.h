// The half of hdf5_file that runs in the child process: the only place that
// knows libhdf5. It writes the tree as records, which hdf5_file.cc decodes:
//
//   'G' name            a group; its attributes and children follow, then 'E'
//   'D' name …          a data set: dtype, rank, dimensions, stored bytes,
//                       offset, layout, scalar, target
//   'L' kind name target   a link, or an object of no interest
//   'A' name texts numbers   an attribute of the group that is open
//   'X' where what      the walk ended here: this is what libhdf5 says
//   'Z'                 the walk is complete
//
// Numbers are little-endian; texts and lists have a u32 length in front.

#ifndef CKPTDIFF_CONTAINER_HDF5_WALK_H_
#define CKPTDIFF_CONTAINER_HDF5_WALK_H_

#include <cstdint>

#include "container/forked_task.h"
#include "io/file_system.h"

namespace ckptdiff {

constexpr uint64_t kHdf5NoOffset = ~uint64_t{0};

enum Hdf5LayoutBits : uint8_t {
  kHdf5Contiguous = 1,
  kHdf5Outside = 2,
  kHdf5HasScalar = 4,
};

struct Hdf5WalkLimits {
  uint64_t objects = 1000000;
  uint32_t depth = 64;
  // The file's end as its superblock has it: libhdf5 refuses a file that is
  // shorter, although all of its structure may be there.
  uint64_t end = 0;
};

// Closes every door behind it (no further file can be opened): call it in a
// child process only.
void WalkHdf5(const File& file, const Hdf5WalkLimits& limits,
              const ForkSink& sink);

}  // namespace ckptdiff

#endif  // CKPTDIFF_CONTAINER_HDF5_WALK_H_
