// How an operation that can fail tells its outcome: a value, or one Error that
// a person can act on. Nothing in the public headers throws.

#ifndef CKPTDIFF_RESULT_H_
#define CKPTDIFF_RESULT_H_

#include <string>
#include <utility>
#include <variant>

namespace ckptdiff {

enum class ErrorCode {
  kUsage,          // the call itself is wrong
  kNotFound,       // nothing stands at that path
  kPart,           // the path names a part of a checkpoint, or what it is in
  kMissingFile,    // a file that the path cannot be read without is gone
  kUnrecognized,   // no format claims the bytes
  kUnsupported,    // a known format, but a feature of it is not read
  kCorrupt,        // the bytes contradict their format, or were never written
  kInvalidLayout,  // a layout document that says something impossible
  kIo,             // the system refused to read or write
};

// Lower case, no full stop: "header: tensor \"w\" ends at 4096, file has 4000
// bytes". `where` and `hint` may be empty.
struct Error {
  ErrorCode code = ErrorCode::kIo;
  std::string path;   // as the user typed it, completed below directories
  std::string where;  // inside the file: a member, a key, an offset
  std::string what;   // what is wrong
  std::string hint;   // what to do about it

  friend bool operator==(const Error&, const Error&) = default;
};

// One line: "path: where: what; hint". Control characters are escaped.
std::string ToString(const Error& error);

// Either a T or an Error. `value()` requires `ok()`, `error()` its opposite.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : content_(std::move(value)) {}
  Result(Error error) : content_(std::move(error)) {}

  bool ok() const { return std::holds_alternative<T>(content_); }
  const T& value() const& { return std::get<T>(content_); }
  T& value() & { return std::get<T>(content_); }
  T&& value() && { return std::get<T>(std::move(content_)); }
  const Error& error() const { return std::get<Error>(content_); }

 private:
  std::variant<T, Error> content_;
};

}  // namespace ckptdiff

#endif  // CKPTDIFF_RESULT_H_
