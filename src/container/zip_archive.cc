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

#include "container/zip_archive.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <array>

#include "base/parse_error.h"
#include "base/text.h"

namespace ckptdiff {
namespace {

constexpr uint32_t kLocalHeader = 0x04034b50;
constexpr uint32_t kEntry = 0x02014b50;
constexpr uint32_t kEnd = 0x06054b50;
constexpr uint32_t kEnd64 = 0x06064b50;
constexpr uint32_t kLocator64 = 0x07064b50;
constexpr uint64_t kLocalHeaderSize = 30;
constexpr uint64_t kEntrySize = 46;
constexpr uint64_t kEndSize = 22;
constexpr uint64_t kLocatorSize = 20;
constexpr uint64_t kMaxComment = 0xffff;
constexpr uint16_t kZip64Extra = 1;
constexpr uint16_t kEncrypted = 1;
constexpr size_t kPiece = 64 * 1024;
constexpr size_t kPeekDirectory = 32 * 1024;

std::string ReadPart(const File& file, uint64_t offset, uint64_t size) {
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

ParseError NoEnd(const File& file) {
  return {ErrorCode::kCorrupt, "zip",
          fmt::format("no end of central directory in {} bytes: the file is "
                      "truncated",
                      file.size()),
          "copy or download it again"};
}

// A part of the archive under its own offsets.
class MemberFile : public File {
 public:
  MemberFile(const File& archive, uint64_t offset, uint64_t size)
      : archive_(archive), offset_(offset), size_(size) {}
  uint64_t size() const override { return size_; }
  void ReadAt(uint64_t offset, std::span<std::byte> out) const override {
    if (offset > size_ || out.size() > size_ - offset) {
      throw Corrupt({}, fmt::format("{} bytes at {} lie outside the member of "
                                    "{}",
                                    out.size(), offset, size_));
    }
    archive_.ReadAt(offset_ + offset, out);
  }

 private:
  const File& archive_;
  uint64_t offset_;
  uint64_t size_;
};

// zlib's state for a raw deflate stream, released with the scope.
class Inflater {
 public:
  Inflater() {
    if (inflateInit2(&stream_, -MAX_WBITS) != Z_OK) throw std::bad_alloc();
  }
  ~Inflater() { inflateEnd(&stream_); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  void Feed(std::span<std::byte> input) {
    stream_.next_in = reinterpret_cast<Bytef*>(input.data());
    stream_.avail_in = static_cast<uInt>(input.size());
  }
  bool hungry() const { return stream_.avail_in == 0; }
  bool ended() const { return ended_; }

  Bytes Inflate(std::span<std::byte> output, const std::string& name) {
    stream_.next_out = reinterpret_cast<Bytef*>(output.data());
    stream_.avail_out = static_cast<uInt>(output.size());
    int status = inflate(&stream_, Z_NO_FLUSH);
    if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR) {
      throw Corrupt(name, "the deflated data is damaged");
    }
    ended_ = status == Z_STREAM_END;
    return output.first(output.size() - stream_.avail_out);
  }

 private:
  z_stream stream_ = {};
  bool ended_ = false;
};

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

}  // namespace

struct ZipArchive::EndRecord {
  uint64_t entries = 0;
  uint64_t size = 0;    // of the central directory
  uint64_t offset = 0;  // where it really stands
  uint64_t shift = 0;   // bytes before the archive: added to every offset
};

ZipArchive::ZipArchive(const File& file) : file_(&file) {
  EndRecord end = ReadEnd();
  if (end.entries > end.size / kEntrySize) {
    throw Corrupt("zip", fmt::format("claims {} members in a directory of {} "
                                     "bytes",
                                     end.entries, end.size));
  }
  std::string directory = ReadPart(file, end.offset, end.size);
  ByteCursor cursor(AsBytes(directory), "zip directory");
  members_.reserve(static_cast<size_t>(end.entries));
  for (uint64_t i = 0; i < end.entries; ++i) {
    members_.push_back(ReadEntry(cursor, end.shift));
  }
  CheckNames();
  CheckOverlaps(end.offset);
}

ZipArchive::EndRecord ZipArchive::ReadEnd() const {
  if (file_->size() < kEndSize) throw NoEnd(*file_);
  // Without a comment, which is usual, the record is the last thing.
  uint64_t tail_size = kEndSize;
  std::string tail;
  size_t at = std::string::npos;
  for (; at == std::string::npos; tail_size = kEndSize + kMaxComment) {
    uint64_t size = std::min(tail_size, file_->size());
    tail = ReadPart(*file_, file_->size() - size, size);
    at = tail.rfind(std::string_view("PK\5\6", 4), tail.size() - kEndSize);
    if (at == std::string::npos && tail_size > kEndSize) throw NoEnd(*file_);
  }
  uint64_t end_offset = file_->size() - tail.size() + at;
  ByteCursor cursor(AsBytes(tail).subspan(at), "zip end record");
  cursor.Skip(4, "signature");
  uint16_t disk = cursor.LittleU16("disk");
  uint16_t directory_disk = cursor.LittleU16("disk");
  cursor.Skip(2, "entries on this disk");
  EndRecord end;
  end.entries = cursor.LittleU16("entries");
  end.size = cursor.LittleU32("directory size");
  uint64_t stated_offset = cursor.LittleU32("directory offset");
  bool is_zip64 = end.entries == UINT16_MAX || end.size == UINT32_MAX ||
                  stated_offset == UINT32_MAX;
  if (!is_zip64 && (disk != 0 || directory_disk != 0)) {
    throw Unsupported("zip", "the archive is split over several disks",
                      "join its parts first");
  }
  if (is_zip64 && end_offset >= kLocatorSize) {
    std::string locator =
        ReadPart(*file_, end_offset - kLocatorSize, kLocatorSize);
    ByteCursor found(AsBytes(locator), "zip64 locator");
    if (found.LittleU32("signature") == kLocator64) {
      found.Skip(4, "disk");
      uint64_t offset64 = found.LittleU64("end record offset");
      std::string record = ReadPart(*file_, offset64, 56);
      ByteCursor end64(AsBytes(record), "zip64 end record");
      if (end64.LittleU32("signature") != kEnd64) {
        end64.Fail(fmt::format("no zip64 end record at {}", offset64));
      }
      end64.Skip(28, "versions, disks and entries on this disk");
      end.entries = end64.LittleU64("entries");
      end.size = end64.LittleU64("directory size");
      stated_offset = end64.LittleU64("directory offset");
      end_offset = offset64;
    }
  }
  std::optional<uint64_t> stated_end = CheckedAdd(stated_offset, end.size);
  if (!stated_end || *stated_end > end_offset) {
    throw Corrupt("zip", fmt::format("the directory ({} bytes at {}) does not "
                                     "fit before its end record at {}",
                                     end.size, stated_offset, end_offset));
  }
  end.offset = end_offset - end.size;
  end.shift = end.offset - stated_offset;
  return end;
}

ZipMember ZipArchive::ReadEntry(ByteCursor& cursor, uint64_t shift) const {
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
  if (!moved || *moved > file_->size()) {
    throw Corrupt(Printable(member.name),
                  fmt::format("stands at {}, the file has {} bytes",
                              member.header_offset, file_->size()));
  }
  member.header_offset = *moved;
  if (member.stored() && member.size != member.packed_size) {
    throw Corrupt(Printable(member.name),
                  fmt::format("is stored with {} bytes and has {}",
                              member.packed_size, member.size));
  }
  return member;
}

void ZipArchive::CheckNames() {
  by_name_.reserve(members_.size());
  for (size_t i = 0; i < members_.size(); ++i) {
    const std::string& name = members_[i].name;
    if (LeavesArchive(name)) {
      throw Corrupt("zip", fmt::format("the member name \"{}\" leaves the "
                                       "archive",
                                       Printable(name)));
    }
    auto [place, is_new] = by_name_.try_emplace(name, i);
    if (is_new) continue;
    place->second = i;
    duplicates_.push_back(name);
  }
  std::sort(duplicates_.begin(), duplicates_.end());
  duplicates_.erase(std::unique(duplicates_.begin(), duplicates_.end()),
                    duplicates_.end());
}

// Members that share bytes are no accident: so a few KiB claim terabytes.
void ZipArchive::CheckOverlaps(uint64_t directory_offset) const {
  std::vector<const ZipMember*> order;
  order.reserve(members_.size());
  for (const ZipMember& member : members_) order.push_back(&member);
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

const ZipMember* ZipArchive::Find(std::string_view name) const {
  auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : &members_[found->second];
}

uint64_t ZipArchive::DataOffset(const ZipMember& member) const {
  std::string header = ReadPart(*file_, member.header_offset,
                                kLocalHeaderSize + member.name.size());
  ByteCursor cursor(AsBytes(header), Printable(member.name));
  if (cursor.LittleU32("signature") != kLocalHeader) {
    cursor.Fail(fmt::format("no local header at {}", member.header_offset));
  }
  cursor.Skip(22, "local header");
  uint16_t name_size = cursor.LittleU16("name size");
  uint16_t extra_size = cursor.LittleU16("extra size");
  if (name_size != member.name.size() ||
      cursor.TakeText(name_size, "name") != member.name) {
    cursor.Fail("the local header names another member than the directory");
  }
  uint64_t offset = member.header_offset + header.size() + extra_size;
  if (member.packed_size > file_->size() ||
      offset > file_->size() - member.packed_size) {
    cursor.Fail(fmt::format("ends at {}, the file has {} bytes",
                            offset + member.packed_size, file_->size()));
  }
  return offset;
}

void ZipArchive::Stream(const ZipMember& member,
                        const std::function<bool(Bytes)>& take) const {
  std::string name = Printable(member.name);
  if ((member.flags & kEncrypted) != 0) {
    throw Unsupported(name, "is encrypted", "save it without a password");
  }
  if (member.method != 0 && member.method != 8) {
    throw Unsupported(name, fmt::format("is packed by method {}, stored and "
                                        "deflated are read",
                                        member.method));
  }
  uint64_t at = DataOffset(member);
  uint64_t end = at + member.packed_size;
  std::vector<std::byte> packed(kPiece);
  auto next_piece = [&] {
    std::span<std::byte> piece =
        std::span(packed).first(std::min<uint64_t>(kPiece, end - at));
    file_->ReadAt(at, piece);
    at += piece.size();
    return piece;
  };
  if (member.stored()) {
    while (at < end && take(next_piece())) {
    }
    return;
  }
  Inflater inflater;
  std::vector<std::byte> plain(kPiece);
  uint64_t done = 0;
  while (!inflater.ended()) {
    if (inflater.hungry() && at < end) inflater.Feed(next_piece());
    Bytes piece = inflater.Inflate(plain, name);
    done += piece.size();
    if (done > member.size) {
      throw Corrupt(
          name, fmt::format("inflates to more than its {} bytes", member.size));
    }
    if (!piece.empty() && !take(piece)) return;
    if (piece.empty() && !inflater.ended() && at == end) break;
  }
  if (done != member.size) {
    throw Corrupt(name, fmt::format("inflates to {} bytes instead of {}", done,
                                    member.size));
  }
}

std::string ZipArchive::ReadHead(const ZipMember& member, uint64_t size) const {
  std::string content;
  uint64_t wanted = std::min(size, member.size);
  Stream(member, [&](Bytes piece) {
    uint64_t rest = wanted - content.size();
    content += AsText(piece).substr(0, static_cast<size_t>(rest));
    return content.size() < wanted;
  });
  return content;
}

std::string ZipArchive::Read(const ZipMember& member, uint64_t limit) const {
  if (member.size > limit) {
    throw Unsupported(Printable(member.name),
                      fmt::format("has {} bytes, at most {} are read into "
                                  "memory",
                                  member.size, limit));
  }
  std::string content;
  Stream(member, [&](Bytes piece) {
    content += AsText(piece);
    return true;
  });
  return content;
}

std::unique_ptr<File> ZipArchive::Open(const ZipMember& member,
                                       uint64_t limit) const {
  bool is_view = member.stored() && (member.flags & kEncrypted) == 0;
  if (!is_view) return FileFromBytes(Read(member, limit));
  return std::make_unique<MemberFile>(*file_, DataOffset(member), member.size);
}

std::optional<std::string> ZipArchive::Damage(const ZipMember& member) const {
  uint32_t crc = 0;
  Stream(member, [&](Bytes piece) {
    crc = Crc32(piece, crc);
    return true;
  });
  if (crc == member.crc32) return std::nullopt;
  return fmt::format("CRC-32 is {:08x}, the archive says {:08x}", crc,
                     member.crc32);
}

uint32_t Crc32(Bytes bytes, uint32_t crc) {
  return static_cast<uint32_t>(
      crc32_z(crc, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

bool LooksLikeZip(const Source& source) {
  std::string head = source.Peek(0, 4);
  return head == std::string_view("PK\3\4", 4) ||
         head == std::string_view("PK\5\6", 4);
}

std::vector<std::string> PeekZipNames(const Source& source) {
  if (!LooksLikeZip(source)) return {};
  std::vector<std::string> names;
  // A header of `fixed` bytes, the size of the name at `size_at`.
  auto add = [&names](std::string_view header, size_t size_at, size_t fixed) {
    if (header.size() <= fixed) return;
    size_t low = static_cast<unsigned char>(header[size_at]);
    size_t high = static_cast<unsigned char>(header[size_at + 1]);
    names.emplace_back(header.substr(fixed, low + 256 * high));
  };
  add(source.Peek(0, kLocalHeaderSize + 512), 26, kLocalHeaderSize);
  std::string tail = source.PeekTail(kPeekDirectory);
  constexpr std::string_view kMark("PK\1\2", 4);
  for (size_t at = tail.find(kMark); at != std::string::npos;
       at = tail.find(kMark, at + kMark.size())) {
    add(std::string_view(tail).substr(at), 28, kEntrySize);
  }
  return names;
}

}  // namespace ckptdiff
