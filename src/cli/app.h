// The command line, callable in-process by tests.

#ifndef CKPTDIFF_CLI_APP_H_
#define CKPTDIFF_CLI_APP_H_

#include <cstdio>
#include <string>
#include <vector>

namespace ckptdiff {

// `args` without the program's name. Returns the exit status (0, 1, 2).
int RunCli(const std::vector<std::string>& args, std::FILE* out,
           std::FILE* err);

}  // namespace ckptdiff

#endif  // CKPTDIFF_CLI_APP_H_
