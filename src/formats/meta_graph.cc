// The `.meta` file beside a checkpoint of tf.train.Saver: a MetaGraphDef, the
// graph of the program that wrote it (formats/tf/meta_graph_def.h). It is the
// one machine-readable description of a TF1 model: what its Saver writes is
// what it will ask for. Typed where a checkpoint is wanted, it stands for the
// checkpoint beside it (formats/tf/prefix.h).

#include "base/parse_error.h"
#include "formats/format.h"
#include "formats/tf/meta_graph_def.h"
#include "formats/tf/prefix.h"
#include "layout/tf1_slots.h"

namespace ckptdiff {
namespace {

Claim Detect(const Source& source, const ReadOptions& options) {
  if (!source.is_file() || source.Peek(0, 1) != "\n") return {};
  bool is_named = source.path().ends_with(".meta");
  if (is_named && FindTfPrefix(source, options)) return {};
  try {
    bool is_one = LooksLikeMetaGraph(ProtoFile(source.file(), ""));
    return {.match = is_one ? Match::kYes : Match::kNo};
  } catch (const ParseError&) {
    return {.match = is_named ? Match::kMaybe : Match::kNo};
  }
}

Layout Read(const Source& source, const ReadOptions&) {
  MetaGraph graph = ReadMetaGraph(ProtoFile(source.file(), "meta graph"));
  Layout layout;
  layout.source.format = "meta-graph";
  layout.source.framework = "tensorflow";
  if (!graph.tensorflow_version.empty()) {
    layout.source.writer = "TensorFlow " + graph.tensorflow_version;
  }
  layout.variables = std::move(graph.variables);
  TieTf1Slots(&layout);
  return layout;
}

}  // namespace

extern constexpr Format kMetaGraph = {
    .id = "meta-graph",
    .summary = "TensorFlow graph of a Saver (.meta), as a model description",
    .extensions = "*.meta",
    .is_checkpoint = false,
    .detect = Detect,
    .read = Read,
};

}  // namespace ckptdiff
