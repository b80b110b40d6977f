#include <fmt/format.h>

#include "base/text.h"
#include "causes/cause.h"

namespace ckptdiff {
namespace {

std::vector<Diagnosis> DiagnoseIt(const Evidence& evidence) {
  const size_t cut = evidence.names().blind_cut();
  // Where slots alone moved, an optax state was wrapped.
  if (cut == 0 || evidence.Of("renamed-variable").empty()) return {};
  std::vector<size_t> findings;
  for (const NameChange& change : evidence.names().changes()) {
    findings.push_back(change.finding);
  }
  const NameChange& first = evidence.names().changes().front();
  const bool is_in_checkpoint = first.actual.size() < first.expected.size();
  std::string summary = fmt::format(
      "{} characters were cut off the front of {} in the {}: {} is {}.", cut,
      Count(findings.size(), "name"), is_in_checkpoint ? "checkpoint" : "model",
      is_in_checkpoint ? first.expected : first.actual,
      is_in_checkpoint ? first.actual : first.expected);
  std::string fix =
      "go back to the file before it was stripped, and cut a prefix only where "
      "it is there: k.removeprefix(\"module.\") instead of k[7:]";
  return Explain(0.98, evidence.WithSlots(std::move(findings)),
                 std::move(summary), std::move(fix));
}

}  // namespace

extern const Cause kBlindPrefixStrip = {
    .info = {.id = "blind-prefix-strip",
             .group = "names",
             .harmless = false,
             .summary = "characters were cut off the names that were no such "
                        "prefix",
             .help = "Holds where all names differ by the same number of "
                     "leading characters and these are no whole parts: somebody"
                     " cut a prefix by its length (k[7:]) off names that did "
                     "not have it."},
    .diagnose = DiagnoseIt,
};

}  // namespace ckptdiff
