#include "container/proto_wire.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/parse_error.h"

namespace ckptdiff {
namespace {

constexpr size_t kWindowBytes = 64 << 10;
constexpr size_t kFirstBytes = 2048;
// Tag and length of one field never need more.
constexpr size_t kMaxVarintBytes = 10;

uint64_t LittleEndian(const std::byte* at, size_t size) {
  uint64_t value = 0;
  for (size_t i = size; i-- > 0;) {
    value = value << 8 | std::to_integer<uint64_t>(at[i]);
  }
  return value;
}

size_t FixedSize(int wire) { return wire == 1 ? 8 : wire == 5 ? 4 : 0; }

std::string WireTypeMessage(uint32_t number, int wire) {
  return fmt::format("field {} has the wire type {}, which is none", number,
                     wire);
}

}  // namespace

const std::byte* ReadAnyVarint(const std::byte* at, const std::byte* end,
                               uint64_t* value) {
  uint64_t result = 0;
  for (unsigned shift = 0; shift < 64 && at != end; shift += 7) {
    auto byte = std::to_integer<uint64_t>(*at++);
    if (shift == 63 && byte > 1) return nullptr;
    result |= (byte & 0x7f) << shift;
    if (byte < 0x80) {
      *value = result;
      return at;
    }
  }
  return nullptr;
}

void ProtoMessage::Fail(std::string message) const {
  throw Corrupt(std::string(where_), std::move(message));
}

void ProtoMessage::FailTag() const {
  Fail(fmt::format("no protobuf field at byte {}", at_ - begin_));
}

void ProtoMessage::FailLength(const std::byte* at) const {
  Fail(fmt::format("field {} needs {} bytes at {}, {} are left", number_,
                   value_, at - begin_, end_ - at));
}

void ProtoMessage::FailField(std::string_view why) const {
  Fail(fmt::format("field {} at byte {} {}", number_, at_ - begin_, why));
}

void ProtoMessage::FailWire(std::string_view wanted) const {
  Fail(fmt::format("field {} has the wire type {}, {} was expected", number_,
                   wire_, wanted));
}

void ProtoMessage::ReadFixed(const std::byte* at) {
  size_t size = FixedSize(wire_);
  if (size == 0) Fail(WireTypeMessage(number_, wire_));
  if (size > static_cast<size_t>(end_ - at)) {
    value_ = size;
    FailLength(at);
  }
  value_ = LittleEndian(at, size);
  at_ = at + size;
}

ProtoMessage ProtoMessage::Nested(std::string_view where) const {
  if (depth_ >= kMaxProtoDepth) {
    Fail(fmt::format("messages nest deeper than {} levels", kMaxProtoDepth));
  }
  return ProtoMessage(Payload(), where, depth_ + 1);
}

// The part of the file that was read last.
class ProtoFile::Window {
 public:
  explicit Window(const File& file) : file_(file) {}

  const File& file() const { return file_; }

  // At most `size` bytes from `offset`, fewer at the end of the file.
  Bytes At(uint64_t offset, size_t size) {
    uint64_t left = file_.size() - std::min(offset, file_.size());
    size = static_cast<size_t>(std::min<uint64_t>(size, left));
    if (offset < start_ || offset + size > start_ + bytes_.size()) {
      // Behind a payload that was stepped over, few bytes are wanted.
      bool is_step = offset < start_ || offset > start_ + 2 * kWindowBytes;
      wish_ = is_step ? kFirstBytes : std::min(wish_ * 2, kWindowBytes);
      bytes_.resize(
          static_cast<size_t>(std::min<uint64_t>(std::max(wish_, size), left)));
      start_ = offset;
      file_.ReadAt(offset, bytes_);
    }
    return Bytes(bytes_).subspan(static_cast<size_t>(offset - start_), size);
  }

 private:
  const File& file_;
  uint64_t start_ = 0;
  size_t wish_ = kFirstBytes;
  std::vector<std::byte> bytes_;
};

ProtoFile::ProtoFile(const File& file, std::string_view where)
    : ProtoFile(std::make_shared<Window>(file), 0, file.size(), where, 0) {}

ProtoFile::ProtoFile(std::shared_ptr<Window> window, uint64_t begin,
                     uint64_t end, std::string_view where, int depth)
    : window_(std::move(window)),
      begin_(begin),
      at_(begin),
      end_(end),
      where_(where),
      depth_(depth) {}

void ProtoFile::Fail(std::string message) const {
  throw Corrupt(std::string(where_), std::move(message));
}

uint64_t ProtoFile::TakeVarint(std::string_view what) {
  Bytes bytes = window_->At(at_, static_cast<size_t>(std::min<uint64_t>(
                                     kMaxVarintBytes, end_ - at_)));
  uint64_t value = 0;
  const std::byte* after =
      ReadVarint(bytes.data(), bytes.data() + bytes.size(), &value);
  if (after == nullptr) Fail(fmt::format("no {} at byte {}", what, at_));
  at_ += static_cast<uint64_t>(after - bytes.data());
  return value;
}

bool ProtoFile::Next() {
  if (at_ == end_) return false;
  uint64_t start = at_;
  uint64_t tag = TakeVarint("protobuf field");
  if (tag >> 32 != 0 || tag < 8) {
    Fail(fmt::format("no protobuf field at byte {}", start));
  }
  number_ = static_cast<uint32_t>(tag >> 3);
  wire_ = static_cast<int>(tag & 7);
  size_t fixed = FixedSize(wire_);
  if (wire_ == 0) {
    value_ = TakeVarint("varint");
    return true;
  }
  if (wire_ != 2 && fixed == 0) Fail(WireTypeMessage(number_, wire_));
  value_ = wire_ == 2 ? TakeVarint("length") : fixed;
  if (value_ > end_ - at_) {
    Fail(fmt::format("field {} needs {} bytes at {}, {} are left", number_,
                     value_, at_, end_ - at_));
  }
  payload_ = at_;
  at_ += value_;
  if (wire_ != 2) {
    value_ = LittleEndian(window_->At(payload_, fixed).data(), fixed);
  }
  return true;
}

uint64_t ProtoFile::Varint() const {
  if (wire_ != 0) Fail(fmt::format("field {} is no varint", number_));
  return value_;
}

uint64_t ProtoFile::size() const {
  if (wire_ != 2) Fail(fmt::format("field {} has no payload", number_));
  return value_;
}

std::string ProtoFile::Read(uint64_t limit) const {
  return Copy(payload_, size(), limit);
}

std::string ProtoFile::ReadWhole(uint64_t limit) const {
  return Copy(begin_, end_ - begin_, limit);
}

std::string ProtoFile::Copy(uint64_t begin, uint64_t bytes,
                            uint64_t limit) const {
  if (bytes > limit) {
    throw Unsupported(std::string(where_),
                      fmt::format("a field has {} bytes, more than the {} "
                                  "that are read",
                                  bytes, limit));
  }
  if (bytes <= kWindowBytes) {
    return std::string(AsText(window_->At(begin, static_cast<size_t>(bytes))));
  }
  std::string content(static_cast<size_t>(bytes), '\0');
  window_->file().ReadAt(begin, std::as_writable_bytes(std::span(content)));
  return content;
}

ProtoFile ProtoFile::Nested(std::string_view where) const {
  if (depth_ >= kMaxProtoDepth) {
    Fail(fmt::format("messages nest deeper than {} levels", kMaxProtoDepth));
  }
  uint64_t length = size();
  return {window_, payload_, payload_ + length, where, depth_ + 1};
}

}  // namespace ckptdiff
