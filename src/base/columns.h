// Text in columns: what a terminal of so many columns shows.

#ifndef CKPTDIFF_BASE_COLUMNS_H_
#define CKPTDIFF_BASE_COLUMNS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ckptdiff {

// Columns that UTF-8 `text` takes on a terminal (East Asian wide ones two).
size_t DisplayWidth(std::string_view text);

// Filled with spaces to `width` columns; longer text stays as it is.
std::string PadRight(std::string_view text, size_t width);
std::string PadLeft(std::string_view text, size_t width);

// Lines of at most `width` columns, broken at spaces, and inside a word only
// where it alone is too wide (behind a `/`, `.` or `_` if there is one). Never
// empty.
std::vector<std::string> WrapText(std::string_view text, size_t width);

// At most `width` columns, the middle replaced by "…".
std::string Shorten(std::string_view text, size_t width);

// "25,557,032".
std::string WithThousands(uint64_t number);
// "800 B", "97.5 MiB".
std::string HumanBytes(uint64_t bytes);

}  // namespace ckptdiff

#endif  // CKPTDIFF_BASE_COLUMNS_H_
