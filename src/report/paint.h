// Colour on a terminal, nothing elsewhere.

#ifndef CKPTDIFF_REPORT_PAINT_H_
#define CKPTDIFF_REPORT_PAINT_H_

#include <string>
#include <string_view>

#include "ckptdiff/finding.h"

namespace ckptdiff {

class Paint {
 public:
  explicit Paint(bool on) : on_(on) {}

  std::string Bold(std::string_view text) const { return In("1", text); }
  std::string Dim(std::string_view text) const { return In("2", text); }
  std::string Good(std::string_view text) const { return In("32", text); }
  // As loud as the severity.
  std::string As(Severity severity, std::string_view text) const {
    switch (severity) {
      case Severity::kError: return In("1;31", text);
      case Severity::kWarning: return In("1;33", text);
      case Severity::kNote: return In("36", text);
      case Severity::kOff: return std::string(text);
    }
    return std::string(text);
  }

 private:
  std::string In(std::string_view code, std::string_view text) const {
    if (!on_ || text.empty()) return std::string(text);
    std::string painted = "\x1b[";
    painted.append(code).append("m").append(text).append("\x1b[0m");
    return painted;
  }

  bool on_;
};

}  // namespace ckptdiff

#endif  // CKPTDIFF_REPORT_PAINT_H_
