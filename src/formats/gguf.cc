// GGUF: the file of llama.cpp and what is built on ggml; gguf_file.h teaches
// what is in one.
//
// A large model is split: name-00001-of-00003.gguf, of which the first one has
// the settings. Any of them stands for the whole model, as llama.cpp loads it.

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <unordered_map>

#include "formats/format.h"
#include "formats/gguf_file.h"

namespace ckptdiff {
namespace {

// "name-00001-of-00003.gguf", in its parts.
struct SplitName {
  std::string stem;
  uint64_t number = 0;
  uint64_t count = 0;

  std::string Of(uint64_t part) const {
    return fmt::format("{}-{:05}-of-{:05}.gguf", stem, part, count);
  }
};

std::optional<SplitName> ParseSplitName(const std::string& name) {
  constexpr std::string_view kPattern = "-00000-of-00000.gguf";
  if (name.size() <= kPattern.size()) return std::nullopt;
  size_t at = name.size() - kPattern.size();
  SplitName split{.stem = name.substr(0, at)};
  for (size_t i = 0; i < kPattern.size(); ++i) {
    char c = name[at + i];
    if (kPattern[i] != '0') {
      if (c != kPattern[i]) return std::nullopt;
      continue;
    }
    if (c < '0' || c > '9') return std::nullopt;
    uint64_t& value = i < 7 ? split.number : split.count;
    value = value * 10 + static_cast<uint64_t>(c - '0');
  }
  bool is_one = split.number >= 1 && split.number <= split.count;
  return is_one ? std::optional(std::move(split)) : std::nullopt;
}

Claim Detect(const Source& source, const ReadOptions&) {
  if (!IsGguf(source)) return {};
  Claim claim{.match = Match::kYes};
  if (std::optional<SplitName> split = ParseSplitName(source.name())) {
    claim.primary = source.Sibling(split->Of(1)).path();
    for (uint64_t part = 2; part <= split->count; ++part) {
      claim.members.push_back(source.Sibling(split->Of(part)).path());
    }
  }
  return claim;
}

// Takes the tensors of `part` over into `whole`, each name once.
void Append(Layout part, const std::string& file,
            std::unordered_map<std::string, std::string>* seen, Layout* whole) {
  auto take = [&](Variable& variable) {
    auto [at, is_new] = seen->emplace(variable.name, file);
    if (is_new) {
      if (variable.data) variable.data->file = file;
      return false;
    }
    std::string said =
        at->second == file
            ? "stands twice in the file"
            : fmt::format("stands in {} and in {}", at->second, file);
    whole->issues.push_back(
        {"duplicate-variable", variable.name, std::move(said)});
    return true;
  };
  std::vector<Variable>& from = part.variables;
  from.erase(std::remove_if(from.begin(), from.end(), take), from.end());
  if (whole->variables.empty()) {
    whole->variables = std::move(from);
  } else {
    std::move(from.begin(), from.end(), std::back_inserter(whole->variables));
  }
  for (Issue& issue : part.issues) {
    if (!file.empty()) {
      issue.where = issue.where.empty() ? file : file + ": " + issue.where;
    }
    whole->issues.push_back(std::move(issue));
  }
}

Layout ReadSplits(const Source& source, const SplitName& split) {
  Layout whole;
  uint64_t all_tensors = 0;
  bool is_complete = true;
  std::unordered_map<std::string, std::string> seen;
  for (uint64_t part = 1; part <= split.count; ++part) {
    std::string file = split.Of(part);
    Source one = source.Sibling(file);
    if (!one.is_file() || !IsGguf(one)) {
      is_complete = false;
      whole.issues.push_back(
          {"missing-shard", file,
           one.is_file() ? "is no GGUF file" : "the file is not there"});
      continue;
    }
    GgufFile content = ReadGguf(one);
    if (whole.source.format.empty()) whole.source = content.layout.source;
    all_tensors = std::max(all_tensors, content.all_tensors);
    Append(std::move(content.layout), file, &seen, &whole);
  }
  if (is_complete && all_tensors != whole.variables.size()) {
    whole.issues.push_back(
        {"truncated-data",
         {},
         fmt::format("split.tensors.count is {}, the files hold {}",
                     all_tensors, whole.variables.size())});
  }
  return whole;
}

Layout Read(const Source& source, const ReadOptions&) {
  GgufFile content = ReadGguf(source);
  std::optional<SplitName> split = ParseSplitName(source.name());
  if (content.splits > 1 && split && split->count == content.splits) {
    return ReadSplits(source, *split);
  }
  Layout layout;
  layout.source = content.layout.source;
  std::unordered_map<std::string, std::string> seen;
  Append(std::move(content.layout), {}, &seen, &layout);
  return layout;
}

}  // namespace

extern constexpr Format kGguf = {
    .id = "gguf",
    .summary = "GGUF, versions 1 to 3, split ones too",
    .extensions = "*.gguf",
    .detect = Detect,
    .read = Read,
};

}  // namespace ckptdiff
