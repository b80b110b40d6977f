// The causes of what could not be read at all: there is no layout to look at,
// only the one line that says why not.

#include "ckptdiff/unreadable.h"
#include "base/name_parts.h"

#include <fmt/format.h>

#include "causes/cause.h"

namespace ckptdiff {
namespace {

constexpr double kConfidence = 0.95;

std::string Sentence(const Error& error) {
  std::string_view name = LastPart(error.path, "/");
  if (name.empty()) name = error.path;
  std::string where = error.where.empty() ? "" : ": " + error.where;
  bool is_verb = error.what.starts_with("is ") ||
                 error.what.starts_with("has ") ||
                 error.what.starts_with("begins ");
  return fmt::format("{}{}{} {}.", name, where, is_verb ? "" : ":", error.what);
}

}  // namespace

std::vector<Diagnosis> DiagnoseUnreadable(const Error& error) {
  for (const Cause* cause : AllCauses()) {
    if (cause->recognizes == nullptr || !cause->recognizes(error)) continue;
    Diagnosis diagnosis;
    diagnosis.cause = cause->info.id;
    diagnosis.confidence = kConfidence;
    diagnosis.summary = Sentence(error);
    diagnosis.fix = error.hint.empty()
                        ? "get the file again from where it was saved"
                        : error.hint;
    diagnosis.findings = {0};
    return {std::move(diagnosis)};
  }
  return {};
}

}  // namespace ckptdiff
