#include "container/json_doc.h"

#include <fmt/format.h>

#include <set>

#include "base/parse_error.h"

namespace ckptdiff {
namespace {

constexpr int kMaxDepth = 200;

}  // namespace

Json ParseJson(std::string_view text, std::string_view where) {
  std::vector<std::set<std::string, std::less<>>> names;
  auto watch = [&](int depth, Json::parse_event_t event, Json& parsed) {
    if (depth > kMaxDepth) {
      throw Corrupt(std::string(where), fmt::format("nests deeper than {} "
                                                    "levels",
                                                    kMaxDepth));
    }
    if (event == Json::parse_event_t::object_start) names.emplace_back();
    if (event == Json::parse_event_t::object_end) names.pop_back();
    if (event == Json::parse_event_t::key) {
      const auto& key = parsed.get_ref<const std::string&>();
      if (!names.back().insert(key).second) {
        throw Corrupt(std::string(where),
                      fmt::format("\"{}\" stands twice in one object", key));
      }
    }
    return true;
  };
  try {
    return Json::parse(text, watch);
  } catch (const Json::parse_error& error) {
    throw Corrupt(std::string(where),
                  fmt::format("is no JSON at byte {}", error.byte));
  } catch (const Json::exception&) {  // a number beyond every range
    throw Corrupt(std::string(where), "holds a number that no type holds");
  }
}

std::optional<Json> TryParseJson(std::string_view text) {
  auto is_shallow = [](int depth, Json::parse_event_t, Json&) {
    return depth <= kMaxDepth;
  };
  Json json = Json::parse(text, is_shallow, /*allow_exceptions=*/false);
  if (json.is_discarded()) return std::nullopt;
  return json;
}

const Json* Member(const Json& object, std::string_view name) {
  if (!object.is_object()) return nullptr;
  auto found = object.find(name);
  return found == object.end() ? nullptr : &*found;
}

std::string StringOr(const Json& object, std::string_view name,
                     std::string_view fallback) {
  const Json* member = Member(object, name);
  if (member == nullptr || !member->is_string()) return std::string(fallback);
  return member->get<std::string>();
}

int64_t IntOr(const Json& object, std::string_view name, int64_t fallback) {
  const Json* member = Member(object, name);
  if (member == nullptr || !member->is_number_integer()) return fallback;
  return member->get<int64_t>();
}

bool BoolOr(const Json& object, std::string_view name, bool fallback) {
  const Json* member = Member(object, name);
  if (member == nullptr || !member->is_boolean()) return fallback;
  return member->get<bool>();
}

}  // namespace ckptdiff
