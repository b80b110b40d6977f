// Listing 100,000 tensors of a safetensors header and of a torch zip, against
// the Python libraries of these formats: list_headers.py writes the files, runs
// these cases and prints the ratios.

#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "ckptdiff/read.h"
#include "container/safetensors_header.h"
#include "io/source.h"

namespace {

// Empty where list_headers.py did not name the directory of its files.
std::string File(const char* name) {
  const char* directory = std::getenv("CKPTDIFF_BENCH_FILES");
  return directory == nullptr ? "" : std::string(directory) + "/" + name;
}

struct Listed {
  std::string name;
  std::string_view dtype;
  std::vector<int64_t> shape;
};

// What the library for Python lists: names, dtypes and shapes, kept.
void ListSafetensorsHeader(benchmark::State& state) {
  std::string path = File("100k.safetensors");
  if (path.empty()) return state.SkipWithError("run by list_headers.py");
  for (auto _ : state) {
    ckptdiff::Source source(ckptdiff::RealFileSystem(), path);
    std::string head = source.Read(0, 8);
    uint64_t length =
        ckptdiff::ByteCursor(ckptdiff::AsBytes(head)).LittleU64("length");
    std::string text = source.Read(8, length);
    ckptdiff::SafetensorsHeader header(text);
    std::vector<Listed> listed;
    for (ckptdiff::SafetensorsEntry entry; header.Next(&entry);) {
      listed.push_back({std::string(entry.name),
                        ckptdiff::SafetensorsDType(entry.dtype), entry.shape});
    }
    benchmark::DoNotOptimize(listed);
  }
}

// The same as a Layout: roles, places, ties, everything checked.
void ReadFile(benchmark::State& state, const char* name) {
  std::string path = File(name);
  if (path.empty()) return state.SkipWithError("run by list_headers.py");
  for (auto _ : state) {
    benchmark::DoNotOptimize(ckptdiff::ReadLayout(path));
  }
}

void ReadSafetensors(benchmark::State& state) {
  ReadFile(state, "100k.safetensors");
}

void ReadTorchZip(benchmark::State& state) { ReadFile(state, "100k.pt"); }

BENCHMARK(ListSafetensorsHeader)->Unit(benchmark::kMillisecond);
BENCHMARK(ReadSafetensors)->Unit(benchmark::kMillisecond);
BENCHMARK(ReadTorchZip)->Unit(benchmark::kMillisecond);

}  // namespace
