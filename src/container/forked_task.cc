#include "container/forked_task.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <mutex>
#include <system_error>

#include "base/parse_error.h"

// AddressSanitizer maps terabytes of shadow: no address limit fits it.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define CKPTDIFF_SANITIZED 1
#else
#define CKPTDIFF_SANITIZED 0
#endif

namespace ckptdiff {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kDone = 42;  // exit status of a task that returned

void SetLimit(__rlimit_resource_t resource, uint64_t value) {
  struct rlimit limit;
  if (getrlimit(resource, &limit) != 0) return;
  limit.rlim_cur = std::min<rlim_t>(value, limit.rlim_max);
  // One more where it kills: SIGXCPU comes first and tells the reason.
  limit.rlim_max = std::min<rlim_t>(value + 1, limit.rlim_max);
  setrlimit(resource, &limit);
}

// Address space in use now; 0 where the system does not tell.
uint64_t MappedBytes() {
  std::FILE* statm = std::fopen("/proc/self/statm", "re");
  if (statm == nullptr) return 0;
  unsigned long long pages = 0;
  int read = std::fscanf(statm, "%llu", &pages);
  std::fclose(statm);
  if (read != 1) return 0;
  return pages * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

void LimitChild(const ForkLimits& limits) {
  SetLimit(RLIMIT_CORE, 0);
  SetLimit(RLIMIT_CPU, static_cast<uint64_t>(limits.processor_seconds));
  uint64_t mapped = CKPTDIFF_SANITIZED ? 0 : MappedBytes();
  if (mapped > 0) SetLimit(RLIMIT_AS, mapped + limits.memory);
}

// What a crash prints (sanitizers, abort, assertions) is not for the user.
void SilenceChild() {
  int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
  if (null < 0) return;
  dup2(null, STDOUT_FILENO);
  dup2(null, STDERR_FILENO);
}

bool WriteAll(int fd, std::string_view text) {
  while (!text.empty()) {
    ssize_t written = write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    text.remove_prefix(static_cast<size_t>(written));
  }
  return true;
}

// Never returns; _exit leaves the parent's buffers and handlers alone.
[[noreturn]] void RunChild(const std::function<void(const ForkSink&)>& task,
                           const ForkLimits& limits, int fd) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  for (int fatal :
       {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL, SIGPIPE, SIGXCPU}) {
    std::signal(fatal, SIG_DFL);
  }
  SilenceChild();
  LimitChild(limits);
  try {
    task([fd](std::string_view text) { return WriteAll(fd, text); });
  } catch (...) {  // also bad_alloc at the limit: the parent sees no kDone
    _exit(1);
  }
  _exit(kDone);
}

// Reads until the child closes its end, or a limit is reached.
void Collect(int fd, const ForkLimits& limits, ForkOutcome* outcome) {
  Clock::time_point end = Clock::now() + std::chrono::seconds(limits.seconds);
  std::array<char, 65536> buffer;
  while (true) {
    auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        end - Clock::now());
    struct pollfd ready = {fd, POLLIN, 0};
    int events = left.count() <= 0
                     ? 0
                     : poll(&ready, 1, static_cast<int>(left.count()) + 1);
    if (events < 0 && errno == EINTR) continue;
    if (events == 0) {
      outcome->timed_out = true;
      return;
    }
    ssize_t got = read(fd, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return;
    outcome->output.append(buffer.data(), static_cast<size_t>(got));
    if (outcome->output.size() > limits.output) {
      outcome->flooded = true;
      return;
    }
  }
}

void Reap(pid_t child, ForkOutcome* outcome) {
  int status = 0;
  pid_t reaped;
  do {
    reaped = waitpid(child, &status, 0);
  } while (reaped < 0 && errno == EINTR);
  if (reaped != child) return;
  if (WIFSIGNALED(status)) outcome->signal = WTERMSIG(status);
  outcome->finished = WIFEXITED(status) && WEXITSTATUS(status) == kDone &&
                      !outcome->timed_out && !outcome->flooded;
}

[[noreturn]] void ThrowErrno(const char* what) {
  throw ParseError(ErrorCode::kIo, {},
                   fmt::format("the system gives no {}: {}", what,
                               std::generic_category().message(errno)));
}

}  // namespace

std::string ForkOutcome::Why() const {
  if (timed_out || signal == SIGXCPU) return "was stopped: it ran too long";
  if (flooded) return "was stopped: it found more than any checkpoint holds";
  const char* name = signal == 0 ? nullptr : sigabbrev_np(signal);
  if (name != nullptr) return fmt::format("died (SIG{})", name);
  if (signal != 0) return fmt::format("died (signal {})", signal);
  return "gave up: it ran out of memory";
}

ForkOutcome RunForked(const std::function<void(const ForkSink&)>& task,
                      const ForkLimits& limits) {
  // Between pipe and close no other thread may fork: its child would hold the
  // writing end, and this one's death would not end the reading.
  static std::mutex forking;
  int ends[2];
  pid_t child;
  {
    std::lock_guard lock(forking);
    if (pipe2(ends, O_CLOEXEC) != 0) ThrowErrno("pipe");
    child = fork();
    if (child == 0) {
      close(ends[0]);
      RunChild(task, limits, ends[1]);
    }
    close(ends[1]);
  }
  if (child < 0) {
    close(ends[0]);
    ThrowErrno("process");
  }
  ForkOutcome outcome;
  try {
    Collect(ends[0], limits, &outcome);
  } catch (...) {  // no memory for the output
    outcome.flooded = true;
  }
  if (outcome.timed_out || outcome.flooded) kill(child, SIGKILL);
  close(ends[0]);
  Reap(child, &outcome);
  return outcome;
}

}  // namespace ckptdiff
