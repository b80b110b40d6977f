#include "match/groups.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <unordered_set>

#include <fmt/format.h>

#include "match/names.h"

namespace ckptdiff {
namespace {

// Words that tell the parts of one whole apart, in the order they are joined.
// w1 and w3 are gate and up of mixtral; i, f, g, o the gates of an LSTM.
constexpr std::string_view kParts[][4] = {
    {"query", "key", "value", ""},
    {"gate", "up", "", ""},
    {"w1", "w3", "", ""},
};
constexpr size_t kMostRivals = 64;

struct Part {
  uint32_t position;
  int64_t number;  // of the expert; 0 where there is one only
  size_t word;     // place in kParts
};

struct PartSet {
  std::vector<Part> parts;
  uint64_t elements = 0;
  std::vector<WordId> words;     // of all names, without the parts' own
  std::vector<int64_t> numbers;  // without the one that counts the parts
  bool is_numbered = false;
};

struct Whole {
  uint32_t position;
  std::vector<WordId> words;
  std::vector<int64_t> numbers;
};

// The place of a word in kParts[kind], or nullopt.
std::optional<size_t> PlaceIn(size_t kind, const Token* tokens, size_t left,
                              const WordTable& words) {
  const std::string_view text = words.Text(tokens[0].word);
  const std::string_view read_as = words.Text(words.Group(tokens[0].word));
  for (size_t i = 0; i < 4 && !kParts[kind][i].empty(); ++i) {
    const std::string_view part = kParts[kind][i];
    if (text == part || read_as == part) return i;
    if (part.size() == 2 && part[0] == 'w' && left > 1 && text == "w" &&
        tokens[1].is_number && tokens[1].number == part[1] - '0') {
      return i;
    }
  }
  return std::nullopt;
}

// A name as its words and numbers, for comparing a whole with its parts.
void Describe(const Name& name, const WordTable& words, size_t skip_word,
              size_t skip_number, std::vector<WordId>* said,
              std::vector<int64_t>* numbers) {
  for (size_t i = 0; i < name.tokens.size(); ++i) {
    const Token& token = name.tokens[i];
    if (i == skip_word || i == skip_number) continue;
    if (!token.is_number) {
      said->push_back(words.Group(token.word));
    } else if (token.number != Token::kNone) {
      numbers->push_back(token.number);
    }
  }
}

class Finder {
 public:
  Finder(const Layout& parts, const Layout& wholes, WordTable* words)
      : parts_(parts), wholes_(wholes), words_(words) {}

  // Sets of parts among `some`, by the number of their elements.
  std::map<uint64_t, std::vector<PartSet>> Sets(const Positions& some) {
    std::map<std::string, PartSet> sets;
    for (uint32_t position : some) AddToSets(position, &sets);
    std::map<uint64_t, std::vector<PartSet>> by_elements;
    for (auto& [key, set] : sets) {
      if (!IsComplete(set)) continue;
      for (const Part& part : set.parts) {
        set.elements +=
            parts_.variables[part.position].shape.Elements().value_or(0);
      }
      std::sort(set.parts.begin(), set.parts.end(),
                [](const Part& a, const Part& b) {
                  return std::tie(a.number, a.word, a.position) <
                         std::tie(b.number, b.word, b.position);
                });
      by_elements[set.elements].push_back(std::move(set));
    }
    return by_elements;
  }

  // How many words a whole shares with its parts, and whether all numbers
  // agree.
  static float Likeness(const PartSet& set, const Whole& whole) {
    if (set.numbers.size() != whole.numbers.size()) return 0;
    float common = 0;
    for (WordId word : whole.words) {
      if (std::find(set.words.begin(), set.words.end(), word) !=
          set.words.end()) {
        common += 1;
      }
    }
    size_t equal = 0;
    for (size_t i = 0; i < set.numbers.size(); ++i) {
      equal += set.numbers[i] == whole.numbers[i] ? 1 : 0;
    }
    if (equal + 1 < set.numbers.size() ||
        (equal == 0 && !set.numbers.empty())) {
      return 0;
    }
    return 0.1F + common / static_cast<float>(whole.words.size() + 1) +
           2 * static_cast<float>(equal) /
               static_cast<float>(set.numbers.size() + 1);
  }

  Whole WholeOf(uint32_t position) {
    Whole whole{.position = position};
    const Name name = ParseName(wholes_.variables[position].name, words_);
    Describe(name, *words_, SIZE_MAX, SIZE_MAX, &whole.words, &whole.numbers);
    return whole;
  }

