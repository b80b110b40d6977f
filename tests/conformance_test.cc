// What the real frameworks wrote, and what they say is in it: every case of
// ../shared/conformance, read where it stands. Without that directory the
// tests skip, loudly.

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "support/fixture.h"

namespace ckptdiff {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

// A case names its paths relative to itself.
std::string Below(const std::string& directory, const std::string& path) {
  return path == "." ? directory : directory + "/" + path;
}

std::vector<std::string> Cases(const std::string& shared,
                               const std::string& file) {
  std::vector<std::string> cases;
  for (const char* family : {"tf", "other"}) {
    fs::path below = fs::path(shared) / family;
    if (!fs::exists(below)) continue;
    for (const auto& entry : fs::directory_iterator(below)) {
      if (fs::exists(entry.path() / file)) cases.push_back(entry.path());
    }
  }
  std::sort(cases.begin(), cases.end());
  return cases;
}

// A stored key, however its parts are joined.
std::string Plain(const std::string& key) {
  static const std::regex joiners("[./|:\\[\\]'\"]+");
  std::string plain = std::regex_replace(key, joiners, "/");
  size_t first = plain.find_first_not_of('/');
  if (first == std::string::npos) return "";
  return plain.substr(first, plain.find_last_not_of('/') - first + 1);
}

std::string Text(const Json& object, const char* name) {
  auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>()
                                                     : "";
}

// `soft`: what the file alone does not settle.
bool IsSoft(const Json& owner, const std::string& field) {
  if (owner.value(field + "_soft", false)) return true;
  auto soft = owner.find("soft");
  if (soft == owner.end()) return false;
  if (soft->is_boolean()) return soft->get<bool>();
  if (soft->is_string()) return soft->get<std::string>() == field;
  return std::find(soft->begin(), soft->end(), field) != soft->end();
}

class Listing {
 public:
  explicit Listing(const Json& document) {
    for (const Json& variable : document.at("variables")) {
      Add(Text(variable, "key"), variable);
      if (!variable.contains("keys")) continue;
      for (const Json& key : variable["keys"]) Add(key, variable);
    }
    for (const Json& variable : document.at("variables")) {
      by_name_.emplace(Text(variable, "name"), variable);
    }
  }

  const Json* Find(const Json& wanted) const {
    std::string key = Text(wanted, "key");
    if (key.empty()) key = Text(wanted, "name");
    const std::string h5 = "model_weights/";
    std::string shorter = key.starts_with(h5) ? key.substr(h5.size()) : key;
    for (const std::string& way : {Plain(key), Plain(shorter)}) {
      auto found = by_key_.find(way);
      if (found != by_key_.end()) return &found->second;
    }
    auto found = by_name_.find(Text(wanted, "name"));
    return found == by_name_.end() ? nullptr : &found->second;
  }

