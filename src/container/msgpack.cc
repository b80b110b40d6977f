#include "container/msgpack.h"

#include <fmt/format.h>

#include <algorithm>

namespace ckptdiff {
namespace {

constexpr uint64_t kMaxText = 65536;

using Kind = MsgpackItem::Kind;

bool HasPayload(Kind kind) {
  return kind == Kind::kText || kind == Kind::kBinary || kind == Kind::kExt;
}

}  // namespace

MsgpackItem MsgpackReader::Int(int64_t value) {
  return {.kind = Kind::kInt, .integer = value};
}

MsgpackItem MsgpackReader::Sized(Kind kind, uint64_t size) {
  uint64_t least = kind == Kind::kMap ? 2 * size : size;
  if (least > cursor_.remaining()) {
    cursor_.Fail(fmt::format("an item claims {} {}, {} bytes are left", size,
                             HasPayload(kind) ? "bytes" : "entries",
                             cursor_.remaining()));
  }
  return {.kind = kind, .size = size, .position = cursor_.position()};
}

MsgpackItem MsgpackReader::Ext(uint64_t size) {
  auto type = static_cast<int8_t>(cursor_.U8("ext type"));
  MsgpackItem item = Sized(Kind::kExt, size);
  item.ext_type = type;
  return item;
}

MsgpackItem MsgpackReader::Next() {
  uint8_t head = cursor_.U8("item");
  if (head < 0x80) return Int(head);
  if (head < 0x90) return Sized(Kind::kMap, head & 0x0f);
  if (head < 0xa0) return Sized(Kind::kArray, head & 0x0f);
  if (head < 0xc0) return Sized(Kind::kText, head & 0x1f);
  if (head >= 0xe0) return Int(static_cast<int8_t>(head));
  return Special(head);
}

MsgpackItem MsgpackReader::Special(uint8_t head) {
  cursor_.set_big_endian(true);
  switch (head) {
    case 0xc0: return {};
    case 0xc2:
    case 0xc3: return {.kind = Kind::kBool, .integer = head & 1};
    case 0xc4: return Sized(Kind::kBinary, cursor_.U8("size"));
    case 0xc5: return Sized(Kind::kBinary, cursor_.U16("size"));
    case 0xc6: return Sized(Kind::kBinary, cursor_.U32("size"));
    case 0xc7: return Ext(cursor_.U8("size"));
    case 0xc8: return Ext(cursor_.U16("size"));
    case 0xc9: return Ext(cursor_.U32("size"));
    case 0xca: cursor_.Skip(4, "number"); return {.kind = Kind::kFloat};
    case 0xcb: cursor_.Skip(8, "number"); return {.kind = Kind::kFloat};
    case 0xcc: return Int(cursor_.U8("number"));
    case 0xcd: return Int(cursor_.U16("number"));
    case 0xce: return Int(cursor_.U32("number"));
    case 0xcf:
      return Int(static_cast<int64_t>(
          std::min<uint64_t>(cursor_.U64("number"), INT64_MAX)));
    case 0xd0: return Int(static_cast<int8_t>(cursor_.U8("number")));
    case 0xd1: return Int(static_cast<int16_t>(cursor_.U16("number")));
    case 0xd2: return Int(static_cast<int32_t>(cursor_.U32("number")));
    case 0xd3: return Int(static_cast<int64_t>(cursor_.U64("number")));
    case 0xd4:
    case 0xd5:
    case 0xd6:
    case 0xd7:
    case 0xd8: return Ext(uint64_t{1} << (head - 0xd4));
    case 0xd9: return Sized(Kind::kText, cursor_.U8("size"));
    case 0xda: return Sized(Kind::kText, cursor_.U16("size"));
    case 0xdb: return Sized(Kind::kText, cursor_.U32("size"));
    case 0xdc: return Sized(Kind::kArray, cursor_.U16("size"));
    case 0xdd: return Sized(Kind::kArray, cursor_.U32("size"));
    case 0xde: return Sized(Kind::kMap, cursor_.U16("size"));
    case 0xdf: return Sized(Kind::kMap, cursor_.U32("size"));
    default: cursor_.Fail(fmt::format("0x{:02x} begins no item", head));
  }
}

std::string MsgpackReader::Text(const MsgpackItem& item) {
  if (item.kind != Kind::kText) Fail("an item is no text");
  return cursor_.Text(item.size, kMaxText, "text");
}

void MsgpackReader::Skip(const MsgpackItem& item) {
  if (HasPayload(item.kind)) cursor_.Skip(item.size, "payload");
}

}  // namespace ckptdiff
