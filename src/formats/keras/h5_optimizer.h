// The group `optimizer_weights` of a legacy Keras HDF5 file: an ordered list of
// names that mostly say whose state they are. Four spellings:
//
//   Adam/dense/kernel/m:0         tf.keras up to 2.10, legacy optimizers later
//   Adam/m/dense/kernel:0         Keras 2.11 to 2.15, tf-keras
//   adam/mlp_dense_kernel_momentum    Keras 3
//   training/Adam/Variable_7:0    Keras 1 to 2.2: by order alone

#ifndef CKPTDIFF_FORMATS_KERAS_H5_OPTIMIZER_H_
#define CKPTDIFF_FORMATS_KERAS_H5_OPTIMIZER_H_

#include <string>
#include <string_view>

#include "ckptdiff/layout.h"
#include "container/hdf5_file.h"
#include "formats/keras/optimizer.h"
#include "formats/keras/slots.h"

namespace ckptdiff {

// Adds the variables below `group`, whose path is `prefix`, and sets the step.
void ListH5Optimizer(const Hdf5Node& group, const std::string& prefix,
                     const KerasOptimizer& optimizer,
                     std::string_view keras_version, const SlotOwners& owners,
                     Layout* layout);

}  // namespace ckptdiff

#endif  // CKPTDIFF_FORMATS_KERAS_H5_OPTIMIZER_H_
