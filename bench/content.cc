// What --content does with every byte, against looking at each byte once.

#include "content/fingerprint.h"

#include <benchmark/benchmark.h>

#include <cstdint>
#include <cstring>
#include <numeric>
#include <vector>

namespace {

constexpr size_t kBytes = size_t{16} << 20;

std::vector<std::byte> Data() {
  std::vector<std::byte> data(kBytes);
  for (size_t i = 0; i < data.size(); ++i) {
    data[i] = static_cast<std::byte>(i * 2654435761u >> 24);
  }
  return data;
}

void SumWords(benchmark::State& state) {
  const std::vector<std::byte> data = Data();
  for (auto _ : state) {
    uint64_t sum = 0, word = 0;
    for (size_t i = 0; i + 8 <= data.size(); i += 8) {
      std::memcpy(&word, data.data() + i, 8);
      sum += word;
    }
    benchmark::DoNotOptimize(sum);
  }
}

void FingerprintFloats(benchmark::State& state) {
  const std::vector<std::byte> data = Data();
  for (auto _ : state) {
    ckptdiff::Fingerprinter fingerprinter(4);
    fingerprinter.Add(data);
    benchmark::DoNotOptimize(fingerprinter.Finish("float32"));
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * kBytes));
}

BENCHMARK(SumWords)->Unit(benchmark::kMillisecond);
BENCHMARK(FingerprintFloats)->Unit(benchmark::kMillisecond);

}  // namespace
