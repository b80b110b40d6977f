#include "ckptdiff/result.h"

#include "base/text.h"

namespace ckptdiff {

std::string ToString(const Error& error) {
  std::string line;
  for (const std::string* part : {&error.path, &error.where}) {
    if (!part->empty()) line += Printable(*part) + ": ";
  }
  line += Printable(error.what);
  if (!error.hint.empty()) line += "; " + Printable(error.hint);
  return line;
}

}  // namespace ckptdiff
