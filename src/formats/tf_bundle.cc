// The checkpoint of tf.train.Saver since TensorFlow 1.0 ("V2"), a tensor
// bundle whose keys are the names of variables:
//
//   P.index                   SSTable: header, then name → type, shape,
//                             shard, offset, size, checksum
//   P.data-00000-of-00001     the bytes, end to end
//   P.meta                    the graph that wrote it (meta-graph)
//   checkpoint                text: which P is the newest
//
// Optimizer state stands among the variables and is told by its name alone
// (layout/tf1_slots.h). A partitioned variable is one entry with the whole
// shape and one entry a slice, under encoded keys. Reference: TensorFlow,
// core/protobuf/tensor_bundle.proto and core/util/tensor_bundle.

#include "formats/format.h"
#include "formats/tf/bundle.h"
#include "formats/tf/bundle_damage.h"
#include "formats/tf/payload.h"
#include "layout/tf1_slots.h"

namespace ckptdiff {
namespace {

Claim Detect(const Source& source, const ReadOptions& options) {
  return ClaimBundle(source, options, TableKind::kBundle);
}

// The counter of a Keras optimizer that was built in a graph: Adam/iter.
bool IsIteration(const Variable& variable) {
  return variable.role == Role::kOptimizer &&
         variable.dtype.starts_with("int") &&
         (variable.name.ends_with("/iter") ||
          variable.name.ends_with("/iteration"));
}

bool IsGlobalStep(const Variable& variable) {
  return variable.role == Role::kStep;
}

// The global step's value, where one variable has that role; without one, the
// only optimizer's own count.
std::optional<int64_t> StepOf(const TensorBundle& bundle,
                              const Layout& layout) {
  for (auto* is_step : {IsGlobalStep, IsIteration}) {
    const Variable* step = nullptr;
    for (const Variable& variable : layout.variables) {
      if (!is_step(variable)) continue;
      if (step != nullptr) return std::nullopt;
      step = &variable;
    }
    if (step != nullptr) {
      return ScalarInt(bundle, *bundle.index().Find(step->key));
    }
  }
  return std::nullopt;
}

Layout Read(const Source& source, const ReadOptions& options) {
  TensorBundle bundle(source.files(), *FindTfPrefix(source, options));
  Layout layout;
  layout.source.format = "tf-bundle";
  layout.source.framework = "tensorflow";
  layout.source.resolved = bundle.prefix().resolved;
  for (const BundleEntry& entry : bundle.index().entries()) {
    if (bundle.index().IsSlice(entry)) continue;
    layout.variables.push_back(bundle.Describe(entry));
  }
  TieTf1Slots(&layout);
  layout.source.step = StepOf(bundle, layout);
  layout.issues = ExamineBundle(bundle, options.verify);
  return layout;
}

}  // namespace

extern constexpr Format kTfBundle = {
    .id = "tf-bundle",
    .summary = "TensorFlow checkpoint of tf.train.Saver (V2, by name)",
    .extensions = "*.index *.ckpt.index",
    .is_checkpoint = true,
    .detect = Detect,
    .read = Read,
};

}  // namespace ckptdiff
