// A zip archive is a row of members, each behind a local header, then the
// central directory, then an end record:
//
//   PK 03 04  …header, name, extra… data [PK 07 08 descriptor]     per member
//   PK 01 02  …entry, name, extra, comment…                        per member
//  [PK 06 06  zip64 end record][PK 06 07 zip64 locator]
//   PK 05 06  end record, comment
//
// Local headers may carry zero sizes (torch writes them so, with the sizes in a
// descriptor behind the data) and an extra field of another length than the
// central one (torch pads with it, so that data is aligned). So sizes are taken
// from the central directory and the start of the data from the local header.
// 0xffffffff in a size or an offset refers to the zip64 extra field (id 1).
//
// Reference: PKWARE APPNOTE.TXT 6.3; torch: caffe2/serialize/inline_container.

#include "container/zip_directory.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"
#include "base/parse_error.h"
#include "base/text.h"

namespace ckptdiff {
namespace {

constexpr uint32_t kEntry = 0x02014b50;
constexpr uint32_t kEnd64 = 0x06064b50;
constexpr uint32_t kLocator64 = 0x07064b50;
constexpr uint64_t kLocalHeaderSize = 30;
constexpr uint64_t kEntrySize = 46;
constexpr uint64_t kEndSize = 22;
constexpr uint64_t kEnd64Size = 56;
constexpr uint64_t kLocatorSize = 20;
constexpr uint64_t kMaxComment = 0xffff;
constexpr uint16_t kZip64Extra = 1;

struct EndRecord {
  uint64_t entries = 0;
  uint64_t size = 0;    // of the central directory
  uint64_t stated = 0;  // where it says that it stands
  uint64_t offset = 0;  // where it does
  // Bytes before the archive: added to every offset.
  uint64_t shift() const { return offset - stated; }
};

ParseError NoEnd(const File& file) {
  return {ErrorCode::kCorrupt, "zip",
          fmt::format("no end of central directory in {} bytes: the file is "
                      "truncated",
                      file.size()),
          "copy or download it again"};
}

bool LeavesArchive(std::string_view name) {
  if (name.starts_with('/')) return true;
  for (std::string_view part : Split(name, '/')) {
    if (part == "..") return true;
  }
  return name.find('\0') != std::string_view::npos;
}

// Replaces what stands as 0xffffffff by the zip64 field, in this order.
void ApplyZip64(Bytes extra, ZipMember& member) {
  ByteCursor cursor(extra, member.name);
  while (cursor.remaining() >= 4) {
    uint16_t id = cursor.LittleU16("extra field");
    Bytes body = cursor.Take(cursor.LittleU16("extra field"), "extra field");
    if (id != kZip64Extra) continue;
    ByteCursor values(body, member.name);
    for (uint64_t* value :
         {&member.size, &member.packed_size, &member.header_offset}) {
      if (*value == UINT32_MAX) *value = values.LittleU64("zip64 size");
    }
  }
}

// The position of the end record: the last thing, unless a comment follows.
uint64_t FindEnd(const File& file) {
  if (file.size() < kEndSize) throw NoEnd(file);
  for (uint64_t tail_size : {kEndSize, kEndSize + kMaxComment}) {
    uint64_t size = std::min(tail_size, file.size());
    std::string tail = ReadZipPart(file, file.size() - size, size);
    size_t at =
        tail.rfind(std::string_view("PK\5\6", 4), tail.size() - kEndSize);
    if (at != std::string::npos) return file.size() - size + at;
  }
  throw NoEnd(file);
}

// Replaces what the end record says by the zip64 one before it, if there is
// one: torch always writes it. Moves `end_offset` to its position.
void ReadEnd64(const File& file, uint64_t* end_offset, EndRecord* end) {
  if (*end_offset < kLocatorSize + kEnd64Size) return;
  std::string text =
      ReadZipPart(file, *end_offset - kLocatorSize, kLocatorSize);
  ByteCursor locator(AsBytes(text), "zip64 locator");
  if (locator.LittleU32("signature") != kLocator64) return;
  locator.Skip(4, "disk");
  // Where it says, or right before the locator if bytes stand before the
  // archive.
  uint64_t adjacent = *end_offset - kLocatorSize - kEnd64Size;
  for (uint64_t offset : {locator.LittleU64("offset"), adjacent}) {
    if (offset > adjacent) continue;
    std::string record = ReadZipPart(file, offset, kEnd64Size);
    ByteCursor end64(AsBytes(record), "zip64 end record");
    if (end64.LittleU32("signature") != kEnd64) continue;
    end64.Skip(28, "versions, disks and entries on this disk");
    end->entries = end64.LittleU64("entries");
    end->size = end64.LittleU64("directory size");
    end->stated = end64.LittleU64("directory offset");
    *end_offset = offset;
    return;
  }
  locator.Fail("there is no zip64 end record where it points");
}

EndRecord ReadEnd(const File& file) {
  uint64_t end_offset = FindEnd(file);
  std::string text = ReadZipPart(file, end_offset, kEndSize);
  ByteCursor cursor(AsBytes(text), "zip end record");
  cursor.Skip(4, "signature");
  uint16_t disk = cursor.LittleU16("disk");
  uint16_t directory_disk = cursor.LittleU16("disk");
  cursor.Skip(2, "entries on this disk");
  EndRecord end;
  end.entries = cursor.LittleU16("entries");
  end.size = cursor.LittleU32("directory size");
  end.stated = cursor.LittleU32("directory offset");
  bool is_split = (disk != 0 && disk != UINT16_MAX) ||
                  (directory_disk != 0 && directory_disk != UINT16_MAX);
  if (is_split) {
    throw Unsupported("zip", "the archive is split over several disks",
                      "join its parts first");
  }
  ReadEnd64(file, &end_offset, &end);
  std::optional<uint64_t> stated_end = CheckedAdd(end.stated, end.size);
  if (!stated_end || *stated_end > end_offset) {
    throw Corrupt("zip", fmt::format("the directory ({} bytes at {}) does not "
                                     "fit before its end record at {}",
                                     end.size, end.stated, end_offset));
  }
  if (end.entries > end.size / kEntrySize) {
    throw Corrupt("zip", fmt::format("claims {} members in a directory of {} "
                                     "bytes",
                                     end.entries, end.size));
  }
  end.offset = end_offset - end.size;
  return end;
}

ZipMember ReadEntry(const File& file, uint64_t shift, ByteCursor& cursor) {
  size_t position = cursor.position();
  if (cursor.LittleU32("signature") != kEntry) {
    cursor.Fail(fmt::format("no entry at {}", position));
  }
  ZipMember member;
  cursor.Skip(4, "versions");
  member.flags = cursor.LittleU16("flags");
  member.method = cursor.LittleU16("method");
  cursor.Skip(4, "time");
  member.crc32 = cursor.LittleU32("CRC");
  member.packed_size = cursor.LittleU32("packed size");
  member.size = cursor.LittleU32("size");
  uint16_t name_size = cursor.LittleU16("name size");
  uint16_t extra_size = cursor.LittleU16("extra size");
  uint16_t comment_size = cursor.LittleU16("comment size");
  cursor.Skip(8, "disk and attributes");
  member.header_offset = cursor.LittleU32("offset");
  member.name = cursor.TakeText(name_size, "name");
  ApplyZip64(cursor.Take(extra_size, "extra field"), member);
  cursor.Skip(comment_size, "comment");
  std::optional<uint64_t> moved = CheckedAdd(member.header_offset, shift);
  if (!moved || *moved > file.size()) {
    throw Corrupt(Printable(member.name),
                  fmt::format("stands at {}, the file has {} bytes",
                              member.header_offset, file.size()));
  }
  if (LeavesArchive(member.name)) {
    throw Corrupt("zip", fmt::format("the member name \"{}\" leaves the "
                                     "archive",
                                     Printable(member.name)));
  }
  member.header_offset = *moved;
  if (member.stored() && member.size != member.packed_size) {
    throw Corrupt(Printable(member.name),
                  fmt::format("is stored with {} bytes and has {}",
                              member.packed_size, member.size));
  }
  return member;
}

// Members that share bytes are no accident: so a few KiB claim terabytes.
void CheckOverlaps(const std::vector<ZipMember>& members,
                   uint64_t directory_offset) {
  std::vector<const ZipMember*> order;
  order.reserve(members.size());
  for (const ZipMember& member : members) order.push_back(&member);
  std::sort(order.begin(), order.end(),
            [](const ZipMember* a, const ZipMember* b) {
              return a->header_offset < b->header_offset;
            });
  for (size_t i = 0; i < order.size(); ++i) {
    const ZipMember& member = *order[i];
    uint64_t header = kLocalHeaderSize + member.name.size();
    uint64_t next =
        i + 1 < order.size() ? order[i + 1]->header_offset : directory_offset;
    std::optional<uint64_t> need = CheckedAdd(header, member.packed_size);
    if (next < member.header_offset || !need ||
        *need > next - member.header_offset) {
      throw Corrupt(
          Printable(member.name),
          fmt::format("its {} bytes at {} run into what follows at "
                      "{}",
                      member.packed_size, member.header_offset, next));
    }
  }
}

}  // namespace

std::vector<ZipMember> ReadZipDirectory(const File& file) {
  EndRecord end = ReadEnd(file);
  std::string directory = ReadZipPart(file, end.offset, end.size);
  ByteCursor cursor(AsBytes(directory), "zip directory");
  std::vector<ZipMember> members;
  members.reserve(static_cast<size_t>(end.entries));
  for (uint64_t i = 0; i < end.entries; ++i) {
    members.push_back(ReadEntry(file, end.shift(), cursor));
  }
  CheckOverlaps(members, end.offset);
  return members;
}

std::string ReadZipPart(const File& file, uint64_t offset, uint64_t size) {
  std::optional<uint64_t> end = CheckedAdd(offset, size);
  if (!end || *end > file.size()) {
    throw Corrupt("zip", fmt::format("{} bytes at {} lie outside the file of "
                                     "{}",
                                     size, offset, file.size()));
  }
  std::string part(static_cast<size_t>(size), '\0');
  file.ReadAt(offset, std::as_writable_bytes(std::span(part)));
  return part;
}

}  // namespace ckptdiff
