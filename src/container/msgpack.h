// MessagePack, read forward item by item over a file of any size. The caller
// walks the tree; payloads (text, binary, ext) are taken or stepped over.

#ifndef CKPTDIFF_CONTAINER_MSGPACK_H_
#define CKPTDIFF_CONTAINER_MSGPACK_H_

#include <cstdint>
#include <string>

#include "io/file_cursor.h"
#include "io/file_system.h"

namespace ckptdiff {

struct MsgpackItem {
  enum class Kind {
    kNil,
    kBool,
    kInt,
    kFloat,
    kText,
    kBinary,
    kArray,
    kMap,
    kExt
  };

  Kind kind = Kind::kNil;
  int64_t integer = 0;    // kInt (beyond 2^63: the highest), kBool
  uint64_t size = 0;      // bytes of a payload; entries of an array or a map
  uint64_t position = 0;  // of the payload in the file
  int8_t ext_type = 0;
};

// Every method throws ParseError(kCorrupt) naming the offset.
class MsgpackReader {
 public:
  // `file` must outlive the reader.
  explicit MsgpackReader(const File& file) : cursor_(file) {}

  // Steps to the next item. A payload is not consumed: Text(), Skip() or,
  // where it is itself MessagePack, further Next() calls do that. An array or
  // a map is followed by its entries, of which there are at most as many as
  // the bytes that are left.
  MsgpackItem Next();

  // The payload of a text; refuses more than 64 KiB.
  std::string Text(const MsgpackItem& item);
  // A payload, or nothing where the item has none.
  void Skip(const MsgpackItem& item);

  uint64_t position() const { return cursor_.position(); }
  uint64_t remaining() const { return cursor_.remaining(); }
  [[noreturn]] void Fail(std::string_view message) const {
    cursor_.Fail(message);
  }

 private:
  MsgpackItem Sized(MsgpackItem::Kind kind, uint64_t size);
  MsgpackItem Int(int64_t value);
  MsgpackItem Ext(uint64_t size);
  MsgpackItem Special(uint8_t head);

  FileCursor cursor_;
};

}  // namespace ckptdiff

#endif  // CKPTDIFF_CONTAINER_MSGPACK_H_
