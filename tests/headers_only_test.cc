// No tensor data is read for a listing: files of 4 GiB, all hole, are listed
// with under 1 MiB of reading (counted by the kernel, /proc/self/io).

#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdint>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "ckptdiff/read.h"
#include "support/bundle_builder.h"
#include "support/fixture.h"
#include "support/little.h"
#include "support/pickle_builder.h"

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

// The header of a float32 array of 4 GiB.
std::string NpyHead() {
  std::string header = fmt::format(
      "{{'descr': '<f4', 'fortran_order': False, 'shape': ({},), }}",
      kHole / 4);
  while ((10 + header.size() + 1) % 64 != 0) header += ' ';
  header += '\n';
  return std::string("\x93NUMPY\x01\x00", 8) + Little(header.size(), 2) +
         header;
}

TEST(HeadersOnlyTest, Npy) {
  TempDir directory;
  ExpectListedByItsHeader(SparseFile(directory, "w.npy", NpyHead()), "npy");
}

TEST(HeadersOnlyTest, Gguf) {
  TempDir directory;
  std::string head = "GGUF" + Little(3, 4) + Little(1, 8) + Little(0, 8);
  head += Little(1, 8) + "w" + Little(1, 4) + Little(kHole / 4, 8);
  head += Little(0, 4) + Little(0, 8);
  while (head.size() % 32 != 0) head += '\0';
  ExpectListedByItsHeader(SparseFile(directory, "m.gguf", head), "gguf");
}

// A zip64 of stored members, the last one continued by a hole of 4 GiB.
std::string SparseZip(
    const TempDir& directory, const std::string& name,
    const std::vector<std::pair<std::string, std::string>>& members) {
  std::string front, index;
  for (size_t i = 0; i < members.size(); ++i) {
    const auto& [member, content] = members[i];
    uint64_t size =
        content.size() + (i + 1 == members.size() ? kHole : uint64_t{0});
    // Version, flags, method (stored), time, date, CRC-32, sizes in zip64.
    std::string common = Little(45, 2) + Little(0, 8) + Little(1, 4) +
                         Little(0xffffffff, 4) + Little(0xffffffff, 4) +
                         Little(member.size(), 2);
    std::string sizes = Little(size, 8) + Little(size, 8);
    index += "PK\x01\x02" + Little(45, 2) + common + Little(28, 2) +
             Little(0, 2 + 2 + 2 + 4) + Little(0xffffffff, 4) + member +
             Little(1, 2) + Little(24, 2) + sizes + Little(front.size(), 8);
    front += "PK\x03\x04" + common + Little(20, 2) + member + Little(1, 2) +
             Little(16, 2) + sizes + content;
  }
  uint64_t index_at = front.size() + kHole;
  uint64_t end_at = index_at + index.size();
  std::string counts = Little(members.size(), 8) + Little(members.size(), 8);
  std::string end = "PK\x06\x06" + Little(44, 8) + Little(45, 2) +
                    Little(45, 2) + Little(0, 8) + counts +
                    Little(index.size(), 8) + Little(index_at, 8);
  end += "PK\x06\x07" + Little(0, 4) + Little(end_at, 8) + Little(1, 4);
  end += "PK\x05\x06" + Little(0, 4) + Little(0xffff, 2) + Little(0xffff, 2) +
         Little(0xffffffff, 4) + Little(0xffffffff, 4) + Little(0, 2);
  std::string path = SparseFile(directory, name, front);
  std::ofstream(path, std::ios::app | std::ios::binary) << index << end;
  return path;
}

TEST(HeadersOnlyTest, TorchZip) {
  TempDir directory;
  std::string tensor = PickleTensor("0", {static_cast<int64_t>(kHole / 4)});
  std::string pickle = "\x80\x02" + PickleDict({{"w", tensor}}) + ".";
  ExpectListedByItsHeader(
      SparseZip(directory, "m.pt", {{"m/data.pkl", pickle}, {"m/data/0", ""}}),
      "torch-zip");
}

TEST(HeadersOnlyTest, Npz) {
  TempDir directory;
  ExpectListedByItsHeader(SparseZip(directory, "m.npz", {{"w.npy", NpyHead()}}),
                          "npz");
}

TEST(HeadersOnlyTest, TensorFlowBundle) {
  TempDir directory;
  BundleBuilder bundle;
  bundle.AddEntry("w",
                  ProtoVarint(1, 1) +
                      ProtoBytes(2, ProtoBytes(2, ProtoVarint(1, kHole / 4))) +
                      ProtoVarint(5, kHole) + ProtoFixed32(6, 1));
  directory.Write("m.index", bundle.Index());
  SparseFile(directory, "m.data-00000-of-00001", "");
  ExpectListedByItsHeader(directory.File("m.index"), "tf-bundle");
}

TEST(HeadersOnlyTest, OnnxWithExternalData) {
  TempDir directory;
  auto entry = [](const std::string& key, const std::string& value) {
    return ProtoBytes(13, ProtoBytes(1, key) + ProtoBytes(2, value));
  };
  std::string tensor = ProtoVarint(1, kHole / 4) + ProtoVarint(2, 1) +
                       ProtoBytes(8, "w") + entry("location", "m.data") +
                       entry("length", std::to_string(kHole)) +
                       ProtoVarint(14, 1);
  SparseFile(directory, "m.data", "");
  ExpectListedByItsHeader(
      directory.Write("m.onnx",
                      ProtoVarint(1, 8) + ProtoBytes(7, ProtoBytes(5, tensor))),
      "onnx");
}

}  // namespace
}  // namespace ckptdiff