 private:
  void AddToSets(uint32_t position, std::map<std::string, PartSet>* sets) {
    const Name name = ParseName(parts_.variables[position].name, words_);
    for (size_t i = 0; i < name.tokens.size(); ++i) {
      if (name.tokens[i].is_number) {
        if (!CountsExperts(name, i)) continue;
        Add(position, name, SIZE_MAX, i, 0, "n", sets);
        continue;
      }
      for (size_t kind = 0; kind < std::size(kParts); ++kind) {
        const std::optional<size_t> place =
            PlaceIn(kind, &name.tokens[i], name.tokens.size() - i, *words_);
        if (!place) continue;
        const std::string tag = fmt::format("p{}", kind);
        Add(position, name, i, SIZE_MAX, *place, tag, sets);
        for (size_t j = 0; j < name.tokens.size(); ++j) {
          if (!CountsExperts(name, j)) continue;
          Add(position, name, i, j, *place, tag + "n", sets);
        }
      }
    }
  }

  // True for the number of an expert, which alone counts parts of a whole.
  bool CountsExperts(const Name& name, size_t at) const {
    if (!name.tokens[at].is_number || name.tokens[at].number < 0) return false;
    for (; at > 0; --at) {
      const Token& before = name.tokens[at - 1];
      if (before.is_number && before.number == Token::kNone) continue;
      if (before.is_number) return false;
      return words_->Text(words_->Group(before.word)) == "experts";
    }
    return false;
  }

  void Add(uint32_t position, const Name& name, size_t word, size_t number,
           size_t place, const std::string& tag,
           std::map<std::string, PartSet>* sets) {
    const bool has_suffix = word != SIZE_MAX && word + 1 < name.tokens.size() &&
                            words_->Text(name.tokens[word].word) == "w";
    const size_t skipped = has_suffix ? word + 1 : SIZE_MAX;
    std::string key = tag;
    for (size_t i = 0; i < name.tokens.size(); ++i) {
      if (i == word || i == number || i == skipped) {
        key += "|*";
      } else if (name.tokens[i].is_number) {
        key += fmt::format("|{}", name.tokens[i].number);
      } else {
        key += fmt::format("|w{}", name.tokens[i].word);
      }
    }
    PartSet& set = (*sets)[key];
    if (set.parts.empty()) {
      Describe(name, *words_, has_suffix ? skipped : word, number, &set.words,
               &set.numbers);
    }
    if (word != SIZE_MAX) {
      set.words.push_back(words_->Group(name.tokens[word].word));
    }
    set.is_numbered = number != SIZE_MAX;
    set.parts.push_back(
        {.position = position,
         .number = number == SIZE_MAX ? 0 : name.tokens[number].number,
         .word = place});
  }

  // Every part once: all words of the kind for all numbers from 0 up.
  bool IsComplete(const PartSet& set) const {
    if (set.parts.size() < 2) return false;
    std::set<std::pair<int64_t, size_t>> seen;
    std::set<int64_t> numbers;
    std::set<size_t> places;
    for (const Part& part : set.parts) {
      if (!parts_.variables[part.position].shape.known) return false;
      if (!seen.insert({part.number, part.word}).second) return false;
      numbers.insert(part.number);
      places.insert(part.word);
    }
    if (set.is_numbered && *numbers.begin() != 0) return false;
    return seen.size() == numbers.size() * places.size() &&
           (set.is_numbered || places.size() > 1);
  }

