// Layout documents: the JSON form of a Layout ("ckptdiff/layout/v1"), written
// by `inspect --format json`, by an exporter, or by hand; by hand in YAML too.
//
//   {"schema": "ckptdiff/layout/v1",
//    "variables": [{"name": "dense1/kernel", "shape": [20, 10]}, ...]}
//
//   schema: ckptdiff/layout/v1
//   optimizer: {class: Adam}              # every trainable weight has m and v
//   variables:                            # or a mapping of names to shapes
//     block_{0..11}/{query,key}/kernel: [768, 768]
//   layers:                               # or layers, which may nest
//     - name: head
//       variables: [{name: kernel, shape: [768, 10]}]
//
// Only `schema` and the names are required. What is left out is unknown and
// not compared, but for what follows from names and from the optimizer
// (layout/expand.h). schemas/layout-v1.schema.json describes every field.

#include <algorithm>
#include <array>

#include "base/parse_error.h"
#include "base/text.h"
#include "container/yaml_doc.h"
#include "formats/document/document.h"
#include "formats/format.h"

namespace ckptdiff {
namespace {

constexpr uint64_t kMaxBytes = uint64_t{4} << 30;
constexpr uint64_t kMaxYamlBytes = uint64_t{16} << 20;
constexpr size_t kHead = 4096;

std::string_view WithoutByteOrderMark(std::string_view text) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  return text;
}

char FirstCharacter(std::string_view text) {
  size_t at = text.find_first_not_of(" \t\r\n");
  return at == std::string_view::npos ? '\0' : text[at];
}

// The name of an object's first member; empty where there is none.
std::string_view FirstMember(std::string_view text) {
  size_t at = text.find_first_not_of(" \t\r\n{");
  if (at == std::string_view::npos || text[at] != '"') return {};
  size_t end = text.find('"', at + 1);
  if (end == std::string_view::npos) return {};
  return text.substr(at + 1, end - at - 1);
}

// JSON with sorted names has `schema` far behind: then it goes by its first
// member, and any format that is sure goes first.
Claim DetectJson(std::string_view head) {
  if (head.find("\"ckptdiff/layout/") != std::string_view::npos) {
    return {.match = Match::kYes};
  }
  constexpr std::array<std::string_view, 8> kFirst = {
      "ignore",     "issues", "layers",    "optimizer",
      "optimizers", "rename", "separator", "variables"};
  std::string_view first = FirstMember(head);
  for (std::string_view name : kFirst) {
    if (first == name) return {.match = Match::kMaybe};
  }
  return {};
}

// By its schema; one that a person misspelt or forgot is told by its other
// fields, and named in Read.
Claim DetectYaml(std::string_view head) {
  constexpr std::array<std::string_view, 4> kFields = {
      "layers:", "optimizer:", "optimizers:", "variables:"};
  bool looks_like_one = false;
  for (std::string_view line : Split(head, '\n')) {
    if (line.starts_with("schema:") &&
        line.find("/layout/") != std::string_view::npos) {
      return {.match = Match::kYes};
    }
    looks_like_one |= std::any_of(
        kFields.begin(), kFields.end(),
        [line](std::string_view field) { return line.starts_with(field); });
  }
  return {.match = looks_like_one ? Match::kMaybe : Match::kNo};
}

Claim Detect(const Source& source, const ReadOptions&) {
  std::string bytes = source.Peek(0, kHead);
  std::string_view head = WithoutByteOrderMark(bytes);
  switch (FirstCharacter(head)) {
    case '\0': return {};
    case '{': return DetectJson(head);
    case '[':  // what `inspect` writes of several sources: named in Read
      return {.match = head.find("\"ckptdiff/layout/") == std::string_view::npos
                           ? Match::kNo
                           : Match::kYes};
    default: return DetectYaml(head);
  }
}

Layout Read(const Source& source, const ReadOptions& options) {
  std::string bytes = source.ReadAll(kMaxBytes);
  std::string_view text = WithoutByteOrderMark(bytes);
  char first = FirstCharacter(text);
  if (first == '[') {
    throw ParseError(ErrorCode::kInvalidLayout, {},
                     "holds several layout documents, one is wanted",
                     "inspect one source, or take one element");
  }
  bool is_json = first == '{';
  if (!is_json && text.size() > kMaxYamlBytes) {
    throw Unsupported({}, "is more YAML than is read", "write it as JSON");
  }
  DocTree tree =
      is_json ? ParseJsonTree(text) : ParseYamlTree(std::string(text));
  Layout layout = LayoutFromDocument(tree.root, options.remarks);
  layout.source.format = "layout";
  return layout;
}

}  // namespace

extern constexpr Format kLayout = {
    .id = "layout",
    .summary = "layout document, written by inspect, an exporter or by hand",
    .extensions = "*.json *.yaml *.yml",
    .is_checkpoint = false,
    .detect = Detect,
    .read = Read,
};

}  // namespace ckptdiff
