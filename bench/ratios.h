// Speed claims are ratios of two cases of one run: absolute figures say more
// about the machine than about the program.

#ifndef CKPTDIFF_BENCH_RATIOS_H_
#define CKPTDIFF_BENCH_RATIOS_H_

#include <benchmark/benchmark.h>

#include <map>
#include <string>
#include <vector>

namespace ckptdiff_bench {

// Shows every case as it runs and keeps its time.
class Recorder : public benchmark::ConsoleReporter {
 public:
  void ReportRuns(const std::vector<Run>& runs) override;
  // Nanoseconds of real time (the least of the repetitions); 0: did not run.
  double Time(const std::string& name) const;

 private:
  std::map<std::string, double> least_;
};

// Prints each ratio with its bound; false if one that was measured is above.
bool PrintRatios(const Recorder& recorder);

}  // namespace ckptdiff_bench

#endif  // CKPTDIFF_BENCH_RATIOS_H_
