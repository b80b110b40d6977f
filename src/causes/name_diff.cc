#include "causes/name_diff.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/ascii.h"
#include "layout/names.h"

namespace ckptdiff {
namespace {

using NameWords = std::vector<std::string_view>;

template <size_t N>
bool IsOneOf(std::string_view part,
             const std::array<std::string_view, N>& words) {
  return std::find(words.begin(), words.end(), part) != words.end();
}

bool AllNumbers(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return c >= '0' && c <= '9';
  });
}

// What a container calls the model when it saves a bundle.
constexpr std::array<std::string_view, 9> kBundle = {
    "state_dict", "model_state_dict", "model_state",
    "net_state",  "network_state",    "module_state_dict",
    "state",      "ema_state_dict",   "generator_state_dict"};

// PyTorch's hooks put them in the middle as well; `model` and `net` are what
// people call the attribute that holds the model (Lightning).
constexpr std::array<std::string_view, 9> kWrappers = {
    "module",
    "_orig_mod",
    "_forward_module",
    "_original_module",
    "_fsdp_wrapped_module",
    "_checkpoint_wrapped_module",
    "base_model",
    "inner_model",
    "wrapped_model"};
constexpr std::array<std::string_view, 4> kSoftWrappers = {"model", "net",
                                                           "network", "model_"};

constexpr std::array<std::string_view, 9> kParametrizations = {
    "parametrizations", "base_layer",  "weight_g",
    "weight_v",         "weight_orig", "original",
    "original0",        "original1",   "modules_to_save"};

// "dense_12" → {"dense", 12}; "dense" → {"dense", 0}. No framework makes a
// "dense_0" of its own: that is somebody's count.
std::pair<std::string_view, std::string_view> AutoNumber(
    std::string_view part) {
  size_t last = part.rfind('_');
  if (last == std::string_view::npos || last == 0 ||
      !AllNumbers(part.substr(last + 1)) || part.substr(last + 1) == "0") {
    return {part, "0"};
  }
  return {part.substr(0, last), part.substr(last + 1)};
}

// Without what only sets words apart: embedTokens and embed_tokens.
std::string Bare(std::string_view part) {
  std::string bare;
  for (char c : part) {
    if (c == '_' || c == '-' || c == ' ') continue;
    bare += Lower(c);
  }
  return bare;
}

std::string_view Unquoted(std::string_view part) {
  constexpr std::string_view kQuotes = "[]'\"";
  size_t first = part.find_first_not_of(kQuotes);
  if (first == std::string_view::npos) return part;
  return part.substr(first, part.find_last_not_of(kQuotes) - first + 1);
}

bool AllOf(const Hunk& hunk, bool (*holds)(std::string_view)) {
  return std::all_of(hunk.removed.begin(), hunk.removed.end(), holds) &&
         std::all_of(hunk.added.begin(), hunk.added.end(), holds);
}

bool IsBundleWord(std::string_view part) { return IsOneOf(part, kBundle); }

// Each pair of replaced parts satisfies `same`.
template <typename Same>
bool PartByPart(const Hunk& hunk, const Same& same) {
  return hunk.removed.size() == hunk.added.size() &&
         std::equal(hunk.removed.begin(), hunk.removed.end(),
                    hunk.added.begin(), same);
}

ChangeKind KindOfReplacement(const Hunk& hunk) {
  if (PartByPart(hunk, [](std::string_view a, std::string_view b) {
        return AllNumbers(a) && AllNumbers(b);
      })) {
    return ChangeKind::kIndex;
  }
  if (PartByPart(hunk, [](std::string_view a, std::string_view b) {
        return AutoNumber(a).first == AutoNumber(b).first;
      })) {
    return ChangeKind::kAutoNumber;
  }
  if (PartByPart(hunk, [](std::string_view a, std::string_view b) {
        return a != b && Unquoted(a) == Unquoted(b);
      })) {
    return ChangeKind::kKeyType;
  }
  if (PartByPart(hunk, [](std::string_view a, std::string_view b) {
        return Bare(a) == Bare(b);
      })) {
    return ChangeKind::kSpelling;
  }
  if (hunk.is_leaf && IsLeafWord(hunk.removed.back()) &&
      IsLeafWord(hunk.added.back())) {
    return ChangeKind::kVocabulary;
  }
  return ChangeKind::kRelabel;
}

ChangeKind KindOf(const Hunk& hunk) {
  auto has = [&hunk](auto holds) {
    return std::any_of(hunk.removed.begin(), hunk.removed.end(), holds) ||
           std::any_of(hunk.added.begin(), hunk.added.end(), holds);
  };
  if (has(IsParametrizationWord)) return ChangeKind::kParametrization;
  if (hunk.is_front && AllOf(hunk, IsBundleWord)) return ChangeKind::kBundle;
  if (has(IsWrapperWord) && AllOf(hunk, [](std::string_view part) {
        return IsWrapperWord(part) || IsOneOf(part, kSoftWrappers);
      })) {
    return ChangeKind::kWrapper;
  }
  if (hunk.removed.empty() || hunk.added.empty()) return ChangeKind::kNesting;
  return KindOfReplacement(hunk);
}

