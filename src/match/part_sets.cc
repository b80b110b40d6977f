#include "match/part_sets.h"

#include <algorithm>
#include <bit>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "match/part_words.h"

namespace ckptdiff {
namespace {

// Kinds of sets that no fusing of roles makes: parts that a number counts, and
// layers or experts of any name that may have been stacked.
constexpr std::string_view kParts = "n", kStack = "s";
// Words before a number that counts parts of a whole.
constexpr std::string_view kCounted[] = {"experts", "part"};

bool SaysGroup(const Name& name, std::string_view group,
               const WordTable& words) {
  return std::any_of(
      name.tokens.begin(), name.tokens.end(), [&](const Token& token) {
        return !token.is_number && words.Text(words.Group(token.word)) == group;
      });
}

// The tokens from `skip` to `skip_end`, and the one at `counter`, tell parts
// apart and are left out.
Description Describe(const Name& name, const WordTable& words, size_t skip,
                     size_t skip_end, size_t counter) {
  Description described{.leaf = name.leaf};
  size_t said_until = 0;
  for (size_t i = 0; i < name.tokens.size(); ++i) {
    const Token& token = name.tokens[i];
    if ((i >= skip && i < skip_end) || i == counter) continue;
    if (!token.is_number) {
      const Saying saying = SayingAt(name, i, words);
      described.roles |= saying.roles;
      if (saying.roles != 0) said_until = i + saying.tokens;
      described.words.push_back(words.Group(token.word));
    } else if (token.number != Token::kNone && i >= said_until &&
               (described.numbers.empty() ||
                described.numbers.back() != token.number)) {
      described.numbers.push_back(token.number);
    }
  }
  // "feedforward_output": the way down; of attention, what follows it.
  if (described.roles == 0 && skip == skip_end &&
      SaysGroup(name, "output", words)) {
    const bool is_down =
        SaysGroup(name, "mlp", words) || SaysGroup(name, "experts", words);
    described.roles = 1U << (is_down ? kDown : kOut);
  }
  return described;
}

// A token as it stands in a pattern: numbers are all the same but for those
// that belong to a word ("w1").
std::string InPattern(const Name& name, size_t at, const WordTable& words) {
  const Token& token = name.tokens[at];
  if (!token.is_number) return fmt::format("|w{}", token.word);
  const bool is_said = at > 0 && !name.tokens[at - 1].is_number &&
                       SayingAt(name, at - 1, words).tokens > 1;
  return is_said ? fmt::format("|{}", token.number) : "|#";
}

// True for a number that counts parts: of an expert, of a partition.
bool CountsParts(const Name& name, size_t at, const WordTable& words) {
  if (!name.tokens[at].is_number || name.tokens[at].number < 0) return false;
  for (; at > 0; --at) {
    const Token& before = name.tokens[at - 1];
    if (before.is_number && before.number == Token::kNone) continue;
    if (before.is_number) return false;
    const std::string_view group = words.Text(words.Group(before.word));
    return std::find(std::begin(kCounted), std::end(kCounted), group) !=
           std::end(kCounted);
  }
  return false;
}

class Finder {
 public:
  Finder(const Layout& layout, WordTable* words)
      : layout_(layout), words_(words) {}

  void Add(uint32_t position) {
    const Name name = ParseName(layout_.variables[position].name, words_);
    AddGates(position, name);
    std::vector<size_t> counters = {name.tokens.size()};
    for (size_t i = 0; i < name.tokens.size(); ++i) {
      if (CountsParts(name, i, *words_)) {
        counters.push_back(i);
      } else if (name.tokens[i].is_number &&
                 name.tokens[i].number != Token::kNone) {
        AddTo(kStack, position, name, 0, 0, i, 0);
      }
    }
    for (size_t counter : counters) {
      if (counter < name.tokens.size()) {
        AddTo(kParts, position, name, 0, 0, counter, 0);
      }
      for (size_t i = 0; i < name.tokens.size(); ++i) {
        if (name.tokens[i].is_number) continue;
        AddRole(position, name, i, counter);
      }
    }
  }

  std::vector<PartPattern> Take() {
    std::map<std::string, PartPattern> patterns;
    for (auto& [key, found] : sets_) {
      if (!IsComplete(found.set, found.roles)) continue;
      PartSet& set = found.set;
      for (const Part& part : set.parts) {
        set.elements +=
            layout_.variables[part.position].shape.Elements().value_or(0);
      }
      std::sort(set.parts.begin(), set.parts.end(),
                [](const Part& a, const Part& b) {
                  return std::tie(a.number, a.role, a.position) <
                         std::tie(b.number, b.role, b.position);
                });
      patterns[found.pattern].sets.push_back(std::move(set));
    }
    std::vector<PartPattern> all;
    for (auto& [key, pattern] : patterns) {
      std::sort(pattern.sets.begin(), pattern.sets.end(),
                [](const PartSet& a, const PartSet& b) {
                  return a.described.numbers < b.described.numbers;
                });
      all.push_back(std::move(pattern));
    }
    return all;
  }

