// What BaseAlgorithm.save() of Stable-Baselines3 writes: a zip of
//
//   policy.pth                  the policy's state_dict, a torch file
//   policy.optimizer.pth        and its optimizer's; actor.optimizer.pth, …
//   pytorch_variables.pth       further tensors (log_ent_coef), or None
//   data                        JSON with cloudpickled objects: not looked into
//   _stable_baselines3_version  "2.4.0"

#include "formats/torch_stable_baselines.h"

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/parse_error.h"
#include "container/zip_archive.h"
#include "formats/torch_file.h"
#include "formats/torch_layout.h"

namespace ckptdiff {
namespace {

constexpr uint64_t kMaxInflated = uint64_t{16} << 20;
constexpr std::string_view kOptimizerSuffix = "optimizer.pth";

// Names and byte ranges of an inner file as those of the whole one.
void Append(const ZipArchive& zip, const ZipMember& member, Layout inner,
            Layout* layout) {
  std::string_view stem = member.name;
  stem.remove_suffix(std::string_view(".pth").size());
  for (Variable& variable : inner.variables) {
    variable.key = member.name + "/" + variable.key;
    if (variable.role != Role::kWeight) {
      variable.name = std::string(stem) + "." + variable.name;
    }
    if (!member.stored()) {
      variable.data.reset();
    } else if (variable.data) {
      variable.data->offset += zip.DataOffset(member);
    }
    layout->variables.push_back(std::move(variable));
  }
  for (Optimizer& optimizer : inner.optimizers) {
    layout->optimizers.push_back(std::move(optimizer));
  }
  for (Issue& issue : inner.issues) {
    issue.where = member.name + ": " + issue.where;
    layout->issues.push_back(std::move(issue));
  }
}

void ReadMember(const ZipArchive& zip, const ZipMember& member,
                const ReadOptions& options, Layout* layout) {
  std::unique_ptr<File> file = zip.Open(member, kMaxInflated);
  TorchFile torch(*file);
  Layout inner =
      member.name.ends_with(kOptimizerSuffix)
          ? BuildTorchSidecar(torch.object(), torch.storages(), *layout)
          : BuildTorchLayout(torch.object(), torch.storages(), options);
  if (options.verify) torch.Verify(&inner);
  Append(zip, member, std::move(inner), layout);
}

}  // namespace

Layout ReadStableBaselines(const File& file, const ReadOptions& options) {
  ZipArchive zip(file);
  const ZipMember* policy = zip.Find("policy.pth");
  if (policy == nullptr) throw Corrupt("zip", "has no policy.pth");
  Layout layout;
  layout.source.framework = "pytorch";
  layout.source.writer = "Stable-Baselines3";
  if (const ZipMember* version = zip.Find("_stable_baselines3_version")) {
    layout.source.writer += " " + zip.ReadHead(*version, 32);
  }
  ReadMember(zip, *policy, options, &layout);
  // The second is what the first was called before 2020.
  for (std::string_view name : {"pytorch_variables.pth", "tensors.pth"}) {
    const ZipMember* variables = zip.Find(name);
    if (variables != nullptr) ReadMember(zip, *variables, options, &layout);
  }
  for (const ZipMember& member : zip.members()) {
    if (member.name.ends_with(kOptimizerSuffix)) {
      ReadMember(zip, member, options, &layout);
    }
  }
  return layout;
}

}  // namespace ckptdiff
