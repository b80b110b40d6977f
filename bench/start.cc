// Starting the program against starting one that does nothing.

#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

extern char** environ;

namespace {

void Spawn(benchmark::State& state, const char* program, const char* argument) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null",
                                   O_WRONLY, 0);
  char* argv[] = {const_cast<char*>(program), const_cast<char*>(argument),
                  nullptr};
  for (auto _ : state) {
    pid_t child;
    if (posix_spawn(&child, program, &actions, nullptr, argv, environ) != 0) {
      std::abort();
    }
    int status;
    waitpid(child, &status, 0);
  }
  posix_spawn_file_actions_destroy(&actions);
}

void StartEmptyProgram(benchmark::State& state) {
  Spawn(state, EMPTY_PROGRAM, nullptr);
}

void StartProgram(benchmark::State& state) {
  Spawn(state, CKPTDIFF_PROGRAM, "--version");
}

BENCHMARK(StartEmptyProgram)->UseRealTime()->Unit(benchmark::kMicrosecond);
BENCHMARK(StartProgram)->UseRealTime()->Unit(benchmark::kMicrosecond);

}  // namespace
