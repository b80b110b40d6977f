// What the two HDF5 layouts of Keras share: telling them apart, a data set as
// a Variable, and what is odd about a file.

#ifndef CKPTDIFF_FORMATS_KERAS_HDF5_H_
#define CKPTDIFF_FORMATS_KERAS_HDF5_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ckptdiff/layout.h"
#include "ckptdiff/result.h"
#include "container/hdf5_file.h"
#include "io/source.h"

namespace ckptdiff {

enum class KerasHdf5 {
  kNone,     // no HDF5 at all
  kLegacy,   // layer_names, model_weights: keras-h5
  kStore,    // layers/dense/vars/0: keras-weights-h5
  kForeign,  // HDF5 that Keras did not write as a checkpoint
};

// From the first bytes alone, for detectors: libhdf5 is not asked. A foreign
// verdict is a guess.
KerasHdf5 SniffKerasHdf5(const Source& source);
// From the tree: the truth.
KerasHdf5 KindOf(const Hdf5Node& root);
// What a foreign file seems to be, as the error of a reader.
Error ForeignHdf5(const Hdf5Node& root);

// The data set at `key`: shape, dtype, bytes and where they lie.
Variable DatasetVariable(const Hdf5Node& node, std::string key);

// A number of rank 0 as a step; nullopt where it is none.
std::optional<int64_t> StepValue(const Hdf5Node& node);

// Links, data in other files, truncation, holes, overlaps.
std::vector<Issue> Hdf5Issues(const Hdf5Tree& tree);

// "Keras 3.15.1", "tf-keras 2.16.0": who writes such a version. Empty for "".
std::string KerasWriter(std::string_view version);
// 1, 2 or 3; nullopt where the version does not tell.
std::optional<int> KerasMajor(std::string_view version);

// `name` without ":0".
std::string WithoutOutputIndex(std::string_view name);

// Statistics and counters, by the names that Keras gives them.
bool IsStatistic(std::string_view leaf);

}  // namespace ckptdiff

#endif  // CKPTDIFF_FORMATS_KERAS_HDF5_H_
