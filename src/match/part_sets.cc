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

namespace ckptdiff {
namespace {

enum RoleInWhole : size_t { kQuery, kKey, kValue, kGate, kUp, kDown, kOut };
constexpr size_t kRoles = kOut + 1;

// What is joined to one. A new kind of fusing is a row here.
constexpr struct {
  std::string_view id;
  uint32_t roles;
} kFusings[] = {
    {"qkv", 1U << kQuery | 1U << kKey | 1U << kValue},
    {"kv", 1U << kKey | 1U << kValue},
    {"gate-up", 1U << kGate | 1U << kUp},
};

// Words that say it whatever stands around them; the second is the number
// that belongs to the word ("w1", "wi_0"), or -1. The reference code of llama
// and mixtral calls gate, down and up w1, w2 and w3, t5 calls gate and up
// wi_0 and wi_1; keras-hub says intermediate for up.
constexpr struct {
  std::string_view word;
  int64_t number;
  uint32_t roles;
} kSaid[] = {
    {"query", -1, 1U << kQuery},
    {"key", -1, 1U << kKey},
    {"value", -1, 1U << kValue},
    {"gate", -1, 1U << kGate},
    {"up", -1, 1U << kUp},
    {"intermediate", -1, 1U << kUp},
    {"down", -1, 1U << kDown},
    {"w", 1, 1U << kGate},
    {"w", 2, 1U << kDown},
    {"w", 3, 1U << kUp},
    {"wi", 0, 1U << kGate},
    {"wi", 1, 1U << kUp},
    {"qkv", -1, kFusings[0].roles},
    {"wqkv", -1, kFusings[0].roles},
    {"kv", -1, kFusings[1].roles},
    {"wkv", -1, kFusings[1].roles},
    {"gateup", -1, kFusings[2].roles},
};

// Words before a number that counts parts of a whole.
constexpr std::string_view kCounted[] = {"experts", "part"};

// Roles that the word at `at` says, and how many tokens say it.
struct Saying {
  uint32_t roles = 0;
  size_t tokens = 1;
};

Saying SayingAt(const Name& name, size_t at, const WordTable& words) {
  const std::string_view text = words.Text(name.tokens[at].word);
  const std::string_view read_as =
      words.Text(words.Group(name.tokens[at].word));
  for (const auto& [word, number, roles] : kSaid) {
    if (text != word && read_as != word) continue;
    if (number < 0) return {roles, 1};
    if (at + 1 < name.tokens.size() && name.tokens[at + 1].is_number &&
        name.tokens[at + 1].number == number) {
      return {roles, 2};
    }
  }
  return {};
}

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
    std::vector<size_t> counters = {name.tokens.size()};
    for (size_t i = 0; i < name.tokens.size(); ++i) {
      if (CountsParts(name, i, *words_)) counters.push_back(i);
    }
    for (size_t counter : counters) {
      if (counter < name.tokens.size()) {
        AddTo("n", position, name, 0, 0, counter, 0);
      }
      for (size_t i = 0; i < name.tokens.size(); ++i) {
        if (name.tokens[i].is_number) continue;
        const Saying saying = SayingAt(name, i, *words_);
        for (size_t role = 0; role < kRoles; ++role) {
          if (saying.roles != 1U << role) continue;
          for (const auto& [id, roles] : kFusings) {
            if ((roles & saying.roles) == 0) continue;
            AddTo(id, position, name, i, i + saying.tokens, counter, role);
          }
        }
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

  void AddTo(std::string_view kind, uint32_t position, const Name& name,
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
      found.set.described = Describe(name, *words_, skip, skip_end, counter);
      for (const auto& [id, roles] : kFusings) {
        if (id == kind) found.roles = roles;
      }
      if (found.roles != 0) found.set.described.roles = found.roles;
    }
    found.set.parts.push_back(
        {.position = position,
         .number = is_numbered ? name.tokens[counter].number : 0,
         .role = role});
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
