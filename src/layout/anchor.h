// Where the object that a layout was exported from hangs in a checkpoint.

#ifndef CKPTDIFF_LAYOUT_ANCHOR_H_
#define CKPTDIFF_LAYOUT_ANCHOR_H_

#include <string>

#include "ckptdiff/layout.h"

namespace ckptdiff {

// The object path, "model/", below which a checkpoint of TensorFlow's object
// graph holds what `expected` knows by paths from itself: a live tf.Module does
// not tell by which name a tf.train.Checkpoint will hold it. Empty where it is
// the root, where no path fits, and where `expected` is a root too (a layout of
// a checkpoint: it has the graph, or a save counter).
std::string FindAnchor(const Layout& actual, const Layout& expected);

// Puts `anchor` before every key.
void AnchorKeys(const std::string& anchor, Layout* layout);

}  // namespace ckptdiff

#endif  // CKPTDIFF_LAYOUT_ANCHOR_H_
