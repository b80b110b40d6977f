#include <cstdio>

#include "cli/app.h"

int main(int argc, char** argv) {
  return ckptdiff::RunCli({argv + 1, argv + argc}, stdout, stderr);
}
