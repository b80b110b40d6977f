// A checkpoint may be several files, and a directory of files may be one
// checkpoint. So everything below the paths is identified first; then what
// belongs to another one's checkpoint (shards, state file, index, sidecars) is
// dropped, whichever of them the walk met first.

#include "audit/walk.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>
#include <set>
#include <string_view>

#include "base/name_parts.h"
#include "base/parse_error.h"
#include "base/text.h"
#include "ckptdiff/read.h"
#include "io/source.h"

namespace ckptdiff {
namespace {

// Endings that most files carry which are no checkpoints: one that is claims
// itself by its content.
constexpr std::array<std::string_view, 6> kSharedEndings = {
    "*.json", "*.bin", "*.pb", "*.tar", "*.ts", "*.zip"};
// What stays of them: names that promise a model.
constexpr std::string_view kModelNames = "*model*.bin";

std::vector<Glob> CheckpointEndings() {
  std::vector<Glob> globs = {Glob(kModelNames)};
  for (const FormatInfo& format : Formats()) {
    if (!format.is_checkpoint) continue;
    for (std::string_view pattern : Split(format.extensions, ' ')) {
      bool is_ending = pattern.size() > 2 && pattern.starts_with("*.");
      bool is_shared = std::find(kSharedEndings.begin(), kSharedEndings.end(),
                                 pattern) != kSharedEndings.end();
      if (is_ending && !is_shared) globs.emplace_back(pattern);
    }
  }
  return globs;
}

// One spelling per path: what is typed twice in two ways is found once.
std::string Normal(const std::string& path) {
  std::string normal = std::filesystem::path(path).lexically_normal().string();
  while (normal.size() > 1 && normal.back() == '/') normal.pop_back();
  return normal;
}

class Walker {
 public:
  // False where nothing is there.
  bool Start(const std::string& path) {
    switch (files_.Kind(path)) {
      case PathKind::kDirectory: VisitDirectory(path, true); return true;
      case PathKind::kFile: VisitFile(path, true); return true;
      case PathKind::kNone: return VisitPrefix(path);
    }
    return false;
  }

  Walk Finish() {
    Walk walk;
    for (auto& [primary, found] : checkpoints_) {
      if (!Belongs(primary)) walk.found.push_back(std::move(found));
    }
    for (const std::string& path : descriptions_) {
      if (!Belongs(path)) ++walk.skipped;
    }
    std::sort(walk.found.begin(), walk.found.end(),
              [](const Found& a, const Found& b) { return a.path < b.path; });
    return walk;
  }

 private:
  void VisitDirectory(const std::string& path, bool is_typed) {
    Identity identity = Identify(path, {.as = ReadOptions::As::kCheckpoint});
    bool is_one =
        !identity.format.empty() && Normal(identity.primary) == Normal(path);
    if (is_one) return Add(path, identity);
    std::vector<std::string> names;
    try {
      names = files_.List(path);
    } catch (const ParseError& error) {
      checkpoints_.try_emplace(Normal(path), Found{path, {}, error.error()});
      return;
    }
    for (const std::string& name : names) {
      // "." typed is not repeated in front of everything.
      std::string below = is_typed && path == "." ? name : JoinPath(path, name);
      if (files_.IsLink(below)) continue;
      files_.Kind(below) == PathKind::kDirectory ? VisitDirectory(below, false)
                                                 : VisitFile(below, false);
    }
  }

  void VisitFile(const std::string& path, bool is_typed) {
    Identity identity = Identify(path, {.as = ReadOptions::As::kCheckpoint});
    if (!identity.format.empty()) {
      // Below a directory every file of a checkpoint leads to it, and it goes
      // by the path that is read; a typed path stays as it was typed.
      return Add(is_typed ? path : identity.primary, identity);
    }
    const std::string_view name = LastPart(path, "/");
    bool looks_like_one =
        std::any_of(endings_.begin(), endings_.end(),
                    [&](const Glob& glob) { return glob.Matches(name); });
    if (is_typed || looks_like_one) {
      checkpoints_.try_emplace(Normal(path), Found{path, {}, {}});
    }
  }

  bool VisitPrefix(const std::string& path) {
    Identity identity = Identify(path, {.as = ReadOptions::As::kCheckpoint});
    if (identity.format.empty()) return false;
    Add(path, identity);
    return true;
  }

  void Add(const std::string& path, const Identity& identity) {
    std::string primary = Normal(identity.primary);
    if (!identity.is_checkpoint) {
      descriptions_.insert(primary);
      return;
    }
    checkpoints_.try_emplace(primary,
                             Found{path, std::string(identity.format), {}});
    for (const std::string& member : identity.members) {
      std::string normal = Normal(member);
      if (normal != primary) members_.insert(std::move(normal));
    }
  }

  // True for a member, and for what stands below a member.
  bool Belongs(const std::string& path) const {
    if (members_.contains(path)) return true;
    for (size_t slash = path.find('/', 1); slash != std::string::npos;
         slash = path.find('/', slash + 1)) {
      if (members_.contains(path.substr(0, slash))) return true;
    }
    return false;
  }

  const FileSystem& files_ = RealFileSystem();
  const std::vector<Glob> endings_ = CheckpointEndings();
  std::map<std::string, Found> checkpoints_;  // by primary
  std::set<std::string> descriptions_;
  std::set<std::string> members_;
};

}  // namespace

Result<Walk> FindCheckpoints(const std::vector<std::string>& paths) {
  Walker walker;
  for (const std::string& path : paths) {
    if (!walker.Start(path)) {
      return Error{ErrorCode::kNotFound,
                   path,
                   {},
                   "no such file, directory or checkpoint prefix",
                   {}};
    }
  }
  return walker.Finish();
}

}  // namespace ckptdiff
