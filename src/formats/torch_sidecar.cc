#include "formats/torch_sidecar.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "base/parse_error.h"
#include "base/text.h"
#include "formats/torch_archive.h"
#include "formats/torch_file.h"
#include "formats/torch_layout.h"

namespace ckptdiff {
namespace {

constexpr std::array<std::string_view, 2> kOptimizerFiles = {"optimizer.pt",
                                                             "optimizer.bin"};
constexpr std::array<std::string_view, 8> kOtherFiles = {
    "scheduler.pt",  "scheduler.bin",          "scaler.pt",
    "rng_state.pth", "training_args.bin",      "trainer_state.json",
    "sampler.bin",   "custom_checkpoint_0.pkl"};

// Names an issue by the file, and lets the model's keys be: those of the
// optimizer (`state/0/exp_avg`) cannot be a model's.
void Append(const std::string& name, Layout from, Layout* layout) {
  for (Variable& variable : from.variables) {
    if (variable.data) variable.data->file = name;
    layout->variables.push_back(std::move(variable));
  }
  for (Optimizer& optimizer : from.optimizers) {
    layout->optimizers.push_back(std::move(optimizer));
  }
  for (Issue& issue : from.issues) {
    issue.where = issue.where.empty() ? name : name + ": " + issue.where;
    layout->issues.push_back(std::move(issue));
  }
  if (!layout->source.step) layout->source.step = from.source.step;
}

// Shards of a model and of its optimizer, one of each a rank.
bool IsOfDeepSpeed(std::string_view name) {
  return name.ends_with("_model_states.pt") ||
         name.ends_with("_optim_states.pt");
}

}  // namespace

void AddTorchSidecars(const Source& model_file, const ReadOptions& options,
                      Layout* layout) {
  for (std::string_view name : kOptimizerFiles) {
    Source file = model_file.Sibling(name);
    bool is_one = PeekTorchArchive(file) == TorchArchiveKind::kPickle ||
                  IsTorchLegacy(file);
    if (!is_one) continue;
    try {
      TorchFile torch(file.file());
      Layout optimizer =
          BuildTorchSidecar(torch.object(), torch.storages(), *layout);
      if (options.verify) torch.Verify(&optimizer);
      Append(std::string(name), std::move(optimizer), layout);
    } catch (const ParseError& error) {  // the model is whole without it
      std::string where(name);
      if (!error.error().where.empty()) where += ": " + error.error().where;
      layout->issues.push_back(
          {"unreadable-checkpoint", std::move(where), error.error().what});
    }
    return;
  }
}

void ClaimTorchSidecars(const Source& model_file, Claim* claim) {
  Source directory(model_file.files(), model_file.directory());
  for (const std::string& name : directory.Entries()) {
    auto is = [&](std::string_view one) { return one == name; };
    bool known =
        std::any_of(kOptimizerFiles.begin(), kOptimizerFiles.end(), is) ||
        std::any_of(kOtherFiles.begin(), kOtherFiles.end(), is) ||
        name.starts_with("random_states_") || name.starts_with("rng_state_") ||
        IsOfDeepSpeed(name);
    if (known) claim->members.push_back(model_file.Sibling(name).path());
  }
}

}  // namespace ckptdiff
