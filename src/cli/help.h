// What --help shows, printed from the commands' own metadata.

#ifndef CKPTDIFF_CLI_HELP_H_
#define CKPTDIFF_CLI_HELP_H_

#include <string>

#include "cli/command.h"

namespace ckptdiff {

// The program: its commands and the exit status.
std::string ProgramHelp();
// One command: usage, options, exit status, examples.
std::string CommandHelp(const Command& command, const CLI::App& app);

}  // namespace ckptdiff

#endif  // CKPTDIFF_CLI_HELP_H_
