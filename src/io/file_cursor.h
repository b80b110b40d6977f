// Forward reading of a file that is never held whole: numbers and short texts
// are taken from a small window, and what nobody asks for (the weights in a
// msgpack or GGUF file of many gigabytes) is stepped over unread.

#ifndef CKPTDIFF_IO_FILE_CURSOR_H_
#define CKPTDIFF_IO_FILE_CURSOR_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "io/file_system.h"

namespace ckptdiff {

// Every method throws ParseError(kCorrupt), naming `what` and the offset,
// where the range does not suffice.
class FileCursor {
 public:
  // [begin, end) of `file`, which must outlive the cursor. `where` is the
  // place in the file that errors name.
  FileCursor(const File& file, uint64_t begin, uint64_t end,
             std::string where = {});
  explicit FileCursor(const File& file, std::string where = {})
      : FileCursor(file, 0, file.size(), std::move(where)) {}

  uint64_t position() const { return position_; }  // in the file
  uint64_t remaining() const { return end_ - position_; }
  bool done() const { return position_ == end_; }

  // Numbers of a format that exists in both byte orders.
  void set_big_endian(bool is_big) { big_endian_ = is_big; }

  uint8_t U8(std::string_view what);
  uint16_t U16(std::string_view what);
  uint32_t U32(std::string_view what);
  uint64_t U64(std::string_view what);
  // Refuses texts of more than `limit` bytes before it allocates.
  std::string Text(uint64_t size, uint64_t limit, std::string_view what);
  void Skip(uint64_t size, std::string_view what);

  [[noreturn]] void Fail(std::string_view message) const;

 private:
  template <typename T>
  T Number(std::string_view what);
  // Makes [position_, position_ + size) stand in the window.
  const std::byte* Need(size_t size, std::string_view what);
  void Demand(uint64_t size, std::string_view what) const;

  const File& file_;
  uint64_t position_;
  uint64_t end_;
  std::string where_;
  bool big_endian_ = false;
  std::vector<std::byte> window_;
  uint64_t window_begin_ = 0;
  size_t next_window_;  // grows while reading is sequential
};

}  // namespace ckptdiff

#endif  // CKPTDIFF_IO_FILE_CURSOR_H_
