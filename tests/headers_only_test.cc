// No tensor data is read for a listing: files of 4 GiB, all hole, are listed
// with under 1 MiB of reading (counted by the kernel, /proc/self/io).

#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdint>
#include <fstream>
#include <string>

#include "ckptdiff/read.h"
#include "support/fixture.h"
#include "support/little.h"

namespace ckptdiff {
namespace {

constexpr uint64_t kHole = uint64_t{4} << 30;

// What this process has asked the kernel to read so far, in bytes.
uint64_t BytesRead() {
  std::ifstream io("/proc/self/io");
  std::string name;
  uint64_t value = 0;
  while (io >> name >> value) {
    if (name == "rchar:") return value;
  }
  return 0;
}

// `head`, then a hole up to 4 GiB more.
std::string SparseFile(const TempDir& directory, const std::string& name,
                       const std::string& head) {
  std::string path = directory.Write(name, head);
  EXPECT_EQ(truncate(path.c_str(), static_cast<off_t>(head.size() + kHole)), 0);
  return path;
}

void ExpectListedByItsHeader(const std::string& path,
                             const std::string& format) {
  uint64_t before = BytesRead();
  Result<Layout> layout = ReadLayout(path);
  uint64_t read = BytesRead() - before;
  ASSERT_TRUE(layout.ok()) << ToString(layout.error());
  EXPECT_EQ(layout.value().source.format, format);
  ASSERT_EQ(layout.value().variables.size(), 1u);
  EXPECT_EQ(layout.value().variables[0].bytes, kHole);
  EXPECT_LT(read, uint64_t{1} << 20);
}

TEST(HeadersOnlyTest, Safetensors) {
  TempDir directory;
  std::string json = fmt::format(
      R"({{"w": {{"dtype": "F32", "shape": [{}], "data_offsets": [0, {}]}}}})",
      kHole / 4, kHole);
  while (json.size() % 8 != 0) json += ' ';
  ExpectListedByItsHeader(
      SparseFile(directory, "m.safetensors", Little(json.size(), 8) + json),
      "safetensors");
}

TEST(HeadersOnlyTest, Npy) {
  TempDir directory;
  std::string header = fmt::format(
      "{{'descr': '<f4', 'fortran_order': False, 'shape': ({},), }}",
      kHole / 4);
  while ((10 + header.size() + 1) % 64 != 0) header += ' ';
  header += '\n';
  std::string head = std::string("\x93NUMPY\x01\x00", 8);
  head += Little(header.size(), 2);
  ExpectListedByItsHeader(SparseFile(directory, "w.npy", head + header), "npy");
}

TEST(HeadersOnlyTest, Gguf) {
  TempDir directory;
  std::string head = "GGUF" + Little(3, 4) + Little(1, 8) + Little(0, 8);
  head += Little(1, 8) + "w" + Little(1, 4) + Little(kHole / 4, 8);
  head += Little(0, 4) + Little(0, 8);
  while (head.size() % 32 != 0) head += '\0';
  ExpectListedByItsHeader(SparseFile(directory, "m.gguf", head), "gguf");
}

}  // namespace
}  // namespace ckptdiff
