// How a name became another one: the parts that were taken out, put in or
// replaced, and what kind of change that is. Names are cut at `/` where they
// have one, else at `.`; what is equal on both sides is left alone.
//
//   module.encoder.layer.0.query.weight      [module] taken out: a wrapper
//          encoder.layer.0.q_proj.weight     [query] became [q_proj]:
//          relabelled

#ifndef CKPTDIFF_CAUSES_NAME_DIFF_H_
#define CKPTDIFF_CAUSES_NAME_DIFF_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

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
  size_t at = 0;          // parts before it, in the old name
  bool is_front = false;  // from the first part on
  bool is_leaf = false;   // to the last part
  // What it is but for numbers: "layers/#>blocks/#".
  std::string signature;
};

// The parts of a name, and the separator that it was cut at ('\0': none).
std::vector<std::string_view> NameParts(std::string_view name);
char NameSeparator(std::string_view name);

// True where one name is cut at `/` and the other at `.`, as two libraries have
// it; not where the one is the other's kind under a scope (student/fc1.weight
// and fc1.weight).
bool SeparatorsDiffer(std::string_view from, std::string_view to);

// Words of whole-file conventions, shared by causes.
bool IsWrapperWord(std::string_view part);
bool IsParametrizationWord(std::string_view part);

// What turns one name into the other, front to back.
std::vector<Hunk> DiffNames(std::string_view from, std::string_view to);

// True where a hunk is made of nothing but `model` and wrappers' words: where
// everything has it, it is a wrapper too.
bool IsSoftWrapper(const Hunk& hunk);

}  // namespace ckptdiff

#endif  // CKPTDIFF_CAUSES_NAME_DIFF_H_
