// What tests share: fixtures, goldens, the shared truth, and readers fed from
// memory.

#ifndef CKPTDIFF_TESTS_SUPPORT_FIXTURE_H_
#define CKPTDIFF_TESTS_SUPPORT_FIXTURE_H_

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ckptdiff {

// The repository's root; a path below testdata/.
std::string Root();
std::string TestData(const std::string& below);

std::string ReadTextFile(const std::string& path);

// The directory beside the checkout that holds what the real frameworks wrote
// ("conformance", "matching", "corpus", ...); empty where it is absent: the
// test then skips, loudly.
std::string SharedTruth(const std::string& name);

// Compares with the file below testdata/; UPDATE_GOLDENS=1 writes it instead.
void ExpectGolden(const std::string& golden, const std::string& text);

// The command line in-process.
struct CliResult {
  int status;
  std::string out;
  std::string err;
};
CliResult Cli(const std::vector<std::string>& args);

// A directory of its own for one test, removed afterwards.
class TempDir {
 public:
  TempDir();
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  // Path of a file in it, written if `content` is given.
  std::string File(const std::string& name) const;
  std::string Write(const std::string& name, const std::string& content) const;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

#define CKPTDIFF_REQUIRE_SHARED(path, name) \
  const std::string path = ::ckptdiff::SharedTruth(name); \
  if (path.empty()) GTEST_SKIP() << "SKIPPED: no ../shared/" << name

}  // namespace ckptdiff

#endif  // CKPTDIFF_TESTS_SUPPORT_FIXTURE_H_
