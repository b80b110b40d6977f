// Layout documents ("ckptdiff/layout/v1"), written by `inspect --format json`
// or by hand.

#include <fmt/format.h>

#include "base/parse_error.h"
#include "container/json_doc.h"
#include "formats/format.h"

namespace ckptdiff {
namespace {

constexpr uint64_t kMaxBytes = uint64_t{4} << 30;

Claim Detect(const Source& source, const ReadOptions&) {
  std::string head = source.Peek(0, 4096);
  bool is_one = head.find("\"ckptdiff/layout/v1\"") != std::string::npos;
  return {.match = is_one ? Match::kYes : Match::kNo};
}

Shape ReadShape(const Json& variable) {
  const Json* dims = Member(variable, "shape");
  if (dims == nullptr || !dims->is_array()) return Shape::Unknown();
  Shape shape = Shape::Of({});
  for (const Json& dim : *dims) {
    shape.dims.push_back(dim.is_number_integer() ? dim.get<int64_t>()
                                                 : Shape::kUnknownDim);
  }
  return shape;
}

Slot ReadSlot(const Json& json) {
  Slot slot;
  slot.optimizer = StringOr(json, "optimizer");
  slot.slot = StringOr(json, "slot");
  slot.owner_key = StringOr(json, "owner_key");
  const Json* owner = Member(json, "owner");
  if (owner != nullptr && owner->is_string()) {
    slot.owner = owner->get<std::string>();
  }
  return slot;
}

Variable ReadVariable(const Json& json) {
  Variable variable;
  variable.name = StringOr(json, "name");
  variable.key = StringOr(json, "key");
  variable.shape = ReadShape(json);
  variable.dtype = StringOr(json, "dtype");
  variable.layer = StringOr(json, "layer");
  variable.tied_to = StringOr(json, "tied_to");
  variable.tracked = BoolOr(json, "tracked", true);
  variable.role =
      RoleFromString(StringOr(json, "role")).value_or(Role::kWeight);
  if (Member(json, "trainable") != nullptr) {
    variable.trainable = BoolOr(json, "trainable", true);
  }
  const Json* slot = Member(json, "slot");
  if (slot != nullptr && slot->is_object()) variable.slot = ReadSlot(*slot);
  return variable;
}

Layout Read(const Source& source, const ReadOptions&) {
  Json document = ParseJson(source.ReadAll(kMaxBytes), "");
  Layout layout;
  layout.source.format = "layout";
  if (const Json* from = Member(document, "source")) {
    layout.source.framework = StringOr(*from, "framework");
  }
  const Json* variables = Member(document, "variables");
  if (variables != nullptr && variables->is_array()) {
    for (const Json& one : *variables) {
      layout.variables.push_back(ReadVariable(one));
    }
  }
  return layout;
}

}  // namespace

extern constexpr Format kLayout = {
    .id = "layout",
    .summary = "layout document, written by inspect or by hand",
    .extensions = "*.json",
    .is_checkpoint = false,
    .detect = Detect,
    .read = Read,
};

}  // namespace ckptdiff