 private:
  void Add(const std::string& key, const Json& variable) {
    if (!key.empty()) by_key_.emplace(Plain(key), variable);
  }
  std::map<std::string, Json> by_key_, by_name_;
};

void ExpectField(const Json& truth, const Json& want, const Json& have,
                 const char* field) {
  if (!want.contains(field) || want[field].is_null()) return;
  if (IsSoft(truth, field) || IsSoft(want, field)) return;
  EXPECT_EQ(have.value(field, Json()), want[field])
      << Text(want, "key") << ": " << field;
}

void ExpectOwner(const Json& truth, const Json& want, const Json& have) {
  if (!want.contains("slot") || IsSoft(truth, "owner") ||
      IsSoft(want, "owner") || IsSoft(truth, "slot") || IsSoft(want, "slot")) {
    return;
  }
  Json slot = have.value("slot", Json::object());
  if (slot.is_null()) slot = Json::object();
  const Json& wanted = want["slot"];
  bool is_open = truth.value("owner_undecidable", false) ||
                 wanted.value("owner", Json()).is_null();
  if (is_open) {
    EXPECT_EQ(Text(slot, "owner"), "") << Text(want, "key");
    return;
  }
  bool same_key =
      !Text(wanted, "owner_key").empty() &&
      Plain(Text(slot, "owner_key")) == Plain(Text(wanted, "owner_key"));
  EXPECT_TRUE(same_key || Text(slot, "owner") == Text(wanted, "owner"))
      << Text(want, "key") << ": owner " << Text(slot, "owner");
}

bool HoldsNames(const Json& truth) {
  std::string format = Text(truth, "format");
  return format != "keras-weights-h5" && format != "keras-weights-sharded";
}

void ExpectVariable(const Json& truth, const Json& want, const Json& have) {
  for (const char* field : {"shape", "dtype", "role"}) {
    ExpectField(truth, want, have, field);
  }
  bool is_weight = Text(want, "role") == "weight";
  if (is_weight && HoldsNames(truth)) ExpectField(truth, want, have, "name");
  std::string role = Text(want, "role");
  if (role == "slot" || role == "average") ExpectOwner(truth, want, have);
}

void ExpectListing(const std::string& directory) {
  Json truth = Json::parse(ReadTextFile(directory + "/truth.json"));
  CliResult result = Cli(
      {"inspect", "--format", "json", Below(directory, Text(truth, "source"))});
  Json document = Json::parse(result.out, nullptr, false);
  if (truth.value("refuse", Json(false)) != Json(false)) {
    EXPECT_EQ(result.status, 2) << "is to be refused";
    return;
  }
  ASSERT_TRUE(document.is_object()) << result.err;
  Listing listing(document);
  for (const Json& want : truth["variables"]) {
    const Json* have = listing.Find(want);
    if (have == nullptr &&
        (IsSoft(truth, "listed") || IsSoft(want, "listed"))) {
      continue;
    }
    ASSERT_NE(have, nullptr) << Text(want, "key") << " is not listed";
    ExpectVariable(truth, want, *have);
  }
  if (truth.contains("step") && !truth["step"].is_null() &&
      !IsSoft(truth, "step")) {
    EXPECT_EQ(document["source"]["step"], truth["step"]);
  }
}

TEST(ConformanceTest, ListsWhatTheFrameworksSayIsThere) {
  CKPTDIFF_REQUIRE_SHARED(shared, "conformance");
  for (const std::string& directory : Cases(shared, "truth.json")) {
    SCOPED_TRACE(directory);
    ExpectListing(directory);
  }
}

std::set<std::string> NamesOf(const Json& finding) {
  std::set<std::string> names;
  for (const char* side : {"actual", "expected"}) {
    Json part = finding.value(side, Json());
    if (!part.is_object()) continue;
    for (const char* field : {"name", "key", "layer"}) {
      names.insert(Text(part, field));
    }
    Json slot = part.value("slot", Json());
    if (slot.is_object()) {
      names.insert(Text(slot, "owner") + "/" + Text(slot, "slot"));
    }
  }
  for (const Json& side : finding.value("parts", Json::object())) {
    if (!side.is_array()) continue;
    for (const Json& name : side) names.insert(name);
  }
  names.erase("");
  return names;
}

// The demand's own names, whichever way they may be told.
std::set<std::string> WantedNames(const Json& must) {
  std::set<std::string> names = {Text(must, "name")};
  for (const Json& name : must.value("alt_names", Json::array())) {
    names.insert(name);
  }
  if (must.contains("owner")) {
    names.insert(Text(must, "owner") + "/" + Text(must, "slot"));
  }
  names.erase("");
  return names;
}

bool CoversTheLayer(const Json& finding, const Json& must) {
  std::string rule = Text(finding, "rule"), wanted = Text(must, "rule");
  bool fits = (wanted == "missing-variable" && rule == "missing-layer") ||
              (wanted == "unexpected-variable" && rule == "unexpected-layer");
  if (!fits) return false;
  std::string name = Text(must, "name");
  for (const std::string& layer : NamesOf(finding)) {
    if (name == layer || name.starts_with(layer + "/") ||
        name.starts_with(layer + ".")) {
      return true;
    }
  }
  return false;
}

bool Satisfies(const Json& finding, const Json& must, bool loose) {
  std::set<std::string> rules = {Text(must, "rule")};
  for (const Json& rule : must.value("alt_rules", Json::array())) {
    rules.insert(rule);
  }
  std::string rule = Text(finding, "rule");
  if (CoversTheLayer(finding, must)) return true;
  if (!rules.contains(rule)) return false;
  if (rule == "missing-optimizer") return true;
  std::set<std::string> said = NamesOf(finding), wanted = WantedNames(must);
  bool one = wanted.empty() ||
             std::any_of(wanted.begin(), wanted.end(),
                         [&](const auto& n) { return said.contains(n); });
  std::string other = Text(must, "other");
  bool both = other.empty() || said.contains(other);
  return loose ? one || said.contains(other) : one && both;
}

void ExpectFindings(const Json& expect, const Json& report) {
  bool loose = expect.value("actual_names_soft", false);
  for (const Json& must : expect.value("must", Json::array())) {
    if (must.value("soft", false) || IsSoft(expect, "must")) continue;
    const Json& all = report["findings"];
    EXPECT_TRUE(
        std::any_of(all.begin(), all.end(),
                    [&](const Json& f) { return Satisfies(f, must, loose); }))
        << "no " << must.dump();
  }
  for (const Json& no : expect.value("must_not", Json::array())) {
    std::string rule =
        no.is_string() ? no.get<std::string>() : Text(no, "rule");
    std::string name = no.is_string() ? "" : Text(no, "name");
    for (const Json& finding : report["findings"]) {
      if (Text(finding, "rule") != rule) continue;
      if (Text(finding, "severity") != "error") continue;
      EXPECT_FALSE(name.empty() || NamesOf(finding).contains(name))
          << "must not be said: " << finding.dump();
    }
  }
}

void ExpectCause(const Json& expect, const Json& report) {
  if (Text(expect, "cause").empty() || IsSoft(expect, "cause")) return;
  std::set<std::string> right = {Text(expect, "cause")};
  for (const char* field : {"causes_ok", "cause_alt"}) {
    Json more = expect.value(field, Json::array());
    if (more.is_string()) right.insert(more.get<std::string>());
    if (more.is_array()) right.insert(more.begin(), more.end());
  }
  const Json& diagnoses = report["diagnoses"];
  std::string first = diagnoses.empty() ? "" : Text(diagnoses[0], "cause");
  EXPECT_TRUE(right.contains(first)) << "first cause: " << first;
}

void ExpectCheck(const std::string& directory, const Json& expect) {
  std::vector<std::string> args = {expect.value("command", "check"), "--format",
                                   "json",
                                   Below(directory, Text(expect, "actual"))};
  if (!Text(expect, "expected").empty()) {
    args.insert(args.end(),
                {"--spec", Below(directory, Text(expect, "expected"))});
  }
  CliResult result = Cli(args);
  if (expect.contains("exit") && !IsSoft(expect, "exit")) {
    EXPECT_EQ(result.status, expect["exit"].get<int>()) << result.err;
  }
  if (expect.value("exit", 0) == 2) return;
  Json report = Json::parse(result.out, nullptr, false);
  ASSERT_TRUE(report.is_object()) << result.err;
  ExpectFindings(expect, report);
  ExpectCause(expect, report);
}

TEST(ConformanceTest, FindsWhatIsWrongAndWhy) {
  CKPTDIFF_REQUIRE_SHARED(shared, "conformance");
  for (const std::string& directory : Cases(shared, "expect.json")) {
    SCOPED_TRACE(directory);
    Json expect = Json::parse(ReadTextFile(directory + "/expect.json"));
    if (!expect.is_array()) expect = Json::array({expect});
    for (const Json& one : expect) ExpectCheck(directory, one);
  }
}

}  // namespace
}  // namespace ckptdiff
