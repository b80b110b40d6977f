// The one exception of the project: thrown while bytes are being parsed,
// caught only where a reader is called (ReadLayout, the audit's walk).

#ifndef CKPTDIFF_BASE_PARSE_ERROR_H_
#define CKPTDIFF_BASE_PARSE_ERROR_H_

#include <exception>
#include <string>
#include <utility>

#include "ckptdiff/result.h"

namespace ckptdiff {

class ParseError : public std::exception {
 public:
  explicit ParseError(Error error) : error_(std::move(error)) {}
  ParseError(ErrorCode code, std::string where, std::string what,
             std::string hint = {})
      : error_{code, {}, std::move(where), std::move(what), std::move(hint)} {}

  // The path is filled in where the exception is caught, if it is empty.
  const Error& error() const { return error_; }
  const char* what() const noexcept override { return error_.what.c_str(); }

 private:
  Error error_;
};

// Bytes that contradict their format; the commonest error by far.
inline ParseError Corrupt(std::string where, std::string what) {
  return {ErrorCode::kCorrupt, std::move(where), std::move(what)};
}

// A feature of a known format that is not read.
inline ParseError Unsupported(std::string where, std::string what,
                              std::string hint = {}) {
  return {ErrorCode::kUnsupported, std::move(where), std::move(what),
          std::move(hint)};
}

}  // namespace ckptdiff

#endif  // CKPTDIFF_BASE_PARSE_ERROR_H_
