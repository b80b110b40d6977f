// Runs code that may crash, hang or devour memory on damaged bytes (libhdf5) in
// a child process, and hands back what it wrote. Safe to call from several
// threads at once; leaves no process and no file descriptor behind.

#ifndef CKPTDIFF_CONTAINER_FORKED_TASK_H_
#define CKPTDIFF_CONTAINER_FORKED_TASK_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace ckptdiff {

struct ForkLimits {
  int seconds = 10;  // of wall time
  int processor_seconds = 10;
  uint64_t memory = uint64_t{256} << 20;  // beyond what the parent has
  uint64_t output = uint64_t{64} << 20;   // of what the task writes
};

struct ForkOutcome {
  std::string output;
  bool finished = false;   // the task returned, and `output` is whole
  bool timed_out = false;  // it was stopped after `seconds`
  bool flooded = false;    // it was stopped for writing more than `output`
  int signal = 0;          // it died of this one

  // Why it did not finish: "died (SIGSEGV)", "was stopped after 10 s".
  std::string Why() const;
};

// Writes to the parent; false once the parent listens no more.
using ForkSink = std::function<bool(std::string_view)>;

// Calls `task` in a child; what it leaves through the sink is the output. The
// child shares nothing back: it sees a copy of this process. Throws
// ParseError(kIo) where the system gives no process.
ForkOutcome RunForked(const std::function<void(const ForkSink&)>& task,
                      const ForkLimits& limits);

}  // namespace ckptdiff

#endif  // CKPTDIFF_CONTAINER_FORKED_TASK_H_
