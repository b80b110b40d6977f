// HDF5 files as a tree of values: groups, data sets, links, attributes. No
// tensor is read. libhdf5 does the parsing, in a child process that may die
// (hdf5_walk.h): it crashes or hangs on damaged files.

#ifndef CKPTDIFF_CONTAINER_HDF5_FILE_H_
#define CKPTDIFF_CONTAINER_HDF5_FILE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ckptdiff/layout.h"
#include "io/file_system.h"
#include "io/source.h"

namespace ckptdiff {

struct Hdf5Attribute {
  std::string name;
  std::vector<std::string> texts;  // of strings: one, or a list
  std::vector<double> numbers;     // of numbers, at most 4,096
};

struct Hdf5Node {
  enum class Kind : uint8_t {
    kGroup,
    kDataset,
    kSoftLink,      // never followed, no more than an external one
    kExternalLink,  // into another file
    kOther,         // a committed type, or what a later HDF5 invents
  };

  std::string name;  // one component; empty: the root
  Kind kind = Kind::kGroup;
  std::string target;  // of links; of data that lie in other files: which
  std::vector<Hdf5Attribute> attributes;  // ordered by name
  std::vector<Hdf5Node> children;         // of groups, ordered by name

  // Of data sets.
  Shape shape;
  std::string dtype;    // dtype.h; empty: none of them
  uint64_t stored = 0;  // bytes that the file holds of it, compressed or not
  std::optional<uint64_t> offset;  // in the file, where contiguous
  bool outside = false;            // external storage, virtual: see `target`
  bool contiguous = false;         // neither compact nor chunked
  std::optional<double> scalar;    // the value, of numbers of rank 0

  bool is_group() const { return kind == Kind::kGroup; }
  bool is_dataset() const { return kind == Kind::kDataset; }
  // The child or attribute of that name, or nullptr.
  const Hdf5Node* Child(std::string_view child_name) const;
  // The node at "a/b/c" below this one, or nullptr.
  const Hdf5Node* At(std::string_view path) const;
  const Hdf5Attribute* Attribute(std::string_view attribute_name) const;
  // The first text of an attribute; empty if there is none.
  std::string Text(std::string_view attribute_name) const;
  // A list of names, put together from name0, name1, … where it was too long
  // for one attribute. nullopt: no such attribute.
  std::optional<std::vector<std::string>> Names(std::string_view name) const;
};

struct Hdf5Tree {
  Hdf5Node root;
  uint64_t file_size = 0;
  // Where the superblock says that the file ends, if that is farther.
  std::optional<uint64_t> expected_size;
};

// Walks the whole file. Throws ParseError: no HDF5, damaged beyond listing,
// more than 10^6 objects, deeper than 64 groups.
Hdf5Tree ReadHdf5(const File& file);

// Offset of the HDF5 signature: 0, 512, 1024, 2048, …; nullopt where there is
// none. For detectors: never throws, reads 8 bytes a try.
std::optional<uint64_t> FindHdf5(const Source& source);

}  // namespace ckptdiff

#endif  // CKPTDIFF_CONTAINER_HDF5_FILE_H_
