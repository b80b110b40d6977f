// What two files tell of the values in them, for matching.

#ifndef CKPTDIFF_CONTENT_CONTENTS_H_
#define CKPTDIFF_CONTENT_CONTENTS_H_

#include "ckptdiff/layout.h"
#include "io/file_system.h"
#include "match/content.h"

namespace ckptdiff {

// From the checksums that both files store; no data is read. Those of all
// zeros or all ones say nothing.
Contents ContentsFromChecksums(const Layout& actual, const Layout& expected);

// From the data itself: of every variable whose bytes can be reached and
// whose dtype and size another one on the other side has, and of no more.
// Holds a few MiB at a time. What cannot be read stays unknown.
Contents ContentsFromData(const Layout& actual, const Layout& expected,
                          const FileSystem& files = RealFileSystem());

// Whether the data of any variable can be reached.
bool HasReachableData(const Layout& layout);

}  // namespace ckptdiff

#endif  // CKPTDIFF_CONTENT_CONTENTS_H_
