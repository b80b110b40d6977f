#include "support/fixture.h"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "cli/app.h"

namespace ckptdiff {

namespace fs = std::filesystem;

std::string Root() { return CKPTDIFF_ROOT; }

std::string TestData(const std::string& below) {
  return Root() + "/testdata/" + below;
}

std::string ReadTextFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

std::string SharedTruth(const std::string& name) {
  std::string path = Root() + "/../shared/" + name;
  return fs::exists(path) ? path : "";
}

void ExpectGolden(const std::string& golden, const std::string& text) {
  std::string path = TestData(golden);
  if (std::getenv("UPDATE_GOLDENS") != nullptr) {
    fs::create_directories(fs::path(path).parent_path());
    std::ofstream(path, std::ios::binary) << text;
    return;
  }
  EXPECT_EQ(ReadTextFile(path), text)
      << golden << " differs; UPDATE_GOLDENS=1 writes it anew";
}

CliResult Cli(const std::vector<std::string>& args) {
  char* out_text = nullptr;
  char* err_text = nullptr;
  size_t out_size = 0, err_size = 0;
  std::FILE* out = open_memstream(&out_text, &out_size);
  std::FILE* err = open_memstream(&err_text, &err_size);
  int status = RunCli(args, out, err);
  std::fclose(out);
  std::fclose(err);
  CliResult result{status, {out_text, out_size}, {err_text, err_size}};
  std::free(out_text);
  std::free(err_text);
  return result;
}

TempDir::TempDir() {
  std::string pattern = (fs::temp_directory_path() / "ckptdiff-XXXXXX");
  if (mkdtemp(pattern.data()) == nullptr) std::abort();
  path_ = pattern;
}

TempDir::~TempDir() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

std::string TempDir::File(const std::string& name) const {
  return path_ + "/" + name;
}

std::string TempDir::Write(const std::string& name,
                           const std::string& content) const {
  std::string path = File(name);
  fs::create_directories(fs::path(path).parent_path());
  std::ofstream(path, std::ios::binary) << content;
  return path;
}

}  // namespace ckptdiff
