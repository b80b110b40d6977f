#include "formats/document/fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/parse_error.h"
#include "base/text.h"

namespace ckptdiff {
namespace {

using Kind = DocNode::Kind;

// "variables[3].shape"; empty at the root.
std::string Path(const Place& place) {
  if (place.above == nullptr) return {};
  std::string path = Path(*place.above);
  if (place.name.empty()) return path + fmt::format("[{}]", place.index);
  if (!path.empty()) path += '.';
  return path.append(place.name);
}

std::string Where(const Place& place) {
  std::string path = Path(place);
  if (place.line == 0) return path;
  return path.empty() ? fmt::format("line {}", place.line)
                      : fmt::format("line {}: {}", place.line, path);
}

std::string_view NameOf(Kind kind) {
  switch (kind) {
    case Kind::kNull: return "null";
    case Kind::kBool: return "true or false";
    case Kind::kNumber: return "a number";
    case Kind::kText: return "text";
    case Kind::kArray: return "an array";
    case Kind::kObject: return "an object";
  }
  return "";
}

template <typename T>
std::optional<T> Whole(const DocNode& node) {
  if (!node.is(Kind::kNumber)) return std::nullopt;
  T value = 0;
  const char* end = node.text.data() + node.text.size();
  auto [stop, error] = std::from_chars(node.text.data(), end, value);
  if (error != std::errc() || stop != end) return std::nullopt;
  return value;
}

}  // namespace

void Reading::Fail(const Place& place, std::string what, std::string hint) {
  throw ParseError(ErrorCode::kInvalidLayout, Where(place), std::move(what),
                   std::move(hint));
}

void FailKind(const DocNode& node, std::string_view wanted,
              const Place& place) {
  Reading::Fail(place,
                fmt::format("is {}, should be {}", NameOf(node.kind), wanted));
}

void Reading::Remark(const Place& place, const std::string& what) {
  if (remarks_ == nullptr || !told_.insert(what).second) return;
  std::string where = Where(place);
  remarks_->push_back(where.empty() ? what : where + ": " + what);
}

Fields::Fields(const DocNode& node, const Place& place,
               const std::vector<std::string_view>& known, Reading* reading)
    : node_(node), place_(place), reading_(reading) {
  if (!node.is(Kind::kObject)) FailKind(node, "an object", place);
  for (const auto& [name, value] : node.members) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    if (name.starts_with("x-")) continue;
    std::string_view nearest = Nearest(name, known);
    std::string what = fmt::format("unknown field \"{}\"", name);
    if (!nearest.empty()) {
      what += fmt::format("; did you mean \"{}\"?", nearest);
    }
    reading->Remark({place.above, place.name, place.index, value.line}, what);
  }
}

Place Fields::At(std::string_view name) const {
  const DocNode* member = node_.Find(name);
  return place_.Member(name, member == nullptr ? place_.line : member->line);
}

const DocNode* Fields::Get(std::string_view name) const {
  const DocNode* member = node_.Find(name);
  return member == nullptr || member->is(Kind::kNull) ? nullptr : member;
}

const DocNode& Fields::Required(std::string_view name) const {
  const DocNode* member = Get(name);
  if (member == nullptr) {
    Reading::Fail(place_, fmt::format("has no \"{}\"", name));
  }
  return *member;
}

const DocNode* Fields::Array(std::string_view name) const {
  const DocNode* member = Get(name);
  if (member != nullptr && !member->is(Kind::kArray)) {
    FailKind(*member, "an array", At(name));
  }
  return member;
}

const DocNode* Fields::Object(std::string_view name) const {
  const DocNode* member = Get(name);
  if (member != nullptr && !member->is(Kind::kObject)) {
    FailKind(*member, "an object", At(name));
  }
  return member;
}

std::string Fields::Text(std::string_view name) const {
  const DocNode* member = Get(name);
  if (member == nullptr) return {};
  if (!member->is(Kind::kText)) FailKind(*member, "text", At(name));
  return std::string(member->text);
}

std::vector<std::string> Fields::Texts(std::string_view name) const {
  std::vector<std::string> texts;
  const DocNode* array = Array(name);
  if (array == nullptr) return texts;
  Place place = At(name);
  for (size_t i = 0; i < array->members.size(); ++i) {
    const DocNode& node = array->members[i].value;
    texts.push_back(TextAt(node, place.Element(i, node.line)));
  }
  return texts;
}

std::optional<bool> Fields::Bool(std::string_view name) const {
  const DocNode* member = Get(name);
  if (member == nullptr) return std::nullopt;
  if (!member->is(Kind::kBool)) FailKind(*member, "true or false", At(name));
  return member->text == "true";
}

std::optional<int64_t> Fields::Integer(std::string_view name) const {
  const DocNode* member = Get(name);
  if (member == nullptr) return std::nullopt;
  std::optional<int64_t> value = Whole<int64_t>(*member);
  if (!value) FailKind(*member, "a whole number of 64 bits", At(name));
  return value;
}

std::optional<uint64_t> Fields::Unsigned(std::string_view name) const {
  const DocNode* member = Get(name);
  if (member == nullptr) return std::nullopt;
  std::optional<uint64_t> value = Whole<uint64_t>(*member);
  if (!value) FailKind(*member, "a whole number from 0", At(name));
  return value;
}

std::string TextAt(const DocNode& node, const Place& place) {
  if (!node.is(Kind::kText)) FailKind(node, "text", place);
  if (node.text.empty()) Reading::Fail(place, "is empty");
  return std::string(node.text);
}

}  // namespace ckptdiff
