// One variable of a layout document.

#include <fmt/format.h>

#include <charconv>

#include "base/text.h"
#include "ckptdiff/dtype.h"
#include "formats/document/document.h"

namespace ckptdiff {
namespace {

using Kind = DocNode::Kind;

const std::vector<std::string_view>& VariableFields() {
  static const std::vector<std::string_view> fields = {
      "name",      "key",   "keys", "shape",   "dtype",   "bytes", "role",
      "trainable", "layer", "slot", "tied_to", "tracked", "data",  "checksum"};
  return fields;
}

int64_t ReadDim(const DocNode& node, const Place& place) {
  if (node.is(Kind::kNull)) return Shape::kUnknownDim;
  int64_t dim = 0;
  const char* end = node.text.data() + node.text.size();
  auto [stop, error] = std::from_chars(node.text.data(), end, dim);
  bool is_whole = node.is(Kind::kNumber) && error == std::errc() && stop == end;
  if (!is_whole) FailKind(node, "a whole number, or null", place);
  if (dim < 0) {
    Reading::Fail(place, fmt::format("is {}, a dimension is 0 or more", dim),
                  "null is an unknown one");
  }
  return dim;
}

Shape ReadShape(const DocNode& node, const Place& place) {
  if (node.is(Kind::kNull)) return Shape::Unknown();
  if (!node.is(Kind::kArray)) {
    FailKind(node, "an array of dimensions, or null", place);
  }
  Shape shape = Shape::Of({});
  for (size_t i = 0; i < node.members.size(); ++i) {
    const DocNode& dim = node.members[i].value;
    shape.dims.push_back(ReadDim(dim, place.Element(i, dim.line)));
  }
  return shape;
}

// Words of an open list: what is not known may be a later version's.
template <typename Parse>
auto ReadWord(const Fields& fields, std::string_view name,
              const std::vector<std::string_view>& words, Parse parse)
    -> decltype(parse(std::string_view())) {
  std::string word = fields.Text(name);
  if (word.empty()) return std::nullopt;
  auto value = parse(word);
  if (value) return value;
  std::string_view nearest = Nearest(word, words);
  std::string what = fmt::format("unknown {} \"{}\"", name, word);
  if (!nearest.empty()) what += fmt::format("; did you mean \"{}\"?", nearest);
  Place place = fields.At(name);
  fields.reading().Remark(place, what);
  return std::nullopt;
}

std::string ReadDType(const Fields& fields) {
  std::string dtype = fields.Text("dtype");
  if (dtype.empty() || IsKnownDType(dtype)) return dtype;
  std::string_view nearest =
      Nearest(dtype, {"float32", "float16", "bfloat16", "float64", "int64",
                      "int32", "int16", "int8", "uint8", "bool", "string"});
  if (!nearest.empty()) {
    fields.reading().Remark(
        fields.At("dtype"),
        fmt::format("unknown dtype \"{}\"; did you mean \"{}\"?", dtype,
                    nearest));
  }
  return dtype;
}

Slot ReadSlot(const DocNode& node, const Place& place, Reading* reading) {
  Fields fields(node, place, {"optimizer", "slot", "owner", "owner_key", "raw"},
                reading);
  Slot slot;
  slot.optimizer = fields.Text("optimizer");
  slot.slot = TextAt(fields.Required("slot"), fields.At("slot"));
  if (fields.Get("owner") != nullptr) slot.owner = fields.Text("owner");
  slot.owner_key = fields.Text("owner_key");
  slot.raw = fields.Text("raw");
  return slot;
}

ByteRange ReadData(const DocNode& node, const Place& place, Reading* reading) {
  Fields fields(node, place, {"file", "offset", "size"}, reading);
  return {fields.Text("file"), fields.Unsigned("offset").value_or(0),
          fields.Unsigned("size").value_or(0)};
}

std::optional<Checksum> ReadChecksum(const DocNode& node, const Place& place,
                                     Reading* reading) {
  Fields fields(node, place, {"kind", "value"}, reading);
  std::optional<Checksum::Kind> kind = ReadWord(
      fields, "kind", {"masked-crc32c", "crc32"}, ChecksumKindFromString);
  uint64_t value = fields.Unsigned("value").value_or(0);
  if (value > UINT32_MAX) {
    Reading::Fail(fields.At("value"), "is more than 32 bits");
  }
  if (!kind) return std::nullopt;
  return Checksum{*kind, static_cast<uint32_t>(value)};
}

void ReadNested(const Fields& fields, Variable* variable) {
  Reading* reading = &fields.reading();
  if (const DocNode* slot = fields.Get("slot")) {
    Place at = fields.At("slot");
    variable->slot = ReadSlot(*slot, at, reading);
  }
  if (const DocNode* data = fields.Get("data")) {
    Place at = fields.At("data");
    variable->data = ReadData(*data, at, reading);
  }
  if (const DocNode* checksum = fields.Get("checksum")) {
    Place at = fields.At("checksum");
    variable->checksum = ReadChecksum(*checksum, at, reading);
  }
}

}  // namespace

WrittenVariable ReadWrittenVariable(const DocNode& node, const Place& place,
                                    const std::string& name, Reading* reading) {
  Fields fields(node, place, VariableFields(), reading);
  WrittenVariable written;
  Variable& variable = written.variable;
  variable.name = name;
  if (name.empty() || fields.Get("name") != nullptr) {
    variable.name = TextAt(fields.Required("name"), fields.At("name"));
  }
  variable.key = fields.Text("key");
  variable.keys = fields.Texts("keys");
  if (const DocNode* shape = fields.Get("shape")) {
    variable.shape = ReadShape(*shape, fields.At("shape"));
  }
  variable.dtype = ReadDType(fields);
  variable.bytes = fields.Unsigned("bytes");
  variable.layer = fields.Text("layer");
  variable.tied_to = fields.Text("tied_to");
  variable.tracked = fields.Bool("tracked").value_or(true);
  variable.trainable = fields.Bool("trainable");
  written.says_trainable = node.Find("trainable") != nullptr;
  ReadNested(fields, &variable);
  std::optional<Role> role = ReadWord(
      fields, "role",
      {"weight", "slot", "optimizer", "step", "average", "bookkeeping"},
      RoleFromString);
  if (!role && variable.slot) {
    bool is_average = variable.slot->slot == "average";
    role = is_average ? Role::kAverage : Role::kSlot;
  }
  written.says_role = role.has_value();
  variable.role = role.value_or(Role::kWeight);
  return written;
}

WrittenVariable ReadMappedVariable(const DocNode& node, const Place& place,
                                   const std::string& name, Reading* reading) {
  if (node.is(Kind::kObject)) {
    return ReadWrittenVariable(node, place, name, reading);
  }
  WrittenVariable written;
  written.variable.name = name;
  written.variable.shape = ReadShape(node, place);
  return written;
}

}  // namespace ckptdiff