  const Layout& parts_;
  const Layout& wholes_;
  WordTable* words_;
};

// "concat axis 0", "stack axis 0", "transpose, concat axis 1", "reorder".
std::string Method(const Layout& layout, const PartSet& set, const Shape& whole,
                   bool is_split) {
  const std::vector<int64_t>& first =
      layout.variables[set.parts.front().position].shape.dims;
  const int64_t count = static_cast<int64_t>(set.parts.size());
  bool all_equal = true;
  for (const Part& part : set.parts) {
    all_equal =
        all_equal && layout.variables[part.position].shape.dims == first;
  }
  const std::string join = is_split ? "split" : "concat";
  if (all_equal && whole.dims.size() == first.size() + 1 &&
      whole.dims.front() == count &&
      std::equal(first.begin(), first.end(), whole.dims.begin() + 1)) {
    return is_split ? "split axis 0" : "stack axis 0";
  }
  for (const bool flips : {false, true}) {
    if (set.is_numbered || whole.dims.size() != first.size()) break;
    if (flips && first.size() != 2) break;
    for (size_t axis = 0; axis < first.size(); ++axis) {
      int64_t sum = 0;
      bool fits = true;
      for (const Part& part : set.parts) {
        std::vector<int64_t> dims = layout.variables[part.position].shape.dims;
        if (flips) std::reverse(dims.begin(), dims.end());
        if (dims.size() != whole.dims.size()) return "reorder";
        for (size_t i = 0; i < dims.size(); ++i) {
          if (i == axis)
            sum += dims[i];
          else
            fits = fits && dims[i] == whole.dims[i];
        }
      }
      if (fits && sum == whole.dims[axis]) {
        return fmt::format("{}{} axis {}", flips ? "transpose, " : "", join,
                           axis);
      }
    }
  }
  return "reorder";
}

void Remove(const std::unordered_set<uint32_t>& taken, Positions* some) {
  std::erase_if(*some, [&](uint32_t i) { return taken.contains(i); });
}

// `parts` are of one side, `wholes` of the other one.
void Take(const Layout& part_layout, const Layout& whole_layout,
          bool actual_is_whole, Positions* parts, Positions* wholes,
          std::vector<Group>* groups) {
  // How many more variables of a size the side of the wholes has.
  std::unordered_map<uint64_t, int64_t> surplus;
  std::unordered_set<std::string_view> part_names, whole_names;
  for (uint32_t i : *parts) {
    --surplus[part_layout.variables[i].shape.Elements().value_or(0)];
    part_names.insert(part_layout.variables[i].name);
  }
  for (uint32_t i : *wholes) {
    ++surplus[whole_layout.variables[i].shape.Elements().value_or(0)];
    whole_names.insert(whole_layout.variables[i].name);
  }
  Positions lonely;
  for (uint32_t i : *wholes) {
    const uint64_t size =
        whole_layout.variables[i].shape.Elements().value_or(0);
    if (size > 1 && surplus[size] > 0 &&
        !part_names.contains(whole_layout.variables[i].name)) {
      lonely.push_back(i);
    }
  }
  if (lonely.empty()) return;
  Positions unequal;
  for (uint32_t i : *parts) {
    if (!whole_names.contains(part_layout.variables[i].name)) {
      unequal.push_back(i);
    }
  }
  WordTable words;
  Finder finder(part_layout, whole_layout, &words);
  std::map<uint64_t, std::vector<PartSet>> sets = finder.Sets(unequal);
  std::map<uint64_t, std::vector<Whole>> by_elements;
  for (uint32_t i : lonely) {
    const uint64_t size =
        whole_layout.variables[i].shape.Elements().value_or(0);
    if (sets.contains(size)) by_elements[size].push_back(finder.WholeOf(i));
  }
  std::unordered_set<uint32_t> taken_parts, taken_wholes;
  for (auto& [size, some] : by_elements) {
    struct Choice {
      float likeness;
      size_t whole, set;
    };
    std::vector<Choice> choices;
    const std::vector<PartSet>& rivals = sets[size];
    if (rivals.size() > kMostRivals * 8 || some.size() > kMostRivals * 8) {
      continue;
    }
    for (size_t w = 0; w < some.size(); ++w) {
      for (size_t s = 0; s < rivals.size(); ++s) {
        const float likeness = Finder::Likeness(rivals[s], some[w]);
        if (likeness > 0.4F) choices.push_back({likeness, w, s});
      }
    }
    std::stable_sort(choices.begin(), choices.end(),
                     [](const Choice& a, const Choice& b) {
                       return a.likeness > b.likeness;
                     });
    for (const Choice& choice : choices) {
      const Whole& whole = some[choice.whole];
      const PartSet& set = rivals[choice.set];
      const bool is_free =
          !taken_wholes.contains(whole.position) &&
          std::none_of(set.parts.begin(), set.parts.end(),
                       [&](const Part& part) {
                         return taken_parts.contains(part.position);
                       });
      if (!is_free || surplus[size] <= 0) continue;
      --surplus[size];
      taken_wholes.insert(whole.position);
      std::vector<size_t> members;
      for (const Part& part : set.parts) {
        taken_parts.insert(part.position);
        members.push_back(part.position);
      }
      groups->push_back(
          {.actual =
               actual_is_whole ? std::vector<size_t>{whole.position} : members,
           .expected =
               actual_is_whole ? members : std::vector<size_t>{whole.position},
           .how = actual_is_whole ? How::kSplit : How::kFused,
           .method = Method(part_layout, set,
                            whole_layout.variables[whole.position].shape,
                            actual_is_whole),
           .confidence = 0.9,
           .evidence = {"same-elements", "parts-of-a-whole"}});
    }
  }
  Remove(taken_parts, parts);
  Remove(taken_wholes, wholes);
}

}  // namespace

std::vector<Group> TakeGroups(const Layout& actual, const Layout& expected,
                              Positions* a, Positions* e) {
  std::vector<Group> groups;
  Take(actual, expected, false, a, e, &groups);
  Take(expected, actual, true, e, a, &groups);
  return groups;
}

}  // namespace ckptdiff
