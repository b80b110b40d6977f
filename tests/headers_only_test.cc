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

std::string LittleU64(uint64_t value) {
  std::string bytes;
  for (int i = 0; i < 8; ++i) bytes += static_cast<char>(value >> (8 * i));
  return bytes;
}

std::string LittleU32(uint32_t value) { return LittleU64(value).substr(0, 4); }

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
      SparseFile(directory, "m.safetensors", LittleU64(json.size()) + json),
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
  head += LittleU32(static_cast<uint32_t>(header.size())).substr(0, 2);
  ExpectListedByItsHeader(SparseFile(directory, "w.npy", head + header), "npy");
}

TEST(HeadersOnlyTest, Gguf) {
  TempDir directory;
  std::string head = "GGUF" + LittleU32(3) + LittleU64(1) + LittleU64(0);
  head += LittleU64(1) + "w" + LittleU32(1) + LittleU64(kHole / 4);
  head += LittleU32(0) + LittleU64(0);
  while (head.size() % 32 != 0) head += '\0';
  ExpectListedByItsHeader(SparseFile(directory, "m.gguf", head), "gguf");
}

}  // namespace
}  // namespace ckptdiff
