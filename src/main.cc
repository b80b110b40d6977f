#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>

#include "cli/app.h"

namespace {

// Whoever starts us with a standard stream closed would otherwise have the
// next file we open take its number, and our talk written into it.
void HoldStandardStreams() {
  for (int file = 0; file <= 2; ++file) {
    if (fcntl(file, F_GETFD) >= 0) continue;
    // Standard output stays unwritable: a report that goes nowhere is an error.
    if (open("/dev/null", file == 1 ? O_RDONLY : O_RDWR) < 0) return;
  }
}

}  // namespace

int main(int argc, char** argv) {
  HoldStandardStreams();
  std::signal(SIGPIPE, SIG_IGN);  // a closed pipe is seen where it is written
  return ckptdiff::RunCli({argv + 1, argv + argc}, stdout, stderr);
}
