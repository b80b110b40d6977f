// The shape of a command: a stateless constant of metadata plus functions. A
// command is one file, one line in the list of app.cc, one test.

#ifndef CKPTDIFF_CLI_COMMAND_H_
#define CKPTDIFF_CLI_COMMAND_H_

#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
}

namespace ckptdiff {

// What was typed, by all commands; each declares the options it takes.
struct Arguments {
  std::vector<std::string> paths;
  std::string spec;
  std::string format = "text";
  std::string output;
  std::string fail_on;
  std::vector<std::string> rules;   // "ID=severity"
  std::vector<std::string> ignore;  // globs
  std::vector<std::string> only;    // parts of a layout
  std::vector<std::string> without;
  std::string subtree;
  std::string color = "auto";
  unsigned jobs = 0;
  bool names_only = false;
  bool content = false;
  bool pairs = false;
  bool quiet = false;
  bool verbose = false;
};

struct Streams {
  std::FILE* out;  // the report
  std::FILE* err;  // talk
};

// The exit status: a contract.
enum ExitStatus { kDone = 0, kFindings = 1, kFailed = 2 };

struct Settings;

struct Command {
  std::string_view id;
  std::string_view usage;     // behind "ckptdiff ID "
  std::string_view summary;   // the question it answers
  std::string_view help;      // paragraphs, wrapped where they are shown
  std::string_view examples;  // a command a line
  // Declares what it takes; CLI11 fills `arguments`.
  void (*declare)(CLI::App* app, Arguments* arguments);
  // Gets what was typed, and what the shared options mean.
  int (*run)(const Arguments& arguments, const Settings& settings,
             const Streams& streams);
};

// The list, in the order of `--help`.
const std::vector<const Command*>& AllCommands();

}  // namespace ckptdiff

#endif  // CKPTDIFF_CLI_COMMAND_H_
