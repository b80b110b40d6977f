// What is known of the values of both layouts, and the pairs that they prove.
// Where values come from is no concern of matching: a stage before it reads
// them, or only the checksums that files store.

#ifndef CKPTDIFF_MATCH_CONTENT_H_
#define CKPTDIFF_MATCH_CONTENT_H_

#include <cstdint>
#include <vector>

#include "ckptdiff/layout.h"
#include "match/equal_names.h"
#include "match/problem.h"

namespace ckptdiff {

// Of one variable. Equal `values`: the same elements, in whatever order, so a
// transposed tensor has them as well. Equal `order`: in the same order too.
struct Fingerprint {
  uint64_t values = 0;  // 0: not known, or says nothing (all zeros, all ones)
  uint64_t order = 0;
};

// By position in Layout::variables; empty: nothing is known of a side.
struct Contents {
  std::vector<Fingerprint> actual, expected;

  bool empty() const { return actual.empty() || expected.empty(); }
};

// Values that one variable of either side has, and no other. Where names that
// are equal speak against it, a pair stands only if values tell as well where
// one of those belongs: a shift of the whole, and not one variable that was
// copied to another one between two saves.
using ContentPairs = std::vector<std::pair<uint32_t, uint32_t>>;
ContentPairs JoinContents(const Layout& actual, const Layout& expected,
                          const Contents& contents, const Positions& a,
                          const Positions& e);

// Out of, and back into, what is still to be paired.
void SetAside(const ContentPairs& pairs, Positions* a, Positions* e);
void PutBack(const ContentPairs& pairs, Positions* a, Positions* e);

// Leaves those variables no other candidates, and no others them.
void Anchor(const ContentPairs& pairs, const Contents& contents,
            Problem* problem);

// Whether an equal name pairs what a pair of `contents` tells apart.
bool Contradicts(const EqualNames& names, const ContentPairs& contents);

}  // namespace ckptdiff

#endif  // CKPTDIFF_MATCH_CONTENT_H_
