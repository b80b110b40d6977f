#include "io/file_cursor.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <span>
#include <utility>

#include "base/parse_error.h"

namespace ckptdiff {
namespace {

// After a step over data the next bytes are few; in a long header they are
// many.
constexpr size_t kFirstWindow = 512;
constexpr size_t kLastWindow = size_t{256} << 10;

}  // namespace

FileCursor::FileCursor(const File& file, uint64_t begin, uint64_t end,
                       std::string where)
    : file_(file),
      position_(begin),
      end_(end),
      where_(std::move(where)),
      next_window_(kFirstWindow) {
  if (begin > end || end > file.size()) {
    throw Corrupt(where_, fmt::format("bytes {} to {} lie outside the file "
                                      "of {}",
                                      begin, end, file.size()));
  }
}

void FileCursor::Fail(std::string_view message) const {
  throw Corrupt(where_, fmt::format("{} at byte {}", message, position_));
}

void FileCursor::Demand(uint64_t size, std::string_view what) const {
  if (size <= remaining()) return;
  Fail(fmt::format("{} needs {} bytes, {} are left", what, size, remaining()));
}

const std::byte* FileCursor::Need(size_t size, std::string_view what) {
  Demand(size, what);
  bool is_inside = position_ >= window_begin_ &&
                   position_ + size <= window_begin_ + window_.size();
  if (!is_inside) {
    size_t wish = std::max(size, next_window_);
    next_window_ = std::min(next_window_ * 2, kLastWindow);
    window_.resize(static_cast<size_t>(std::min<uint64_t>(wish, remaining())));
    window_begin_ = position_;
    file_.ReadAt(position_, window_);
  }
  const std::byte* at = window_.data() + (position_ - window_begin_);
  position_ += size;
  return at;
}

template <typename T>
T FileCursor::Number(std::string_view what) {
  std::byte bytes[sizeof(T)];
  std::memcpy(bytes, Need(sizeof(T), what), sizeof(T));
  if (big_endian_) std::reverse(std::begin(bytes), std::end(bytes));
  T value = 0;
  for (size_t i = sizeof(T); i-- > 0;) {
    value = static_cast<T>(static_cast<uint64_t>(value) << 8 |
                           std::to_integer<uint64_t>(bytes[i]));
  }
  return value;
}

uint8_t FileCursor::U8(std::string_view what) { return Number<uint8_t>(what); }
uint16_t FileCursor::U16(std::string_view what) {
  return Number<uint16_t>(what);
}
uint32_t FileCursor::U32(std::string_view what) {
  return Number<uint32_t>(what);
}
uint64_t FileCursor::U64(std::string_view what) {
  return Number<uint64_t>(what);
}

std::string FileCursor::Text(uint64_t size, uint64_t limit,
                             std::string_view what) {
  if (size > limit) {
    Fail(fmt::format("{} has {} bytes, more than the {} that are read", what,
                     size, limit));
  }
  Demand(size, what);
  const std::byte* at = Need(static_cast<size_t>(size), what);
  return {reinterpret_cast<const char*>(at), static_cast<size_t>(size)};
}

void FileCursor::Skip(uint64_t size, std::string_view what) {
  Demand(size, what);
  position_ += size;
  uint64_t window_end = window_begin_ + window_.size();
  if (position_ > window_end + kLastWindow) next_window_ = kFirstWindow;
}

}  // namespace ckptdiff
