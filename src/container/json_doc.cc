#include "container/json_doc.h"

#include <fmt/format.h>

#include <string>
#include <unordered_set>
#include <vector>

#include "base/parse_error.h"

namespace ckptdiff {
namespace {

constexpr int kMaxDepth = 200;

using DomBuilder = nlohmann::detail::json_sax_dom_parser<Json>;

// Builds the tree and watches it grow. (Json::parse with a callback does the
// same, but looks at all members of a container whenever one of them ends.)
class Watcher : public DomBuilder {
 public:
  enum class Finding { kNone, kTooDeep, kTwice };

  explicit Watcher(Json& tree) : DomBuilder(tree, true) {}

  Finding finding() const { return finding_; }
  const std::string& name() const { return name_; }

  bool start_object(std::size_t size) {
    names_.emplace_back();
    return Enter() && DomBuilder::start_object(size);
  }
  bool end_object() {
    names_.pop_back();
    --depth_;
    return DomBuilder::end_object();
  }
  bool start_array(std::size_t size) {
    return Enter() && DomBuilder::start_array(size);
  }
  bool end_array() {
    --depth_;
    return DomBuilder::end_array();
  }
  bool key(std::string& name) {
    if (!names_.back().insert(name).second) {
      finding_ = Finding::kTwice;
      name_ = name;
      return false;
    }
    return DomBuilder::key(name);
  }

 private:
  bool Enter() {
    if (++depth_ <= kMaxDepth) return true;
    finding_ = Finding::kTooDeep;
    return false;
  }

  std::vector<std::unordered_set<std::string>> names_;  // of open objects
  int depth_ = 0;
  Finding finding_ = Finding::kNone;
  std::string name_;  // that stands twice
};

}  // namespace

Json ParseJson(std::string_view text, std::string_view where) {
  Json root;
  Watcher watcher(root);
  try {
    Json::sax_parse(text, &watcher);
  } catch (const Json::parse_error& error) {
    throw Corrupt(std::string(where),
                  fmt::format("is no JSON at byte {}", error.byte));
  } catch (const Json::exception&) {  // a number beyond every range
    throw Corrupt(std::string(where), "holds a number that no type holds");
  }
  if (watcher.finding() == Watcher::Finding::kTooDeep) {
    throw Corrupt(std::string(where),
                  fmt::format("nests deeper than {} levels", kMaxDepth));
  }
  if (watcher.finding() == Watcher::Finding::kTwice) {
    throw Corrupt(
        std::string(where),
        fmt::format("\"{}\" stands twice in one object", watcher.name()));
  }
  return root;
}

std::optional<Json> TryParseJson(std::string_view text) {
  Json root;
  Watcher watcher(root);
  try {
    if (Json::sax_parse(text, &watcher)) return root;
  } catch (const Json::exception&) {
    return std::nullopt;
  }
  return std::nullopt;
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
