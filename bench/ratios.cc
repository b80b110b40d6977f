#include "ratios.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace ckptdiff_bench {
namespace {

struct Bound {
  const char* what;
  const char* mine;
  const char* yardstick;
  double most;
};

constexpr Bound kBounds[] = {
    {"list 100k entries of an index / read its bytes once", "ListIndex/100000",
     "ReadIndexBytes/100000", 15},
    {"list 100k entries of an index / leveldb + protobuf", "ListIndex/100000",
     "LeveldbProtobuf/100000", 0.3},
    {"check 100k against 100k, 5 % of the layers renamed / read both documents",
     "CheckRenamedLayers/100000", "ReadTwoDocuments/100000", 3},
    {"check 100k against 100k, 5 % meaningless names / read both documents",
     "CheckMeaninglessNames/100000", "ReadTwoDocuments/100000", 3},
    {"derive a layout from a Keras config of 1,000 layers / parse its JSON",
     "DeriveKerasLayout/1000", "ParseKerasConfig/1000", 5},
    {"start / an empty program", "StartProgram", "StartEmptyProgram", 4},
};

// The exponent of growth between two sizes of one case.
double Exponent(const Recorder& recorder, const std::string& name, int from,
                int to) {
  double small = recorder.Time(fmt::format("{}/{}", name, from));
  double large = recorder.Time(fmt::format("{}/{}", name, to));
  if (small == 0 || large == 0) return 0;
  return std::log(large / small) / std::log(double(to) / from);
}

}  // namespace

void Recorder::ReportRuns(const std::vector<Run>& runs) {
  ConsoleReporter::ReportRuns(runs);
  for (const Run& run : runs) {
    if (run.run_type != Run::RT_Iteration) continue;
    double time =
        run.real_accumulated_time * 1e9 / static_cast<double>(run.iterations);
    std::string name = run.run_name.function_name;
    if (!run.run_name.args.empty()) name += "/" + run.run_name.args;
    auto [at, is_new] = least_.emplace(name, time);
    if (!is_new) at->second = std::min(at->second, time);
  }
}

double Recorder::Time(const std::string& name) const {
  auto found = least_.find(name);
  return found == least_.end() ? 0 : found->second;
}

bool PrintRatios(const Recorder& recorder) {
  bool all_hold = true;
  auto print = [&all_hold](const std::string& what, double value, double most) {
    bool holds = value <= most;
    all_hold &= holds;
    fmt::print("{:8.2f}  {} {}  {}\n", value, holds ? "<=" : "> ", most, what);
  };
  fmt::print("\n");
  for (const Bound& bound : kBounds) {
    double mine = recorder.Time(bound.mine);
    double yardstick = recorder.Time(bound.yardstick);
    if (mine == 0 || yardstick == 0) continue;
    print(bound.what, mine / yardstick, bound.most);
  }
  for (const char* name : {"CheckRenamedLayers", "ListIndex"}) {
    for (int to : {1000000, 100000}) {  // the larger one that ran
      double exponent = Exponent(recorder, name, 1000, to);
      if (exponent == 0) continue;
      print(fmt::format("growth exponent of {}, 1k to {}k", name, to / 1000),
            exponent, 1.15);
      break;
    }
  }
  return all_hold;
}

}  // namespace ckptdiff_bench
