#include "formats/model_directory.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/text.h"
#include "container/json_doc.h"

namespace ckptdiff {
namespace {

constexpr size_t kMaxSidecarBytes = size_t{16} << 20;

// `checkpoint-<step>` directories, newest first.
std::vector<std::string> TrainerCheckpoints(const Source& directory) {
  constexpr std::string_view kPrefix = "checkpoint-";
  std::vector<std::string> found;
  for (std::string& name : directory.Entries()) {
    std::string_view step =
        std::string_view(name).substr(std::min(kPrefix.size(), name.size()));
    bool is_step = name.starts_with(kPrefix) && !step.empty() &&
                   step.find_first_not_of("0123456789") == step.npos;
    if (is_step) found.push_back(std::move(name));
  }
  std::sort(found.begin(), found.end(),
            [](const std::string& a, const std::string& b) {
              return NaturalLess(b, a);
            });
  return found;
}

std::optional<Json> Sidecar(const Source& model_file, std::string_view name) {
  return TryParseJson(model_file.Sibling(name).Peek(0, kMaxSidecarBytes));
}

}  // namespace

std::optional<Source> FindModelFile(const Source& directory,
                                    std::span<const std::string_view> names) {
  auto look = [names](const Source& where) -> std::optional<Source> {
    for (std::string_view name : names) {
      Source file = where.Child(name);
      if (file.is_file()) return file;
    }
    return std::nullopt;
  };
  if (!directory.is_directory()) return std::nullopt;
  if (std::optional<Source> file = look(directory)) return file;
  for (const std::string& name : TrainerCheckpoints(directory)) {
    if (std::optional<Source> file = look(directory.Child(name))) return file;
  }
  return std::nullopt;
}

void DescribeFromSidecars(const Source& model_file, Layout* layout) {
  if (auto config = Sidecar(model_file, "config.json")) {
    std::string version = StringOr(*config, "transformers_version");
    if (!version.empty()) layout->source.writer = "transformers " + version;
  }
  if (auto config = Sidecar(model_file, "adapter_config.json")) {
    std::string version = StringOr(*config, "peft_version");
    if (!version.empty()) layout->source.writer = "peft " + version;
  }
  if (auto state = Sidecar(model_file, "trainer_state.json")) {
    const Json* step = Member(*state, "global_step");
    if (step != nullptr && step->is_number_integer()) {
      layout->source.step = step->get<int64_t>();
    }
  }
}

}  // namespace ckptdiff
