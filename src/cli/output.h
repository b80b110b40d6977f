// Where a report goes: standard output, or a file that appears whole.

#ifndef CKPTDIFF_CLI_OUTPUT_H_
#define CKPTDIFF_CLI_OUTPUT_H_

#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "ckptdiff/result.h"
#include "report/reporter.h"

namespace ckptdiff {

struct Arguments;
struct Streams;

class Output {
 public:
  // Standard output where `path` is empty or "-". A file is written under
  // another name in the same directory and renamed by Finish(): who reads it
  // never sees half of it, and an error leaves the old one.
  static Result<std::unique_ptr<Output>> Open(const std::string& path,
                                              std::FILE* standard);
  ~Output();
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  void Write(std::string_view text);
  // Flushes, and renames a file into place. A pipe that nobody reads any more
  // is no error.
  std::optional<Error> Finish();

  std::FILE* stream() const { return stream_; }

 private:
  Output() = default;

  std::FILE* stream_ = nullptr;
  std::string path_;       // empty: standard output
  std::string temporary_;  // what is renamed to path_; empty: nothing is
  int error_ = 0;          // errno of the first write that failed
};

// Colours and width: those of a terminal only where `out` is one.
Style StyleFor(const Arguments& arguments, std::FILE* out);

// A text that is no report (help, lists), on standard output.
int WriteStandard(std::string_view text, const Streams& streams);

// Ends a command: `status`, or 2 where the output could not be written.
int Close(Output* output, int status, const Streams& streams);

}  // namespace ckptdiff

#endif  // CKPTDIFF_CLI_OUTPUT_H_