void AppendShape(const NameWords& parts, std::string* signature) {
  for (std::string_view part : parts) {
    for (char c : part) {
      bool is_digit = c >= '0' && c <= '9';
      if (is_digit && !signature->empty() && signature->back() == '#') continue;
      signature->push_back(is_digit ? '#' : c);
    }
    signature->push_back('/');
  }
}

Hunk MakeHunk(const NameWords& from, size_t from_begin, size_t from_end,
              const NameWords& to, size_t to_begin, size_t to_end) {
  auto slice = [](const NameWords& parts, size_t begin, size_t end) {
    return NameWords(parts.begin() + static_cast<std::ptrdiff_t>(begin),
                     parts.begin() + static_cast<std::ptrdiff_t>(end));
  };
  Hunk hunk;
  hunk.removed = slice(from, from_begin, from_end);
  hunk.added = slice(to, to_begin, to_end);
  hunk.at = from_begin;
  hunk.is_front = from_begin == 0 && to_begin == 0;
  hunk.is_leaf = from_end == from.size() && to_end == to.size();
  AppendShape(hunk.removed, &hunk.signature);
  hunk.signature += '>';
  AppendShape(hunk.added, &hunk.signature);
  hunk.kind = KindOf(hunk);
  return hunk;
}

// Longest common subsequence of what is left between equal ends. Names of more
// parts than any framework makes are taken as one change.
constexpr size_t kMaxParts = 64;

std::vector<Hunk> Diff(const NameWords& from, const NameWords& to) {
  size_t tail = 0;
  while (tail < from.size() && tail < to.size() &&
         from[from.size() - 1 - tail] == to[to.size() - 1 - tail]) {
    ++tail;
  }
  size_t head = 0;
  while (head + tail < from.size() && head + tail < to.size() &&
         from[head] == to[head]) {
    ++head;
  }
  const size_t n = from.size() - tail - head, m = to.size() - tail - head;
  if (n == 0 && m == 0) return {};
  if (n == 0 || m == 0 || n > kMaxParts || m > kMaxParts) {
    return {MakeHunk(from, head, head + n, to, head, head + m)};
  }
  // length[i][j]: of the common subsequence of the first i and j parts.
  std::vector<std::vector<uint8_t>> length(n + 1, std::vector<uint8_t>(m + 1));
  for (size_t i = 1; i <= n; ++i) {
    for (size_t j = 1; j <= m; ++j) {
      length[i][j] = from[head + i - 1] == to[head + j - 1]
                         ? static_cast<uint8_t>(length[i - 1][j - 1] + 1)
                         : std::max(length[i - 1][j], length[i][j - 1]);
    }
  }
  std::vector<Hunk> hunks;
  size_t i = n, j = m;
  size_t i_end = n, j_end = m;  // of the hunk being collected, backwards
  auto flush = [&] {
    if (i != i_end || j != j_end) {
      hunks.push_back(
          MakeHunk(from, head + i, head + i_end, to, head + j, head + j_end));
    }
  };
  while (i > 0 || j > 0) {
    if (i > 0 && j > 0 && from[head + i - 1] == to[head + j - 1]) {
      flush();
      i_end = --i;
      j_end = --j;
    } else if (j > 0 && (i == 0 || length[i][j - 1] >= length[i - 1][j])) {
      --j;
    } else {
      --i;
    }
  }
  flush();
  std::reverse(hunks.begin(), hunks.end());
  return hunks;
}

NameWords CutAt(std::string_view name, std::string_view separators) {
  NameWords parts;
  size_t start = 0;
  for (size_t end; (end = name.find_first_of(separators, start)) != name.npos;
       start = end + 1) {
    parts.push_back(name.substr(start, end - start));
  }
  parts.push_back(name.substr(start));
  return parts;
}

// "student/fc1.weight": dotted names under a scope.
bool IsDottedInScope(std::string_view name) {
  const size_t scope = name.rfind('/');
  return scope != std::string_view::npos &&
         name.find('.', scope) != std::string_view::npos;
}

}  // namespace

char NameSeparator(std::string_view name) {
  if (name.find('/') != std::string_view::npos) return '/';
  return name.find('.') != std::string_view::npos ? '.' : '\0';
}

std::vector<std::string_view> NameParts(std::string_view name) {
  const char separator = NameSeparator(name);
  return separator == '\0' ? NameWords{name}
                           : CutAt(name, std::string_view(&separator, 1));
}

bool SeparatorsDiffer(std::string_view from, std::string_view to) {
  const char one = NameSeparator(from), other = NameSeparator(to);
  return one != other && one != '\0' && other != '\0' &&
         !IsDottedInScope(one == '/' ? from : to);
}

bool IsWrapperWord(std::string_view part) { return IsOneOf(part, kWrappers); }

bool IsParametrizationWord(std::string_view part) {
  return IsOneOf(part, kParametrizations);
}

std::vector<Hunk> DiffNames(std::string_view from, std::string_view to) {
  if (NameSeparator(from) != NameSeparator(to) && !SeparatorsDiffer(from, to)) {
    return Diff(CutAt(from, "/."), CutAt(to, "/."));
  }
  return Diff(NameParts(from), NameParts(to));
}

bool IsSoftWrapper(const Hunk& hunk) {
  return AllOf(hunk, [](std::string_view part) {
    return part == "model" || IsWrapperWord(part);
  });
}

}  // namespace ckptdiff
