// Which of two parts of a block comes first, as far as their names say.

#ifndef CKPTDIFF_MATCH_STEPS_H_
#define CKPTDIFF_MATCH_STEPS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "match/names.h"
#include "match/vocabulary.h"

namespace ckptdiff {

class StepReader {
 public:
  explicit StepReader(const WordTable& words);

  // The kind of layer: a norm, or what its last word says.
  uint64_t KindOf(const Name& name) const;

  // 1 where `a` comes before `b`, -1 where behind, 0 where names do not say.
  float Compare(const Name& a, const Name& b) const;

 private:
  bool IsNorm(const Name& name) const;
  // Ten a step, so that before and after fit between; 0: not said.
  int Place(const Name& name, size_t at) const;

  const WordTable& words_;
  std::vector<std::optional<Step>> steps_;  // by word
  WordId norm_ = WordTable::kNone;
};

}  // namespace ckptdiff

#endif  // CKPTDIFF_MATCH_STEPS_H_
