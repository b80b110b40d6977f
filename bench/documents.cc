// Comparing two layouts against reading the two documents they come from.

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>

#include "ckptdiff/compare.h"
#include "ckptdiff/read.h"
#include "million.h"

namespace {

enum class Renamed { kNothing, kLayers, kMeaningless };

std::string LayerName(int layer, Renamed how) {
  bool is_hit = how != Renamed::kNothing && layer % 20 == 7;
  if (!is_hit) return fmt::format("encoder/layer_{}", layer);
  if (how == Renamed::kLayers) return fmt::format("encoder/block_{}", layer);
  return fmt::format("x{:08x}", static_cast<unsigned>(layer) * 2654435761u);
}

// Ten variables a layer, as a transformer has them.
std::string Document(int variables, Renamed how) {
  static const struct {
    const char* name;
    const char* shape;
  } kParts[] = {{"attention/query/kernel", "[768, 768]"},
                {"attention/query/bias", "[768]"},
                {"attention/key/kernel", "[768, 768]"},
                {"attention/value/kernel", "[768, 768]"},
                {"attention/output/kernel", "[768, 768]"},
                {"mlp/up/kernel", "[768, 3072]"},
                {"mlp/up/bias", "[3072]"},
                {"mlp/down/kernel", "[3072, 768]"},
                {"norm/gamma", "[768]"},
                {"norm/beta", "[768]"}};
  std::string text = "{\"schema\": \"ckptdiff/layout/v1\", \"variables\": [";
  for (int i = 0; i < variables; ++i) {
    const auto& part = kParts[i % 10];
    text += fmt::format(
        "{}\n{{\"name\": \"{}/{}\", \"shape\": {}, \"dtype\": \"float32\"}}",
        i == 0 ? "" : ",", LayerName(i / 10, how), part.name, part.shape);
  }
  return text + "]}\n";
}

// Written once per kind and size; the path.
const std::string& DocumentFile(int variables, Renamed how) {
  static std::map<std::pair<int, Renamed>, std::string> files;
  std::string& path = files[{variables, how}];
  if (path.empty()) {
    path = fmt::format("/tmp/ckptdiff-bench-{}-{}.json", variables,
                       static_cast<int>(how));
    std::FILE* file = std::fopen(path.c_str(), "wb");
    if (file == nullptr) std::abort();
    std::string text = Document(variables, how);
    std::fwrite(text.data(), 1, text.size(), file);
    std::fclose(file);
  }
  return path;
}

ckptdiff::Layout Read(int variables, Renamed how) {
  return ckptdiff::ReadLayout(DocumentFile(variables, how)).value();
}

void ReadTwoDocuments(benchmark::State& state) {
  int n = static_cast<int>(state.range(0));
  for (auto _ : state) {
    benchmark::DoNotOptimize(Read(n, Renamed::kNothing));
    benchmark::DoNotOptimize(Read(n, Renamed::kLayers));
  }
}

void Check(benchmark::State& state, Renamed how) {
  int n = static_cast<int>(state.range(0));
  ckptdiff::Layout actual = Read(n, Renamed::kNothing);
  ckptdiff::Layout expected = Read(n, how);
  for (auto _ : state) {
    benchmark::DoNotOptimize(ckptdiff::Compare(actual, expected));
  }
}

void CheckRenamedLayers(benchmark::State& state) {
  Check(state, Renamed::kLayers);
}

void CheckMeaninglessNames(benchmark::State& state) {
  Check(state, Renamed::kMeaningless);
}

BENCHMARK(ReadTwoDocuments)->Arg(100000)->Unit(benchmark::kMillisecond);
BENCHMARK(CheckRenamedLayers)
    ->Arg(1000)
    ->Arg(10000)
    ->Arg(100000)
    ->Unit(benchmark::kMillisecond);
BENCHMARK(CheckMeaninglessNames)->Arg(100000)->Unit(benchmark::kMillisecond);

}  // namespace

void ckptdiff_bench::AddMillionCases() {
  benchmark::RegisterBenchmark("CheckRenamedLayers", CheckRenamedLayers)
      ->Arg(1000000)
      ->Unit(benchmark::kMillisecond);
}
