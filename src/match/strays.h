// Pairs that take one variable out of its layer: a convolution's bias and that
// of the batch norm behind it, where the one was folded into the other.

#ifndef CKPTDIFF_MATCH_STRAYS_H_
#define CKPTDIFF_MATCH_STRAYS_H_

#include "ckptdiff/layout.h"
#include "match/pairing.h"

namespace ckptdiff {

// Takes out of `pairing` each pair that is the only one between its two layers,
// where the one layer's other variables are elsewhere and several of the other
// one's are nowhere: its shape fits, but nothing else of its layer is there.
// Names that are equal and values that were compared stand.
void DropStrays(const Layout& actual, const Layout& expected, Pairing* pairing);

}  // namespace ckptdiff

#endif  // CKPTDIFF_MATCH_STRAYS_H_
