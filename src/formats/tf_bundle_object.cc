// The checkpoint of tf.train.Checkpoint and of Keras 2's save_weights: a
// tensor bundle (tf_bundle.cc) that holds its own object graph, a serialized
// TrackableObjectGraph under the key _CHECKPOINTABLE_OBJECT_GRAPH. Keys are
// paths of attributes from the root,
//
//   model/layer_with_weights-0/kernel/.ATTRIBUTES/VARIABLE_VALUE
//   model/…/kernel/.OPTIMIZER_SLOT/optimizer/m/.ATTRIBUTES/VARIABLE_VALUE
//
// and a variable is loaded by that path alone. Its name, which the user's code
// shows, is the graph's `full_name`; names may repeat, keys do not. A key is
// taken as the graph spells it and never rebuilt. Reference: TensorFlow,
// core/protobuf/trackable_object_graph.proto, python/checkpoint.

#include "base/parse_error.h"
#include "formats/format.h"
#include "formats/tf/bundle.h"
#include "formats/tf/bundle_damage.h"
#include "formats/tf/object_layout.h"

namespace ckptdiff {
namespace {

Claim Detect(const Source& source, const ReadOptions& options) {
  return ClaimBundle(source, options, TableKind::kObjectBundle);
}

Layout Read(const Source& source, const ReadOptions& options) {
  TensorBundle bundle(source.files(), *FindTfPrefix(source, options));
  Layout layout;
  layout.source.format = "tf-bundle-object";
  layout.source.framework = "tensorflow";
  layout.source.resolved = bundle.prefix().resolved;
  layout.source.addressed_by = AddressedBy::kKey;
  ReadObjectBundle(bundle, &layout);
  std::vector<Issue> issues = ExamineBundle(bundle, options.verify);
  layout.issues.insert(layout.issues.begin(), issues.begin(), issues.end());
  return layout;
}

}  // namespace

extern constexpr Format kTfBundleObject = {
    .id = "tf-bundle-object",
    .summary = "TensorFlow checkpoint of tf.train.Checkpoint or save_weights",
    .extensions = "*.index *.ckpt.index",
    .is_checkpoint = true,
    .detect = Detect,
    .read = Read,
};

}  // namespace ckptdiff
