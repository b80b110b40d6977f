#include "cli/output.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <system_error>

#include "cli/options.h"

namespace ckptdiff {
namespace {

Error SystemError(const std::string& path, int code) {
  return {ErrorCode::kIo, path, {}, std::generic_category().message(code), {}};
}

// True where renaming onto the path is right: nothing is there, or a file.
bool IsReplaceable(const std::string& path) {
  struct stat info;
  return stat(path.c_str(), &info) != 0 || S_ISREG(info.st_mode);
}

// A link keeps leading to the file that is written.
std::string ResolveLink(const std::string& path) {
  char* real = realpath(path.c_str(), nullptr);
  if (real == nullptr) return path;
  std::string resolved = real;
  std::free(real);
  return resolved;
}

// The mode that fopen would have given.
void GiveUsualMode(int file) {
  mode_t mask = umask(0);
  umask(mask);
  // A file that cannot be made readable to others is still written.
  if (fchmod(file, 0666 & ~mask) != 0) return;
}

bool IsTerminal(std::FILE* stream) {
  int file = fileno(stream);
  return file >= 0 && isatty(file) == 1;
}

bool WantsColor(const std::string& when, std::FILE* out) {
  if (when != "auto") return when == "always";
  const char* no_color = std::getenv("NO_COLOR");
  const char* term = std::getenv("TERM");
  if (no_color != nullptr && *no_color != '\0') return false;
  if (term != nullptr && std::strcmp(term, "dumb") == 0) return false;
  return IsTerminal(out);
}

}  // namespace

Result<std::unique_ptr<Output>> Output::Open(const std::string& path,
                                             std::FILE* standard) {
  std::unique_ptr<Output> output(new Output);
  output->stream_ = standard;
  if (path.empty() || path == "-") return output;
  output->path_ = path;
  output->stream_ = nullptr;   // never to be closed here
  if (!IsReplaceable(path)) {  // a device, a pipe
    output->stream_ = std::fopen(path.c_str(), "wb");
    if (output->stream_ == nullptr) return SystemError(path, errno);
    return output;
  }
  output->path_ = ResolveLink(path);
  std::string temporary = output->path_ + ".XXXXXX";
  int file = mkstemp(temporary.data());
  if (file < 0) return SystemError(path, errno);
  GiveUsualMode(file);
  output->temporary_ = temporary;
  output->stream_ = fdopen(file, "wb");
  return output;
}

Output::~Output() {
  if (path_.empty() || stream_ == nullptr) return;
  std::fclose(stream_);
  if (!temporary_.empty()) unlink(temporary_.c_str());
}

void Output::Write(std::string_view text) {
  if (error_ != 0) return;
  errno = 0;
  if (std::fwrite(text.data(), 1, text.size(), stream_) != text.size()) {
    error_ = errno == 0 ? EIO : errno;
  }
}

std::optional<Error> Output::Finish() {
  const std::string name = path_.empty() ? "standard output" : path_;
  errno = 0;
  if (std::fflush(stream_) != 0 && error_ == 0) error_ = errno;
  if (error_ == EPIPE) return std::nullopt;
  if (error_ != 0) return SystemError(name, error_);
  if (path_.empty()) return std::nullopt;
  std::FILE* stream = std::exchange(stream_, nullptr);
  if (std::fclose(stream) != 0) error_ = errno;
  if (error_ == 0 && !temporary_.empty() &&
      std::rename(temporary_.c_str(), path_.c_str()) != 0) {
    error_ = errno;
  }
  if (error_ == 0) return std::nullopt;
  if (!temporary_.empty()) unlink(temporary_.c_str());
  return SystemError(name, error_);
}

Style StyleFor(const Arguments& arguments, std::FILE* out) {
  constexpr int kLeast = 40, kMost = 160;
  Style style;
  style.color = WantsColor(arguments.color, out);
  style.verbose = arguments.verbose;
  style.quiet = arguments.quiet;
  struct winsize window = {};
  if (IsTerminal(out) && ioctl(fileno(out), TIOCGWINSZ, &window) == 0 &&
      window.ws_col > 0) {
    style.width = std::clamp<int>(window.ws_col, kLeast, kMost);
  }
  return style;
}

int WriteStandard(std::string_view text, const Streams& streams) {
  Result<std::unique_ptr<Output>> output = Output::Open("", streams.out);
  output.value()->Write(text);
  return Close(output.value().get(), kDone, streams);
}

int Close(Output* output, int status, const Streams& streams) {
  std::optional<Error> error = output->Finish();
  return error ? Fail(*error, streams) : status;
}

}  // namespace ckptdiff
