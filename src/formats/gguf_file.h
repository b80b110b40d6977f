// One file of GGUF, the format of llama.cpp and what is built on ggml.
//
//   "GGUF" · u32 version · u64 tensors · u64 pairs
//   pairs    key (u64 length, bytes) · u32 type · value        model settings,
//            the tokenizer's whole vocabulary among them
//   tensors  name · u32 rank · u64 dims[rank] · u32 type · u64 offset
//   padding to `general.alignment` (32), then the data
//
// Versions 2 and 3 are alike; version 1 has u32 for counts, lengths and dims.
// Version 3 can be big-endian throughout: the version number then reads as
// 0x03000000. dims[0] is the fastest axis, so the shape is the reverse. Most
// types are blocks of quantised values (Q4_K: 256 in 144 bytes); these have no
// numpy name and are called as ggml calls them, in lower case. ggml demands
// that offsets follow each other, each rounded up to the alignment.
// There is no optimizer, no step, and no checksum.

#ifndef CKPTDIFF_FORMATS_GGUF_FILE_H_
#define CKPTDIFF_FORMATS_GGUF_FILE_H_

#include <cstdint>

#include "ckptdiff/layout.h"
#include "io/source.h"

namespace ckptdiff {

// What one file holds, and of how many files it says it is one.
struct GgufFile {
  Layout layout;
  uint64_t splits = 0;
  uint64_t all_tensors = 0;  // of all files together
};

// By its magic.
bool IsGguf(const Source& source);

// Throws ParseError.
GgufFile ReadGguf(const Source& source);

}  // namespace ckptdiff

#endif  // CKPTDIFF_FORMATS_GGUF_FILE_H_
