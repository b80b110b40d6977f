#include "causes/patterns.h"

#include <re2/re2.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

namespace ckptdiff {
namespace {

// A rename of a hundred unrelated layers is no pattern.
constexpr size_t kMaxPatterns = 12;
// Names that a pattern is tried on; evenly spread where there are more.
constexpr size_t kMaxTrials = 3000;

// One side of a hunk as a pattern, digits as groups. Gives the runs of digits
// in `numbers`.
std::string From(const std::vector<std::string_view>& parts, char separator,
                 std::vector<std::string>* numbers) {
  std::string from;
  for (std::string_view part : parts) {
    for (size_t i = 0; i < part.size();) {
      size_t end = i;
      while (end < part.size() && part[end] >= '0' && part[end] <= '9') ++end;
      if (end > i) {
        numbers->emplace_back(part.substr(i, end - i));
        from += "(\\d+)";
        i = end;
      } else {
        from += RE2::QuoteMeta(part.substr(i, 1));
        ++i;
      }
    }
    from += RE2::QuoteMeta(std::string(1, separator));
  }
  return from;
}

// The other side, with references to groups for the same numbers; nullopt
// where a number is none of them.
std::optional<std::string> To(const std::vector<std::string_view>& parts,
                              char separator,
                              const std::vector<std::string>& numbers,
                              size_t first_group) {
  std::string to;
  size_t used = 0;
  for (std::string_view part : parts) {
    for (size_t i = 0; i < part.size();) {
      size_t end = i;
      while (end < part.size() && part[end] >= '0' && part[end] <= '9') ++end;
      if (end == i) {
        if (part[i] == '\\') to += '\\';
        to += part[i++];
        continue;
      }
      std::string number(part.substr(i, end - i));
      auto found = std::find(
          numbers.begin() +
              static_cast<std::ptrdiff_t>(std::min(used, numbers.size())),
          numbers.end(), number);
      if (found == numbers.end()) return std::nullopt;
      size_t group = static_cast<size_t>(found - numbers.begin());
      if (first_group + group > 9) return std::nullopt;
      to += '\\';
      to += static_cast<char>('0' + first_group + group);
      used = group + 1;
      i = end;
    }
    to += separator;
  }
  return to;
}

// The pattern of one hunk; nullopt where it has none of its own.
std::optional<Pattern> PatternOf(const NameChange& change, const Hunk& hunk) {
  const char separator = NameSeparator(change.actual);
  if (separator == '\0' || change.separator_changed) return std::nullopt;
  std::vector<std::string_view> removed = hunk.removed, added = hunk.added;
  if (removed.empty() && !hunk.is_front) {
    // Something is put in behind a part: that part is its context.
    std::vector<std::string_view> parts = NameParts(change.expected);
    auto at =
        std::search(parts.begin(), parts.end(), added.begin(), added.end());
    if (at == parts.begin() || at == parts.end()) return std::nullopt;
    removed.push_back(*(at - 1));
    added.insert(added.begin(), *(at - 1));
  }
  Pattern pattern;
  std::vector<std::string> numbers;
  pattern.from = From(removed, separator, &numbers);
  const bool in_front = hunk.is_front;
  std::optional<std::string> to =
      To(added, separator, numbers, in_front ? 1 : 2);
  if (!to) return std::nullopt;
  pattern.to = *std::move(to);
  if (hunk.is_leaf) {  // no separator behind the last part
    std::string behind = RE2::QuoteMeta(std::string(1, separator));
    if (pattern.from.ends_with(behind)) {
      pattern.from.resize(pattern.from.size() - behind.size());
    }
    pattern.from += "$";
    if (!pattern.to.empty()) pattern.to.pop_back();
  }
  if (in_front) {
    pattern.from = "^" + pattern.from;
  } else {
    pattern.from =
        "(^|" + RE2::QuoteMeta(std::string(1, separator)) + ")" + pattern.from;
    pattern.to = "\\1" + pattern.to;
  }
  return pattern;
}

struct Trial {
  std::string_view actual;
  std::string_view expected;
};

template <typename Make>
void Sample(size_t size, const Make& add) {
  const size_t step = std::max<size_t>(1, size / kMaxTrials);
  for (size_t i = 0; i < size; i += step) add(i);
}

// Names that have to come out right: of the findings, and of pairs that were
// right before.
std::vector<Trial> Trials(const Evidence& evidence,
                          const std::vector<size_t>& findings) {
  std::vector<Trial> trials;
  Sample(findings.size(), [&](size_t i) {
    const Finding& finding = evidence.finding(findings[i]);
    if (!finding.actual || !finding.expected) return;
    trials.push_back({finding.actual->name, finding.expected->name});
  });
  const Comparison& comparison = evidence.comparison();
  const std::vector<Pair>& pairs = comparison.pairing().pairs;
  Sample(pairs.size(), [&](size_t i) {
    const Variable& want = comparison.expected(pairs[i].expected);
    const Variable& have = comparison.actual(pairs[i].actual);
    if (IsWeight(want) && have.name == want.name) {
      trials.push_back({have.name, want.name});
    }
  });
  return trials;
}

class Rewriter {
 public:
  explicit Rewriter(const std::vector<Pattern>& patterns) {
    for (const Pattern& pattern : patterns) {
      RE2::Options options;
      options.set_log_errors(false);
      entries_.emplace_back(std::make_unique<RE2>(pattern.from, options),
                            &pattern.to);
    }
  }
  std::string operator()(std::string_view name) const {
    std::string result(name);
    for (const auto& [from, to] : entries_) {
      if (from->ok()) RE2::Replace(&result, *from, *to);
    }
    return result;
  }