 private:
  struct Found {
    PartSet set;
    uint32_t roles = 0;  // of the kind of fusing; 0: numbers alone
    std::string pattern;
  };

  // As the part that the word at `at` says it is.
  void AddRole(uint32_t position, const Name& name, size_t at, size_t counter) {
    const Saying saying = SayingAt(name, at, *words_);
    if (!std::has_single_bit(saying.roles)) return;
    for (const Fusing& fusing : Fusings()) {
      if ((fusing.roles & saying.roles) == 0) continue;
      AddTo(fusing.id, position, name, at, at + saying.tokens, counter,
            static_cast<size_t>(std::countr_zero(saying.roles)));
    }
  }

  // As a gate of a recurrent cell, where one of its words is the letter of one.
  void AddGates(uint32_t position, const Name& name) {
    for (size_t i = 0; i < name.tokens.size(); ++i) {
      if (name.tokens[i].is_number) continue;
      const std::string_view text = words_->Text(name.tokens[i].word);
      for (const Gate& gate : Gates()) {
        if (gate.word != text) continue;
        PartSet& set = AddTo(gate.fusing, position, name, i, i + 1,
                             name.tokens.size(), gate.role);
        if (set.parts.size() > 1 || gate.of.empty()) continue;
        set.described.words.push_back(words_->Intern(gate.of));
        set.described.words.push_back(
            words_->Intern(gate.of == "hh" ? "recurrent" : "input"));
      }
    }
  }

  PartSet& AddTo(std::string_view kind, uint32_t position, const Name& name,
                 size_t skip, size_t skip_end, size_t counter, size_t role) {
    const bool is_numbered = counter < name.tokens.size();
    std::string key(kind), pattern(kind);
    for (size_t i = 0; i < name.tokens.size(); ++i) {
      if (i == counter || (i >= skip && i < skip_end)) {
        key += "|*";
        pattern += "|*";
        continue;
      }
      const Token& token = name.tokens[i];
      const std::string said = InPattern(name, i, *words_);
      key += token.is_number ? fmt::format("|{}", token.number) : said;
      pattern += said;
    }
    Found& found = sets_[key];
    if (found.set.parts.empty()) {
      found.pattern = std::move(pattern);
      found.set.is_numbered = is_numbered;
      found.set.is_stack = kind == kStack;
      found.set.described = Describe(name, *words_, skip, skip_end, counter);
      if (const Fusing* fusing = FindFusing(kind)) {
        found.roles = fusing->roles;
        found.set.described.roles = fusing->roles;
      }
    }
    found.set.parts.push_back(
        {.position = position,
         .number = is_numbered ? name.tokens[counter].number : 0,
         .role = role});
    return found.set;
  }

  // Every part once: all roles of the kind for all numbers in a row.
  bool IsComplete(const PartSet& set, uint32_t roles) const {
    if (set.parts.size() < 2) return false;
    std::set<std::pair<int64_t, size_t>> seen;
    std::set<int64_t> numbers;
    uint32_t found = 0;
    for (const Part& part : set.parts) {
      if (!layout_.variables[part.position].shape.known) return false;
      if (!seen.insert({part.number, part.role}).second) return false;
      numbers.insert(part.number);
      found |= 1U << part.role;
    }
    if (roles != 0 && found != roles) return false;
    const int64_t first = *numbers.begin(), last = *numbers.rbegin();
    if (first > 1 || last - first + 1 != static_cast<int64_t>(numbers.size())) {
      return false;
    }
    const size_t each = roles == 0 ? 1 : std::popcount(roles);
    return seen.size() == numbers.size() * each;
  }

  const Layout& layout_;
  WordTable* words_;
  std::map<std::string, Found> sets_;
};

}  // namespace

std::vector<PartPattern> FindPartSets(const Layout& layout,
                                      const Positions& some, WordTable* words) {
  Finder finder(layout, words);
  for (uint32_t position : some) finder.Add(position);
  return finder.Take();
}

std::vector<WholePattern> FindWholes(const Layout& layout,
                                     const Positions& some, WordTable* words) {
  std::map<std::string, WholePattern> patterns;
  for (uint32_t position : some) {
    const Variable& variable = layout.variables[position];
    const Name name = ParseName(variable.name, words);
    std::string pattern;
    for (size_t i = 0; i < name.tokens.size(); ++i) {
      pattern += InPattern(name, i, *words);
    }
    patterns[pattern].wholes.push_back(
        {.position = position,
         .elements = variable.shape.Elements().value_or(0),
         .described = Describe(name, *words, 0, 0, name.tokens.size())});
  }
  std::vector<WholePattern> all;
  for (auto& [key, pattern] : patterns) {
    std::sort(pattern.wholes.begin(), pattern.wholes.end(),
              [](const Whole& a, const Whole& b) {
                return a.described.numbers < b.described.numbers;
              });
    all.push_back(std::move(pattern));
  }
  return all;
}

}  // namespace ckptdiff
