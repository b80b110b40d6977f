#include <fmt/format.h>

#include "base/text.h"
#include "causes/cause.h"
#include "causes/patterns.h"
#include "causes/phrases.h"

namespace ckptdiff {
namespace {

std::vector<Diagnosis> DiagnoseIt(const Evidence& evidence) {
  std::vector<size_t> changed = evidence.names().Of({ChangeKind::kKeyType});
  if (changed.empty()) return {};
  const Finding& first = evidence.finding(changed.front());
  std::string summary =
      fmt::format("{} spelled with keys of another type: {} is {}.",
                  Count(changed.size(), "name is", "names are"),
                  first.actual->name, first.expected->name);
  return Explain(0.96, evidence.WithSlots(std::move(changed)),
                 std::move(summary),
                 "turn the keys of the tree back before restoring: {int(k): v "
                 "for k, v in tree.items()}");
}

}  // namespace

extern const Cause kKeyTypeChanged = {
    .info = {.id = "key-type-changed",
             .group = "names",
             .harmless = false,
             .summary = "keys of another type: numbers became text, or the "
                        "reverse",
             .help = "Holds where names differ only in how a key is written: a "
                     "list index or an integer key on one side, its text on the"
                     " other ([0] and 0, '0' and 0), as when a tree went "
                     "through JSON, msgpack or a pickle."},
    .diagnose = DiagnoseIt,
};

}  // namespace ckptdiff
