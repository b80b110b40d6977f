// How a name became another one: the parts that were taken out, put in or
// replaced, and what kind of change that is. Names are cut at `/` where they
// have one, else at `.`; what is equal on both sides is left alone.
//
//   module.encoder.layer.0.query.weight      [module] taken out: a wrapper
//          encoder.layer.0.q_proj.weight     [query] became [q_proj]:
//          relabelled

#ifndef CKPTDIFF_CAUSES_NAME_CHANGES_H_
#define CKPTDIFF_CAUSES_NAME_CHANGES_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ckptdiff/finding.h"

namespace ckptdiff {

enum class ChangeKind : uint8_t {
  kWrapper,          // module, _orig_mod, model, ...
  kBundle,           // state_dict, model_state_dict, ...
  kParametrization,  // weight_g, parametrizations, base_layer, ...
  kPrefix,           // the front of all names, or of one whole scope
  kNesting,          // parts taken out or put in elsewhere
  kAutoNumber,       // dense_2 → dense_3
  kIndex,            // layers.2 → layers.3
  kKeyType,          // ['0'] → 0
  kVocabulary,       // the last part, in another library's word for it
  kSpelling,         // embedTokens → embed_tokens
  kRelabel,          // anything else
};

// One contiguous change. Views into the names of the findings.
struct Hunk {
  ChangeKind kind = ChangeKind::kRelabel;
  std::vector<std::string_view> removed;
  std::vector<std::string_view> added;
  bool is_front = false;  // from the first part on
  bool is_leaf = false;   // to the last part
  // What it is but for numbers: "layers/#>blocks/#".
  std::string signature;
};

struct NameChange {
  size_t finding = 0;
  std::string_view actual;
  std::string_view expected;
  bool separator_changed = false;
  std::vector<Hunk> hunks;
};

// The change that stands at the front of most of the names that changed.
struct FrontChange {
  std::string removed, added;  // with a separator behind, or empty
  size_t count = 0;
};

class NameChanges {
 public:
  NameChanges() = default;
  // `positions` of findings with both sides; `all` names took part, renamed or
  // not.
  NameChanges(std::span<const Finding> findings,
              const std::vector<size_t>& positions, size_t all);

  const std::vector<NameChange>& changes() const { return changes_; }
  bool empty() const { return changes_.empty(); }
  // True where these are names of slots whose variables keep theirs.
  bool of_slots() const { return of_slots_; }

  // Positions of the findings that have a hunk of one of these kinds.
  std::vector<size_t> Of(std::initializer_list<ChangeKind> kinds) const;
  // Different hunks of these kinds but for numbers.
  size_t Signatures(std::initializer_list<ChangeKind> kinds) const;
  const FrontChange& front() const { return front_; }
  // Findings whose separator changed.
  std::vector<size_t> SeparatorChanged() const;
  // Where all names lost (or gained) the same number of characters, and not
  // all of them whole parts: how many; else 0.
  size_t blind_cut() const { return blind_cut_; }

 private:
  void FindFront(size_t all);
  void FindBlindCut();

  std::vector<NameChange> changes_;
  FrontChange front_;
  size_t blind_cut_ = 0;
  bool of_slots_ = false;
};

// The parts of a name, and the separator that it was cut at ('\0': none).
std::vector<std::string_view> NameParts(std::string_view name);
char NameSeparator(std::string_view name);

// Words of whole-file conventions, shared by causes.
bool IsWrapperWord(std::string_view part);
bool IsParametrizationWord(std::string_view part);

}  // namespace ckptdiff

#endif  // CKPTDIFF_CAUSES_NAME_CHANGES_H_
