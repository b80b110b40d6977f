#include "container/pickle_input.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "base/parse_error.h"

namespace ckptdiff {
namespace {

constexpr uint64_t kWindow = 64 << 10;

}  // namespace

PickleInput::PickleInput(const File& file, uint64_t offset,
                         std::string_view where)
    : file_(file),
      where_(where),
      window_start_(std::min(offset, file.size())) {}

void PickleInput::Fail(const std::string& message) const {
  throw Corrupt(std::string(where_),
                fmt::format("{} at {}", message, position()));
}

void PickleInput::Need(uint64_t size) {
  if (window_.size() - next_ >= size) return;
  if (size > remaining()) {
    Fail(fmt::format("the pickle ends early: {} bytes needed, {} left", size,
                     remaining()));
  }
  window_start_ += next_;
  next_ = 0;
  window_.resize(std::min(kWindow, file_.size() - window_start_));
  file_.ReadAt(window_start_, std::as_writable_bytes(std::span(window_)));
}

uint8_t PickleInput::U8() {
  Need(1);
  return static_cast<uint8_t>(window_[next_++]);
}

uint64_t PickleInput::Little(int bytes) {
  Need(static_cast<uint64_t>(bytes));
  uint64_t value = 0;
  for (int i = 0; i < bytes; ++i) {
    value |= static_cast<uint64_t>(static_cast<uint8_t>(window_[next_++]))
             << (8 * i);
  }
  return value;
}

uint64_t PickleInput::Big64() {
  Need(8);
  uint64_t value = 0;
  for (int i = 0; i < 8; ++i) {
    value = value << 8 | static_cast<uint8_t>(window_[next_++]);
  }
  return value;
}

std::string_view PickleInput::Line() {
  Need(1);
  size_t end = window_.find('\n', next_);
  if (end == std::string::npos) {
    Need(std::min(kWindow, remaining()));
    end = window_.find('\n', next_);
  }
  if (end == std::string::npos) Fail("a line of text without an end");
  std::string_view line = std::string_view(window_).substr(next_, end - next_);
  next_ = end + 1;
  return line;
}

std::string PickleInput::Text(uint64_t size) {
  if (size > remaining()) {
    Fail(fmt::format("a text of {} bytes, {} are left", size, remaining()));
  }
  std::string text(static_cast<size_t>(size), '\0');
  size_t buffered = std::min<size_t>(text.size(), window_.size() - next_);
  text.replace(0, buffered, window_, next_, buffered);
  if (buffered < text.size()) {
    file_.ReadAt(position() + buffered,
                 std::as_writable_bytes(std::span(text).subspan(buffered)));
  }
  Skip(size);
  return text;
}

void PickleInput::Skip(uint64_t size) {
  if (size > remaining()) {
    Fail(fmt::format("{} bytes of data, {} are left", size, remaining()));
  }
  if (size <= window_.size() - next_) {
    next_ += static_cast<size_t>(size);
    return;
  }
  window_start_ = position() + size;
  window_.clear();
  next_ = 0;
}

}  // namespace ckptdiff
