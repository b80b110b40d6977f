// SHA-1, only because ONNX names it for files of external data.

#ifndef CKPTDIFF_CONTAINER_SHA1_H_
#define CKPTDIFF_CONTAINER_SHA1_H_

#include <string>

#include "io/file_system.h"

namespace ckptdiff {

// Of the whole file, as 40 lower-case hex digits. Reads it in pieces.
std::string Sha1Hex(const File& file);

}  // namespace ckptdiff

#endif  // CKPTDIFF_CONTAINER_SHA1_H_
