// Runs every case and prints the ratios that the README states.
//
//   cmake --build build/release --target ckptdiff_bench
//   build/release/bench/ckptdiff_bench            about a minute
//   build/release/bench/ckptdiff_bench --million  a million variables as well

#include <benchmark/benchmark.h>

#include <algorithm>
#include <string_view>

#include "million.h"
#include "ratios.h"

int main(int argc, char** argv) {
  char** end =
      std::remove(argv + 1, argv + argc, std::string_view("--million"));
  if (end != argv + argc) ckptdiff_bench::AddMillionCases();
  argc = static_cast<int>(end - argv);
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  ckptdiff_bench::Recorder recorder;
  benchmark::RunSpecifiedBenchmarks(&recorder);
  return ckptdiff_bench::PrintRatios(recorder) ? 0 : 1;
}
