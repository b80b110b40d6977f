#include "report/numbered.h"

#include <algorithm>
#include <set>

#include "base/ascii.h"
#include "base/text.h"

namespace ckptdiff {
namespace {

constexpr std::string_view kArrow = " → ";

// The runs of digits in a name, as they stand.
std::vector<std::string> Numbers(std::string_view name) {
  std::vector<std::string> numbers;
  for (size_t i = 0; i < name.size(); ++i) {
    if (!IsDigit(name[i])) continue;
    size_t end = i;
    while (end < name.size() && IsDigit(name[end])) ++end;
    numbers.emplace_back(name.substr(i, end - i));
    i = end;
  }
  return numbers;
}

bool Follows(const std::string& next, const std::string& number) {
  constexpr size_t kMostDigits = 9;
  if (number.size() > kMostDigits || next.size() > kMostDigits) return false;
  // "08" follows "07"; "8" does not: it is spelled in another way.
  bool padded = number[0] == '0' && number.size() > 1;
  if (padded && next.size() != number.size()) return false;
  return std::stol(next) == std::stol(number) + 1;
}

// "{0..3,7}" of several, the number itself of one.
std::string Ranges(std::vector<std::string> numbers) {
  std::sort(numbers.begin(), numbers.end(), NaturalLess);
  numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
  if (numbers.size() == 1) return numbers[0];
  std::string out = "{";
  for (size_t i = 0; i < numbers.size();) {
    size_t last = i;
    while (last + 1 < numbers.size() &&
           Follows(numbers[last + 1], numbers[last])) {
      ++last;
    }
    if (i > 0) out += ',';
    out += numbers[i];
    if (last > i) out += (last == i + 1 ? "," : "..") + numbers[last];
    i = last + 1;
  }
  return out + "}";
}

// Without arrows.
std::string MergeOneSide(const std::vector<std::string>& names) {
  std::string pattern = NumberPattern(names[0]);
  std::vector<std::vector<std::string>> columns;
  for (const std::string& name : names) {
    std::vector<std::string> numbers = Numbers(name);
    columns.resize(numbers.size());
    for (size_t i = 0; i < numbers.size(); ++i) {
      columns[i].push_back(std::move(numbers[i]));
    }
  }
  size_t product = 1;
  for (const auto& column : columns) {
    product *= std::set<std::string>(column.begin(), column.end()).size();
  }
  std::set<std::string> distinct(names.begin(), names.end());
  if (product != distinct.size()) return {};
  std::string merged;
  size_t next = 0;
  for (char c : pattern) {
    if (c == '\x01') {
      merged += Ranges(columns[next++]);
    } else {
      merged += c;
    }
  }
  return merged;
}

}  // namespace

std::string NumberPattern(std::string_view name) {
  std::string pattern;
  for (size_t i = 0; i < name.size(); ++i) {
    if (!IsDigit(name[i])) {
      pattern += name[i];
    } else if (i == 0 || !IsDigit(name[i - 1])) {
      pattern += '\x01';
    }
  }
  return pattern;
}

std::string MergeNumbered(const std::vector<std::string>& names) {
  if (names.size() == 1) return names[0];
  std::vector<std::string> left, right;
  for (const std::string& name : names) {
    size_t arrow = name.find(kArrow);
    left.push_back(name.substr(0, arrow));
    if (arrow != std::string::npos) {
      right.push_back(name.substr(arrow + kArrow.size()));
    }
  }
  std::string merged = MergeOneSide(left);
  if (merged.empty() || right.empty()) return merged;
  std::string other = MergeOneSide(right);
  if (other.empty()) return {};
  return merged.append(kArrow).append(other);
}

char SeparatorOf(std::string_view name) {
  return name.find('/') == std::string_view::npos ? '.' : '/';
}

std::pair<std::string, std::string> ParentAndLeaf(std::string_view name) {
  size_t cut = name.rfind(SeparatorOf(name));
  if (cut == std::string_view::npos) return {"", std::string(name)};
  return {std::string(name.substr(0, cut)), std::string(name.substr(cut + 1))};
}

}  // namespace ckptdiff
