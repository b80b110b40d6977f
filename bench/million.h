// Cases that take longer than all others together.

#ifndef CKPTDIFF_BENCH_MILLION_H_
#define CKPTDIFF_BENCH_MILLION_H_

namespace ckptdiff_bench {

// Comparing a million variables with a million; before the cases run.
void AddMillionCases();

}  // namespace ckptdiff_bench

#endif  // CKPTDIFF_BENCH_MILLION_H_
