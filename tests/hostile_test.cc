// Hostile input is normal input: every fixture, cut at each sixteenth and with
// bytes flipped, ends as a listing or as one clear line.

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <vector>

#include "ckptdiff/read.h"
#include "support/fixture.h"

namespace ckptdiff {
namespace {

namespace fs = std::filesystem;

// A copy of the fixture's directory that a test may damage.
class Copy {
 public:
  explicit Copy(const std::string& fixture) : path_(TestData(fixture)) {
    fs::path from = fs::is_directory(path_) ? path_ : path_.parent_path();
    fs::copy(from, directory_.path() + "/case", fs::copy_options::recursive);
    target_ = fs::is_directory(path_)
                  ? directory_.path() + "/case"
                  : directory_.path() + "/case/" + path_.filename().string();
  }
  const std::string& target() const { return target_; }

  std::vector<std::string> Files() const {
    std::vector<std::string> files;
    std::string below = directory_.path() + "/case";
    for (const auto& entry : fs::recursive_directory_iterator(below)) {
      std::string path = entry.path();
      bool is_input = entry.is_regular_file() && !path.ends_with(".txt") &&
                      entry.file_size() > 0 &&
                      entry.path().filename() != "truth.json";
      if (is_input) files.push_back(path);
    }
    std::sort(files.begin(), files.end());
    return files;
  }

 private:
  fs::path path_;
  TempDir directory_;
  std::string target_;
};

void Write(const std::string& path, const std::string& content) {
  std::FILE* file = std::fopen(path.c_str(), "wb");
  ASSERT_NE(file, nullptr);
  std::fwrite(content.data(), 1, content.size(), file);
  std::fclose(file);
}

// While it lives, this process gets no more address space than it has and
// `spare` bytes: an allocation that a damaged length asks for throws. None
// under AddressSanitizer, whose shadow takes terabytes.
class MemoryLimit {
 public:
  explicit MemoryLimit([[maybe_unused]] uint64_t spare) {
    getrlimit(RLIMIT_AS, &before_);
    rlimit limit = before_;
    uint64_t pages = 0;
    std::ifstream("/proc/self/statm") >> pages;
#ifndef __SANITIZE_ADDRESS__
    limit.rlim_cur = pages * static_cast<uint64_t>(getpagesize()) + spare;
#endif
    setrlimit(RLIMIT_AS, &limit);
  }
  MemoryLimit(const MemoryLimit&) = delete;
  MemoryLimit& operator=(const MemoryLimit&) = delete;
  ~MemoryLimit() { setrlimit(RLIMIT_AS, &before_); }

 private:
  rlimit before_ = {};
};

constexpr uint64_t kMostMemory = 64 << 20;  // for a file under 1 MiB

void ExpectListingOrOneLine(const std::string& target,
                            const std::string& damage) {
  MemoryLimit limit(kMostMemory);
  Result<Layout> layout = ReadLayout(target);
  if (layout.ok()) return;
  std::string line = ToString(layout.error());
  EXPECT_EQ(line.find('\n'), std::string::npos) << damage;
  EXPECT_FALSE(layout.error().what.empty()) << damage;
  EXPECT_FALSE(layout.error().path.empty()) << damage;
}

nlohmann::json ManifestRows() {
  return nlohmann::json::parse(
      ReadTextFile(TestData("MANIFEST.json")))["fixtures"];
}

std::vector<std::string> Fixtures() {
  std::vector<std::string> paths;
  for (const auto& row : ManifestRows()) paths.push_back(row["path"]);
  return paths;
}

// Per format its fixtures.
std::map<std::string, std::vector<std::string>> FixturesByFormat() {
  std::map<std::string, std::vector<std::string>> fixtures;
  for (const auto& row : ManifestRows()) {
    fixtures[row["format"]].push_back(row["path"]);
  }
  return fixtures;
}

// How often each format is damaged, and no fixture less than 40 times. The
// full count is too slow for every run:
//   CKPTDIFF_HOSTILE=2000 ckptdiff_tests --gtest_filter='Hostile*'
size_t DamagesPerFixture(size_t fixtures) {
  const char* per_format = std::getenv("CKPTDIFF_HOSTILE");
  size_t wanted = per_format == nullptr ? 0 : std::stoul(per_format);
  return std::max<size_t>(40, (wanted + fixtures - 1) / fixtures);
}

TEST(HostileTest, AFileCutAnywhereEndsWell) {
  for (const std::string& fixture : Fixtures()) {
    Copy copy(fixture);
    for (const std::string& file : copy.Files()) {
      std::string whole = ReadTextFile(file);
      for (size_t part = 0; part < 16; ++part) {
        Write(file, whole.substr(0, whole.size() * part / 16));
        ExpectListingOrOneLine(copy.target(), file);
      }
      for (size_t bytes = 1; bytes <= 12; ++bytes) {  // inside its magic
        Write(file, whole.substr(0, bytes));
        ExpectListingOrOneLine(copy.target(), file);
      }
      Write(file, whole);
    }
  }
}

// Two of three damages are another byte, the third is a cut.
TEST(HostileTest, FlippedBytesAndCutsEndWell) {
  std::mt19937 random(20261123);
  for (const auto& [format, fixtures] : FixturesByFormat()) {
    size_t damages = DamagesPerFixture(fixtures.size());
    RecordProperty(format, std::to_string(damages * fixtures.size()));
    for (const std::string& fixture : fixtures) {
      Copy copy(fixture);
      std::vector<std::string> files = copy.Files();
      for (size_t i = 0; i < damages; ++i) {
        const std::string& file = files[random() % files.size()];
        std::string whole = ReadTextFile(file), damaged = whole;
        size_t at = random() % whole.size();
        if (i % 3 == 2) {
          damaged.resize(at);
        } else {
          damaged[at] = static_cast<char>(random());
        }
        Write(file, damaged);
        ExpectListingOrOneLine(copy.target(), file + std::to_string(at));
        Write(file, whole);
      }
    }
  }
}

// Every block of an index has a checksum: what a damaged one lists is right.
TEST(HostileTest, AnIndexWithAFlippedByteListsTheSameOrNothing) {
  int indexes = 0;
  for (const std::string& fixture : Fixtures()) {
    Copy copy(fixture);
    for (const std::string& file : copy.Files()) {
      if (!file.ends_with(".index")) continue;
      ++indexes;
      Result<Layout> whole = ReadLayout(copy.target());
      std::string bytes = ReadTextFile(file);
      for (size_t at = 0; at < bytes.size(); at += 3) {
        std::string damaged = bytes;
        damaged[at] = static_cast<char>(~damaged[at]);
        Write(file, damaged);
        Result<Layout> layout = ReadLayout(copy.target());
        EXPECT_TRUE(!layout.ok() || layout.value() == whole.value())
            << file << " at " << at;
      }
      Write(file, bytes);
    }
  }
  EXPECT_GT(indexes, 0);
}

}  // namespace
}  // namespace ckptdiff
