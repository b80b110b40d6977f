// A SavedModel, TensorFlow's directory for serving:
//
//   saved_model.pb              SavedModel: 1 schema version (1),
//                               2 meta_graphs (MetaGraphDef, one per tag set)
//   variables/variables.index   a tensor bundle; absent without variables
//   variables/variables.data-…
//   keras_metadata.pb           Keras 2.5 to 2.15: 1 nodes {2 node_id,
//                               4 identifier, 5 metadata (JSON)}
//
// The variables are those of the bundle, by object in TF2 and by name in TF1.
// A TF2 graph also holds a SavedObjectGraph: name, shape, type, trainable and
// the Keras layer of every variable, so that a SavedModel without its
// variables/ still is a model description. Node ids of the two graphs differ
// in some files: they are joined by object path, then by name. Reference:
// TensorFlow, core/protobuf/saved_model.proto, saved_object_graph.proto.

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/parse_error.h"
#include "base/text.h"
#include "formats/format.h"
#include "formats/tf/bundle.h"
#include "formats/tf/bundle_damage.h"
#include "formats/tf/meta_graph_def.h"
#include "formats/tf/object_layout.h"
#include "formats/tf/payload.h"
#include "formats/tf/saved_objects.h"
#include "layout/tf1_slots.h"

namespace ckptdiff {
namespace {

constexpr uint64_t kMaxKerasMetadata = 512 << 20;
constexpr size_t kVersionPeek = 1 << 20;

// The model's directory and its protobuf; both of a directory or of the file.
struct Place {
  Source directory;
  Source graph;  // saved_model.pb or saved_model.pbtxt
  bool is_text;
};

std::optional<Place> Find(const Source& source) {
  for (std::string_view name : {"saved_model.pb", "saved_model.pbtxt"}) {
    bool is_text = name.ends_with("txt");
    if (source.is_directory() && source.Child(name).is_file()) {
      return Place{source, source.Child(name), is_text};
    }
    if (source.is_file() && source.name() == name) {
      return Place{Source(source.files(), source.directory()), source, is_text};
    }
  }
  return std::nullopt;
}

std::string Below(const Place& place, std::string_view name) {
  return place.directory.Child(name).path();
}

// A SavedModel under another name: schema version 1, then a meta graph.
bool LooksLikeOne(const Source& source) {
  if (!source.is_file()) return false;
  std::string head = source.Peek(0, 3);
  if (head != "\x08\x01\x12") return false;
  try {
    ProtoFile message(source.file(), "");
    while (message.Next()) {
      if (message.number() == 2) {
        return LooksLikeMetaGraph(message.Nested("meta graph"));
      }
    }
  } catch (const ParseError&) {
  }
  return false;
}

Claim Detect(const Source& source, const ReadOptions&) {
  std::optional<Place> place = Find(source);
  if (!place) {
    return {.match = LooksLikeOne(source) ? Match::kYes : Match::kNo};
  }
  bool is_whole = place->is_text || place->graph.Peek(0, 1) == "\x08";
  // The directory is the model, whichever of its files was typed.
  Claim claim{
      is_whole ? Match::kYes : Match::kMaybe, place->graph.directory(), {}};
  for (std::string_view name : {"variables", "assets", "assets.extra",
                                "keras_metadata.pb", "fingerprint.pb"}) {
    claim.members.push_back(Below(*place, name));
  }
  return claim;
}

// The graph for serving, else the first; an issue says which where several
// were to be had.
MetaGraph ChooseGraph(const Source& source, Layout* layout) {
  std::vector<ProtoFile> graphs;
  std::vector<std::string> tags;
  int64_t version = 0;
  size_t chosen = 0;
  for (ProtoFile message(source.file(), "saved_model.pb"); message.Next();) {
    if (message.number() == 1) version = static_cast<int64_t>(message.Varint());
    if (message.number() != 2) continue;
    graphs.push_back(message.Nested("meta graph"));
    MetaGraph info = ReadMetaInfo(graphs.back());
    bool serves = std::find(info.tags.begin(), info.tags.end(), "serve") !=
                  info.tags.end();
    if (serves && tags.empty()) {
      chosen = graphs.size() - 1;
      tags = info.tags;
    }
  }
  if (graphs.empty()) throw Corrupt("saved_model.pb", "holds no meta graph");
  if (version != 1) {
    throw Unsupported(
        "saved_model.pb",
        fmt::format("has schema version {}, only 1 is known", version));
  }
  MetaGraph graph = ReadMetaGraph(graphs[chosen]);
  if (!graph.tensorflow_version.empty()) {
    layout->source.writer = "TensorFlow " + graph.tensorflow_version;
  }
  return graph;
}

// The version stands in clear in the text form; the rest of it is not read.
void ReadTextVersion(const Source& graph, Layout* layout) {
  constexpr std::string_view kField = "tensorflow_version: \"";
  std::string text = graph.Peek(0, kVersionPeek);
  size_t at = text.find(kField);
  if (at == std::string::npos) return;
  at += kField.size();
  layout->source.writer =
      "TensorFlow " + text.substr(at, text.find('"', at) - at);
}

// The variables as the bundle in variables/ has them.
void ReadVariables(const Place& place, const ReadOptions& options,
                   Layout* layout) {
  std::string prefix = Below(place, "variables/variables");
  TensorBundle bundle(place.directory.files(),
                      {prefix, prefix + ".index", {}, {}, {}});
  if (bundle.index().Find(kObjectGraphKey) != nullptr) {
    layout->source.addressed_by = AddressedBy::kKey;
    ReadObjectBundle(bundle, layout);
  } else {
    for (const BundleEntry& entry : bundle.index().entries()) {
      if (bundle.index().IsSlice(entry)) continue;
      layout->variables.push_back(bundle.Describe(entry));
    }
    TieTf1Slots(layout);
    for (const Variable& variable : layout->variables) {
      if (variable.role != Role::kStep || layout->source.step) continue;
      layout->source.step =
          ScalarInt(bundle, *bundle.index().Find(variable.key));
    }
  }
  for (Variable& variable : layout->variables) {
    if (variable.data) variable.data->file.insert(0, "variables/");
  }
  for (Issue& issue : ExamineBundle(bundle, options.verify)) {
    layout->issues.push_back(std::move(issue));
  }
}

// Trainability that the graph of a TF1 model tells.
void TakeTrainable(const MetaGraph& graph, Layout* layout) {
  std::unordered_map<std::string_view, bool> trainable;
  for (const Variable& variable : graph.variables) {
    if (variable.trainable) trainable[variable.name] = *variable.trainable;
  }
  for (Variable& variable : layout->variables) {
    auto found = trainable.find(variable.name);
    if (found != trainable.end() && !variable.trainable) {
      variable.trainable = found->second;
    }
  }
}

void ReportNoVariables(const ReadOptions& options, Layout* layout) {
  bool has_some = std::any_of(
      layout->variables.begin(), layout->variables.end(),
      [](const Variable& one) { return one.role == Role::kWeight; });
  if (!has_some || options.as == ReadOptions::As::kModel) return;
  layout->issues.push_back(
      {"missing-shard", "variables",
       "variables/variables.index is not there; the layout is told from the "
       "graph alone"});
}

Layout Read(const Source& source, const ReadOptions& options) {
  Layout layout;
  layout.source.format = "saved-model";
  layout.source.framework = "tensorflow";
  Place place = Find(source).value_or(
      Place{Source(source.files(), source.directory()), source, false});
  if (source.is_directory()) layout.source.resolved = place.graph.path();
  bool has_bundle = place.directory.files().Kind(Below(
                        place, "variables/variables.index")) == PathKind::kFile;
  if (place.is_text) {
    if (!has_bundle) {
      throw Unsupported("saved_model.pbtxt",
                        "a graph in text form is not read, and variables/ is "
                        "not there");
    }
    ReadTextVersion(place.graph, &layout);
    ReadVariables(place, options, &layout);
    return layout;
  }
  MetaGraph graph = ChooseGraph(place.graph, &layout);
  std::string keras;
  Source metadata(place.directory.files(), Below(place, "keras_metadata.pb"));
  if (metadata.is_file()) keras = metadata.ReadAll(kMaxKerasMetadata);
  bool has_objects = !graph.object_graph.empty();
  if (has_bundle) {
    ReadVariables(place, options, &layout);
    if (has_objects) {
      DescribeBySavedObjects(AsBytes(graph.object_graph), AsBytes(keras),
                             &layout);
    } else {
      TakeTrainable(graph, &layout);
    }
    return layout;
  }
  if (has_objects) {
    layout.source.addressed_by = AddressedBy::kKey;
    ListSavedObjects(AsBytes(graph.object_graph), AsBytes(keras), &layout);
  }
  if (layout.variables.empty()) {
    layout.source.addressed_by = AddressedBy::kName;
    layout.variables = std::move(graph.variables);
    TieTf1Slots(&layout);
  }
  ReportNoVariables(options, &layout);
  return layout;
}

}  // namespace

extern constexpr Format kSavedModel = {
    .id = "saved-model",
    .summary = "TensorFlow SavedModel directory (TF1 and TF2)",
    .extensions = "saved_model.pb",
    .is_checkpoint = true,
    .detect = Detect,
    .read = Read,
};

}  // namespace ckptdiff
