// The habits of the house, held by tests: which folder may include which,
// that every plug-in is registered and documented, and that a public header
// says what it needs by itself.

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "causes/cause.h"
#include "formats/format.h"
#include "rules/rule.h"
#include "support/fixture.h"

namespace ckptdiff {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> FilesBelow(const std::string& folder,
                                    const std::set<std::string>& endings) {
  std::vector<std::string> files;
  for (const auto& entry :
       fs::recursive_directory_iterator(Root() + "/" + folder)) {
    if (entry.is_regular_file() &&
        endings.contains(entry.path().extension().string())) {
      files.push_back(fs::relative(entry.path(), Root()).generic_string());
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::vector<std::string> Sources(const std::string& folder) {
  return FilesBelow(folder, {".cc", ".h"});
}

std::vector<std::string> Matches(const std::string& text,
                                 const std::string& pattern) {
  std::vector<std::string> found;
  std::regex regex(pattern);
  for (std::sregex_iterator at(text.begin(), text.end(), regex), end; at != end;
       ++at) {
    found.push_back((*at)[1]);
  }
  return found;
}

// What a folder of src/ may include, besides itself and the public headers.
const std::map<std::string, std::set<std::string>>& AllowedIncludes() {
  static const std::map<std::string, std::set<std::string>> allowed = {
      {"base", {}},
      {"io", {"base"}},
      {"container", {"base", "io"}},
      {"layout", {"base"}},
      {"formats", {"base", "io", "container", "layout"}},
      {"match", {"base", "layout"}},
      {"content", {"base", "io", "container", "match"}},
      {"rules", {"base", "layout", "match"}},
      {"causes", {"base", "layout", "match", "rules"}},
      {"report", {"base"}},
      {"audit", {"base", "io"}},
      {"",
       {"base", "content", "layout", "match", "rules",
        "causes"}},  // the pipeline
  };
  return allowed;
}

std::string Stage(const std::string& file) {
  std::string below = file.substr(file.find('/') + 1);  // behind "src/"
  size_t slash = below.find('/');
  return slash == std::string::npos ? "" : below.substr(0, slash);
}

// src/README.md says the same in its table: "base, io; ...".
TEST(ConventionsTest, TheMapTellsTheLayers) {
  const std::string map = ReadTextFile(Root() + "/src/README.md");
  for (const auto& [stage, allowed] : AllowedIncludes()) {
    if (stage.empty()) continue;  // the pipeline is no folder
    const std::vector<std::string> rows =
        Matches(map, "\n\\| " + stage + " \\| ([^;:|]*?) *[;:|]");
    ASSERT_EQ(rows.size(), 1U) << stage;
    const std::vector<std::string> words = Matches(rows[0], "([a-z]+)");
    std::set<std::string> told(words.begin(), words.end());
    told.erase("nothing");
    EXPECT_EQ(told, allowed) << stage;
  }
}

TEST(ConventionsTest, IncludesFollowTheLayers) {
  for (const std::string& file : Sources("src")) {
    std::string stage = Stage(file);
    if (stage == "cli" || file == "src/main.cc") continue;  // sees everything
    auto allowed = AllowedIncludes().find(stage);
    ASSERT_NE(allowed, AllowedIncludes().end()) << "unknown folder: " << file;
    std::string text = ReadTextFile(Root() + "/" + file);
    for (const std::string& header : Matches(text, "#include \"([^\"]+)\"")) {
      size_t slash = header.find('/');
      if (slash == std::string::npos) continue;
      std::string from = header.substr(0, slash);
      if (from == "ckptdiff" || from == stage) continue;
      EXPECT_TRUE(allowed->second.contains(from))
          << file << " includes " << header;
    }
  }
}

TEST(ConventionsTest, OneContainerPairSeesEachParsingLibrary) {
  const std::map<std::string, std::string> homes = {
      {"hdf5.h", "src/container/hdf5"}, {"H5", "src/container/hdf5"},
      {"zlib.h", "src/container/"},     {"snappy.h", "src/container/sstable"},
      {"zstd.h", "src/container/"},     {"CLI/", "src/cli/"},
      {"yaml-cpp/", "src/container/"},
  };
  for (const std::string& file : Sources("src")) {
    std::string text = ReadTextFile(Root() + "/" + file);
    for (const std::string& header : Matches(text, "#include <([^>]+)>")) {
      for (const auto& [library, home] : homes) {
        if (!header.starts_with(library)) continue;
        EXPECT_TRUE(file.starts_with(home)) << file << " includes " << header;
      }
    }
  }
}

// The id of every plug-in in the files of a folder: `.id = "…"`.
std::map<std::string, std::string> IdsInFiles(const std::string& folder) {
  std::map<std::string, std::string> file_of_id;
  for (const std::string& file : Sources(folder)) {
    std::string text = ReadTextFile(Root() + "/" + file);
    for (const std::string& id : Matches(text, "\\.id = \"([a-z0-9-]+)\"")) {
      file_of_id[id] = file;
    }
  }
  return file_of_id;
}

void ExpectFileNamesAreIds(const std::map<std::string, std::string>& files,
                           const std::set<std::string>& registered) {
  for (const auto& [id, file] : files) {
    EXPECT_TRUE(registered.contains(id)) << file << " is not registered";
    std::string name = id;
    std::replace(name.begin(), name.end(), '-', '_');
    EXPECT_EQ(fs::path(file).stem().string(), name) << file;
  }
  for (const std::string& id : registered) {
    EXPECT_TRUE(files.contains(id)) << id << " stands in no file";
  }
}

TEST(ConventionsTest, EveryRuleFileIsRegisteredUnderItsName) {
  std::set<std::string> registered;
  for (const Rule* rule : AllRules()) registered.emplace(rule->info.id);
  ExpectFileNamesAreIds(IdsInFiles("src/rules"), registered);
}

TEST(ConventionsTest, EveryCauseFileIsRegisteredUnderItsName) {
  std::set<std::string> registered;
  for (const Cause* cause : AllCauses()) registered.emplace(cause->info.id);
  ExpectFileNamesAreIds(IdsInFiles("src/causes"), registered);
}

TEST(ConventionsTest, EveryFormatFileIsRegisteredUnderItsName) {
  std::set<std::string> registered;
  for (const Format* format : AllFormats()) registered.emplace(format->id);
  ExpectFileNamesAreIds(IdsInFiles("src/formats"), registered);
}

TEST(ConventionsTest, EveryRuleAndCauseExplainsItself) {
  for (const RuleInfo& rule : Rules()) {
    EXPECT_FALSE(rule.summary.empty()) << rule.id;
    EXPECT_FALSE(rule.help.empty()) << rule.id;
    EXPECT_FALSE(rule.remedy.empty()) << rule.id;
  }
  for (const CauseInfo& cause : Causes()) {
    EXPECT_FALSE(cause.summary.empty()) << cause.id;
    EXPECT_FALSE(cause.help.empty()) << cause.id;
  }
}

TEST(ConventionsTest, EveryFormatHasAFixtureInTheManifest) {
  std::string manifest = ReadTextFile(TestData("MANIFEST.json"));
  for (const Format* format : AllFormats()) {
    std::string row = "\"format\": \"" + std::string(format->id) + "\"";
    EXPECT_NE(manifest.find(row), std::string::npos) << format->id;
    EXPECT_TRUE(fs::exists(TestData("formats/" + std::string(format->id))))
        << format->id;
  }
}

TEST(ConventionsTest, EveryFormatRuleAndCauseStandsInTheReadme) {
  std::string readme = ReadTextFile(Root() + "/README.md");
  for (const Format* format : AllFormats()) {
    EXPECT_NE(readme.find("`" + std::string(format->id) + "`"),
              std::string::npos)
        << format->id;
  }
  for (const RuleInfo& rule : Rules()) {
    EXPECT_NE(readme.find("`" + std::string(rule.id) + "`"), std::string::npos)
        << rule.id;
  }
  for (const CauseInfo& cause : Causes()) {
    EXPECT_NE(readme.find("`" + std::string(cause.id) + "`"), std::string::npos)
        << cause.id;
  }
}

TEST(ConventionsTest, EveryPathThatADocumentNamesExists) {
  for (const char* document : {"README.md", "CONTRIBUTING.md", "src/README.md",
                               "tests/README.md", "testdata/README.md"}) {
    std::string text = ReadTextFile(Root() + "/" + document);
    EXPECT_FALSE(text.empty()) << document;
    for (const std::string& path :
         Matches(text,
                 "`((?:src|include|tests|testdata|scripts|schemas|python|"
                 "bench)/[A-Za-z0-9_./-]+)`")) {
      EXPECT_TRUE(fs::exists(Root() + "/" + path))
          << document << " names " << path;
    }
  }
}

TEST(ConventionsTest, EverySourceIsBuilt) {
  std::string build = ReadTextFile(Root() + "/CMakeLists.txt");
  for (const std::string& file : FilesBelow("src", {".cc"})) {
    EXPECT_NE(build.find(file), std::string::npos) << file;
  }
  std::string tests = ReadTextFile(Root() + "/tests/CMakeLists.txt");
  for (const std::string& file : FilesBelow("tests", {".cc"})) {
    EXPECT_NE(tests.find(file.substr(6)), std::string::npos) << file;
  }
}

TEST(ConventionsTest, NoLineIsWiderThanEightyColumns) {
  for (const char* folder : {"src", "include", "tests", "bench"}) {
    for (const std::string& file : Sources(folder)) {
      std::istringstream text(ReadTextFile(Root() + "/" + file));
      std::string line;
      for (int number = 1; std::getline(text, line); ++number) {
        auto columns = std::count_if(line.begin(), line.end(), [](char c) {
          return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
        });
        EXPECT_LE(columns, 80) << file << ":" << number;
      }
    }
  }
}

TEST(ConventionsTest, SourcesStayWithinTheirSize) {
  for (const std::string& file : FilesBelow("src", {".cc"})) {
    std::string text = ReadTextFile(Root() + "/" + file);
    EXPECT_LE(std::count(text.begin(), text.end(), '\n'), 500) << file;
  }
  for (const char* folder : {"src", "include"}) {
    for (const std::string& file : FilesBelow(folder, {".h"})) {
      std::string text = ReadTextFile(Root() + "/" + file);
      EXPECT_LE(std::count(text.begin(), text.end(), '\n'), 250) << file;
    }
  }
}

// Two types of one name in the namespace would be linked as one: what one of
// them allocates, the other frees.
TEST(ConventionsTest, EachTypeIsDefinedOnce) {
  std::map<std::string, std::set<std::string>> files_of;
  const std::regex definition(
      R"(^(?:struct|class|enum class) ([A-Z]\w+)\b.*\{)");
  for (const char* folder : {"src", "include"}) {
    for (const std::string& file : Sources(folder)) {
      std::istringstream text(ReadTextFile(Root() + "/" + file));
      bool is_unnamed = false;
      for (std::string line; std::getline(text, line);) {
        if (line == "namespace {") is_unnamed = true;
        if (line == "}  // namespace") is_unnamed = false;
        std::smatch match;
        if (is_unnamed || !std::regex_search(line, match, definition)) continue;
        if (line.find("::") != std::string::npos) continue;  // a nested one
        files_of[match[1]].insert(file);
      }
    }
  }
  for (const auto& [type, files] : files_of) {
    EXPECT_EQ(files.size(), 1u) << type << " is also in " << *files.begin();
  }
}

}  // namespace
}  // namespace ckptdiff
