// Sentences that several causes need: lists of names, and what to type in the
// framework at hand.

#ifndef CKPTDIFF_CAUSES_PHRASES_H_
#define CKPTDIFF_CAUSES_PHRASES_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "causes/evidence.h"

namespace ckptdiff {

// "a, b, c and 5 more".
std::string Listed(const std::vector<std::string>& items, size_t most = 3);

// The names of the findings' variables: the model's, else the checkpoint's;
// slots by their label. Each once.
std::vector<std::string> NamesOf(const Evidence& evidence,
                                 const std::vector<size_t>& findings);
// The variables whose slots they are, each once; of what is no slot its name.
std::vector<std::string> OwnersOf(const Evidence& evidence,
                                  const std::vector<size_t>& findings);
// The layers that they are in, each once, in the order of the findings.
std::vector<std::string> LayersOf(const Evidence& evidence,
                                  const std::vector<size_t>& findings);
// "dense1 → dense_1": layers of renamed variables whose name changed, each
// once; variables where the layer kept its name.
std::vector<std::string> RenamedLayers(const Evidence& evidence,
                                       const std::vector<size_t>& findings);

// What to type so that variables are found under the names of the checkpoint,
// behind "or".
std::string HowToRename(const Evidence& evidence,
                        const std::vector<Pattern>& patterns);
// What to type so that everything else is loaded.
std::string HowToLoadTheRest(Toolkit toolkit);
// The methods of tf.train.Checkpoint's status that bear, and do not bear, what
// the checkpoint has beyond the model.
inline constexpr std::string_view kTf2OnUnusedValues =
    ".expect_partial() silences the warning, .assert_consumed() would refuse "
    "it";
// What to type to restore the weights without the optimizer.
std::string HowToSkipTheOptimizer(Toolkit toolkit);

}  // namespace ckptdiff

#endif  // CKPTDIFF_CAUSES_PHRASES_H_
