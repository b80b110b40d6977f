#include <fmt/format.h>

#include "base/name_parts.h"
#include "base/text.h"
#include "causes/cause.h"

namespace ckptdiff {
namespace {

// "model-00001-of-00003.safetensors"
bool IsShard(std::string_view name) {
  const size_t of = name.rfind("-of-");
  auto is_number = [](std::string_view text) {
    return text.size() == 5 &&
           text.find_first_not_of("0123456789") == text.npos;
  };
  return of != name.npos && of > 5 && is_number(name.substr(of - 5, 5)) &&
         is_number(name.substr(of + 4, 5)) && name.substr(of + 4, 5) != "00001";
}

// One shard of several, read alone: what is missing is in the others.
std::vector<Diagnosis> DiagnoseIt(const Evidence& evidence) {
  const SourceInfo& source = evidence.comparison().actual().source;
  const std::string_view name = LastPart(source.path, "/");
  bool is_alone =
      source.format == "safetensors" || source.format.starts_with("torch");
  if (!is_alone || !IsShard(name)) return {};
  std::vector<size_t> missing = evidence.Absences();
  std::erase_if(missing, [&](size_t i) {
    return !evidence.finding(i).expected.has_value();
  });
  return Explain(
      0.98, std::move(missing),
      fmt::format("{} is one shard of a checkpoint in several files: "
                  "the rest is in the others.",
                  Printable(name)),
      "name the index (*.index.json) or the directory");
}

// Nothing stands at the path, but what it may mean is near (the hint names it).
bool Recognizes(const Error& error) {
  bool is_near = error.code == ErrorCode::kNotFound && !error.hint.empty();
  return is_near || error.code == ErrorCode::kPart;
}

}  // namespace

extern const Cause kWrongPathForm = {
    .info = {.id = "wrong-path-form",
             .group = "files",
             .harmless = false,
             .summary = "the path names a part of the checkpoint, or its "
                        "beginning",
             .help =
                 "Holds where a prefix lacks its number, a directory stands "
                 "above the checkpoint, or one file of several is named "
                 "that says nothing alone. The fix is the path to type."},
    .diagnose = DiagnoseIt,
    .recognizes = Recognizes,
};

}  // namespace ckptdiff
