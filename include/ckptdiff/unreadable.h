// Why a path could not be read.

#ifndef CKPTDIFF_UNREADABLE_H_
#define CKPTDIFF_UNREADABLE_H_

#include <vector>

#include "ckptdiff/diagnosis.h"
#include "ckptdiff/result.h"

namespace ckptdiff {

// The cause of `error`, as far as what it says tells one, resting on the only
// finding of an UnreadableReport; none for what is no matter of the file (no
// such path, no permission).
std::vector<Diagnosis> DiagnoseUnreadable(const Error& error);

}  // namespace ckptdiff

#endif  // CKPTDIFF_UNREADABLE_H_