 private:
  std::vector<std::pair<std::unique_ptr<RE2>, const std::string*>> entries_;
};

// True where every name that is changed comes out right, and some are.
bool Proves(const std::vector<Pattern>& patterns,
            const std::vector<Trial>& trials, bool all) {
  const Rewriter rewrite(patterns);
  size_t right = 0;
  for (const Trial& trial : trials) {
    std::string result = rewrite(trial.actual);
    const bool changed = result != trial.actual;
    if (result == trial.expected) {
      right += changed;
    } else if (changed || all) {
      return false;
    }
  }
  return right > 0;
}

// True where two variables would end up under one name, and one of them be
// lost: what has to make room for others was not renamed itself.
bool MakeOneOfTwo(const std::vector<Pattern>& patterns,
                  const std::vector<Trial>& trials) {
  const Rewriter rewrite(patterns);
  std::set<std::string> results;
  return std::any_of(trials.begin(), trials.end(), [&](const Trial& trial) {
    return !results.insert(rewrite(trial.actual)).second;
  });
}

// The patterns of the hunks of these findings, most frequent first.
std::vector<Pattern> Proposed(const Evidence& evidence,
                              const std::vector<size_t>& findings) {
  std::vector<bool> is_asked(evidence.findings().size());
  for (size_t i : findings) is_asked[i] = true;
  std::map<std::pair<std::string, std::string>, size_t> counts;
  for (const NameChange& change : evidence.names().changes()) {
    if (!is_asked[change.finding]) continue;
    for (const Hunk& hunk : change.hunks) {
      std::optional<Pattern> pattern = PatternOf(change, hunk);
      if (pattern) ++counts[{pattern->from, pattern->to}];
    }
    if (counts.size() > 8 * kMaxPatterns) return {};
  }
  std::vector<Pattern> proposed;
  proposed.reserve(counts.size());
  for (const auto& [texts, count] : counts) {
    proposed.push_back({texts.first, texts.second, count});
  }
  std::stable_sort(
      proposed.begin(), proposed.end(),
      [](const Pattern& a, const Pattern& b) { return a.count > b.count; });
  if (proposed.size() > kMaxPatterns) proposed.resize(kMaxPatterns);
  return proposed;
}

}  // namespace

std::vector<Pattern> PatternsFor(const Evidence& evidence,
                                 const std::vector<size_t>& findings) {
  const std::vector<Trial> trials = Trials(evidence, findings);
  std::vector<Pattern> proposed = Proposed(evidence, findings);
  if (!proposed.empty() && Proves(proposed, trials, true)) return proposed;
  const std::vector<Pattern>& learned =
      evidence.comparison().pairing().patterns;
  proposed.insert(proposed.end(), learned.begin(), learned.end());
  std::vector<Pattern> proven;
  for (const Pattern& pattern : proposed) {
    if (proven.size() == kMaxPatterns) break;
    bool is_known = std::any_of(
        proven.begin(), proven.end(),
        [&pattern](const Pattern& one) { return one.from == pattern.from; });
    if (is_known || !Proves({pattern}, trials, false)) continue;
    std::vector<Pattern> together = proven;
    together.push_back(pattern);
    // Layers that moved up by one: the last of them has to move first.
    if (!Proves(together, trials, false)) {
      std::rotate(together.begin(), together.end() - 1, together.end());
      if (!Proves(together, trials, false)) continue;
    }
    proven = std::move(together);
  }
  return MakeOneOfTwo(proven, trials) ? std::vector<Pattern>() : proven;
}

}  // namespace ckptdiff
