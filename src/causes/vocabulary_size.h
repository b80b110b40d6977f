// Whether a change of shape is one of the number of words.

#ifndef CKPTDIFF_CAUSES_VOCABULARY_SIZE_H_
#define CKPTDIFF_CAUSES_VOCABULARY_SIZE_H_

#include <cstdint>
#include <string_view>

#include "causes/evidence.h"

namespace ckptdiff {

// True for a shape-mismatch of an embedding of words in its rows alone.
bool IsEmbedding(const Evidence& evidence, const Finding& finding);

// True for the name of a table of positions, whose rows are no words and no
// outputs.
bool IsPositionTable(std::string_view name);

// True where an embedding has this many rows in the model and another number
// in the checkpoint.
bool VocabularyChanged(const Evidence& evidence, int64_t rows);

}  // namespace ckptdiff

#endif  // CKPTDIFF_CAUSES_VOCABULARY_SIZE_H_
