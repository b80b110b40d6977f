// Listing the index of a TensorFlow bundle, against reading its bytes once and
// against what one would write with leveldb and protobuf.

#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <leveldb/env.h>
#include <leveldb/iterator.h>
#include <leveldb/options.h>
#include <leveldb/table.h>
#include <leveldb/table_builder.h>
#include <unistd.h>

#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "bundle_entry.pb.h"
#include "container/tensor_bundle.h"
#include "io/source.h"

namespace {

std::string Entry(int i) {
  ckptdiff_bench::BundleEntry entry;
  entry.set_dtype(1);
  entry.mutable_shape()->add_dim()->set_size(768);
  entry.mutable_shape()->add_dim()->set_size(768);
  entry.set_offset(int64_t{2359296} * i);
  entry.set_size(2359296);
  entry.set_crc32c(static_cast<uint32_t>(i) * 2654435761u);
  return entry.SerializeAsString();
}

// As TensorFlow writes it: blocks of 256 KiB, no compression.
const std::string& IndexFile(int entries) {
  static std::map<int, std::string> files;
  std::string& path = files[entries];
  if (!path.empty()) return path;
  path = fmt::format("/tmp/ckptdiff-bench-{}.index", entries);
  leveldb::Options options;
  options.block_size = 262144;
  options.compression = leveldb::kNoCompression;
  leveldb::WritableFile* file = nullptr;
  if (!leveldb::Env::Default()->NewWritableFile(path, &file).ok()) {
    std::abort();
  }
  leveldb::TableBuilder table(options, file);
  table.Add("", std::string("\x08\x01\x1a\x02\x08\x01", 6));
  for (int i = 0; i < entries; ++i) {
    table.Add(fmt::format("model/encoder/layer_with_weights-{:07}/attention/"
                          "query/kernel/.ATTRIBUTES/VARIABLE_VALUE",
                          i),
              Entry(i));
  }
  if (!table.Finish().ok() || !file->Close().ok()) std::abort();
  delete file;
  return path;
}

void ReadIndexBytes(benchmark::State& state) {
  const std::string& path = IndexFile(static_cast<int>(state.range(0)));
  std::vector<char> buffer(1 << 18);
  for (auto _ : state) {
    int file = open(path.c_str(), O_RDONLY);
    ssize_t got;
    uint64_t sum = 0;
    while ((got = read(file, buffer.data(), buffer.size())) > 0) {
      for (ssize_t i = 0; i < got; i += 64) {
        sum += static_cast<unsigned char>(buffer[static_cast<size_t>(i)]);
      }
    }
    close(file);
    benchmark::DoNotOptimize(sum);
  }
}

// Names, shapes, dtypes and places of every entry, kept.
struct Listed {
  std::string name;
  ckptdiff_bench::BundleEntry entry;
};

void LeveldbProtobuf(benchmark::State& state) {
  const std::string& path = IndexFile(static_cast<int>(state.range(0)));
  for (auto _ : state) {
    leveldb::Options options;
    options.paranoid_checks = true;
    leveldb::ReadOptions reading;
    reading.verify_checksums = true;
    leveldb::RandomAccessFile* file = nullptr;
    uint64_t size = 0;
    leveldb::Env* env = leveldb::Env::Default();
    if (!env->NewRandomAccessFile(path, &file).ok()) std::abort();
    if (!env->GetFileSize(path, &size).ok()) std::abort();
    leveldb::Table* opened = nullptr;
    if (!leveldb::Table::Open(options, file, size, &opened).ok()) std::abort();
    std::unique_ptr<leveldb::Table> table(opened);
    std::unique_ptr<leveldb::Iterator> at(table->NewIterator(reading));
    std::vector<Listed> listed;
    for (at->SeekToFirst(); at->Valid(); at->Next()) {
      listed.push_back({at->key().ToString(), {}});
      listed.back().entry.ParseFromArray(at->value().data(),
                                         static_cast<int>(at->value().size()));
    }
    benchmark::DoNotOptimize(listed);
    at.reset();
    table.reset();
    delete file;
  }
}

void ListIndex(benchmark::State& state) {
  ckptdiff::Source source(ckptdiff::RealFileSystem(),
                          IndexFile(static_cast<int>(state.range(0))));
  for (auto _ : state) {
    std::unique_ptr<ckptdiff::File> file = source.files().Open(source.path());
    benchmark::DoNotOptimize(ckptdiff::ListBundleEntries(*file));
  }
}

BENCHMARK(ReadIndexBytes)->Arg(100000)->Unit(benchmark::kMicrosecond);
BENCHMARK(ListIndex)->Arg(1000)->Arg(100000)->Arg(1000000)->Unit(
    benchmark::kMicrosecond);
BENCHMARK(LeveldbProtobuf)->Arg(100000)->Unit(benchmark::kMicrosecond);

}  // namespace
