#include "container/forked_task.h"

#include <dirent.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <thread>
#include <vector>

namespace ckptdiff {
namespace {

ForkLimits Short() {
  ForkLimits limits;
  limits.seconds = 1;
  return limits;
}

size_t OpenFiles() {
  DIR* directory = opendir("/proc/self/fd");
  size_t count = 0;
  while (readdir(directory) != nullptr) ++count;
  closedir(directory);
  return count;
}

TEST(ForkedTaskTest, HandsBackWhatTheTaskWrites) {
  ForkOutcome outcome = RunForked(
      [](const ForkSink& sink) {
        sink("one ");
        sink(std::string(200000, 'x'));
      },
      {});
  EXPECT_TRUE(outcome.finished);
  EXPECT_EQ(outcome.output, "one " + std::string(200000, 'x'));
}

TEST(ForkedTaskTest, ACrashIsNamed) {
  ForkOutcome outcome =
      RunForked([](const ForkSink&) { raise(SIGSEGV); }, Short());
  EXPECT_FALSE(outcome.finished);
  EXPECT_EQ(outcome.Why(), "died (SIGSEGV)");
}

TEST(ForkedTaskTest, AnExceptionIsNoResult) {
  ForkOutcome outcome =
      RunForked([](const ForkSink&) { throw std::bad_alloc(); }, Short());
  EXPECT_FALSE(outcome.finished);
  EXPECT_EQ(outcome.Why(), "gave up: it ran out of memory");
}

TEST(ForkedTaskTest, ATaskThatHangsIsStopped) {
  ForkOutcome outcome = RunForked(
      [](const ForkSink&) {
        while (true) pause();
      },
      Short());
  EXPECT_TRUE(outcome.timed_out);
  EXPECT_FALSE(outcome.finished);
}

TEST(ForkedTaskTest, ATaskThatRunsInCirclesIsStopped) {
  ForkLimits limits;
  limits.processor_seconds = 1;
  ForkOutcome outcome = RunForked(
      [](const ForkSink&) {
        volatile int turns = 0;
        while (turns >= 0) turns = turns ^ 1;
      },
      limits);
  EXPECT_FALSE(outcome.finished);
  EXPECT_EQ(outcome.Why(), "was stopped: it ran too long");
}

TEST(ForkedTaskTest, ATaskThatFloodsIsStopped) {
  ForkLimits limits = Short();
  limits.output = 1 << 20;
  ForkOutcome outcome = RunForked(
      [](const ForkSink& sink) {
        while (sink(std::string(65536, 'x'))) {
        }
      },
      limits);
  EXPECT_TRUE(outcome.flooded);
  EXPECT_LT(outcome.output.size(), size_t{3} << 20);
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
TEST(ForkedTaskTest, MemoryIsLimited) {
  ForkOutcome outcome = RunForked(
      [](const ForkSink& sink) {
        std::vector<char> large(size_t{400} << 20);
        sink("reached");
      },
      Short());
  EXPECT_FALSE(outcome.finished);
  EXPECT_EQ(outcome.output, "");
}
#endif

TEST(ForkedTaskTest, ThreadsDoNotDisturbOneAnother) {
  size_t before = OpenFiles();
  std::atomic<int> right = 0;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&right, thread] {
      for (int i = 0; i < 20; ++i) {
        std::string mine = std::to_string(thread * 100 + i);
        bool crashes = i % 5 == 4;
        ForkOutcome outcome = RunForked(
            [&](const ForkSink& sink) {
              sink(mine);
              if (crashes) raise(SIGABRT);
            },
            {});
        right += outcome.finished != crashes && outcome.output == mine;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(right, 80);
  EXPECT_EQ(OpenFiles(), before);
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1);  // no child is left
  EXPECT_EQ(errno, ECHILD);
}

}  // namespace
}  // namespace ckptdiff
