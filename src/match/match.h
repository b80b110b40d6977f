#ifndef CKPTDIFF_MATCH_MATCH_H_
#define CKPTDIFF_MATCH_MATCH_H_

#include <span>

#include "ckptdiff/layout.h"
#include "match/content.h"
#include "match/pairing.h"
#include "match/vocabulary.h"

namespace ckptdiff {

// Asks the kinds of evidence in turn, strongest first. Deterministic, and
// near-linear in the number of variables. Roles are matched apart; slots and
// averages follow their owners. `contents` is what is known of the values;
// `vocabulary`, which words are read as one.
Pairing MatchLayouts(const Layout& actual, const Layout& expected,
                     const Contents& contents = {},
                     std::span<const Synonyms> vocabulary = Vocabulary());

}  // namespace ckptdiff

#endif  // CKPTDIFF_MATCH_MATCH_H_
