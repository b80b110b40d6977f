// Runs every case and prints the ratios that the README states.
//
//   cmake --build build/release --target ckptdiff_bench
//   build/release/bench/ckptdiff_bench

#include <benchmark/benchmark.h>

#include "ratios.h"

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  ckptdiff_bench::Recorder recorder;
  benchmark::RunSpecifiedBenchmarks(&recorder);
  return ckptdiff_bench::PrintRatios(recorder) ? 0 : 1;
}
