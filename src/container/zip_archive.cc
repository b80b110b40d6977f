#include "container/zip_archive.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <array>

#include "base/parse_error.h"
#include "base/text.h"
#include "io/file_range.h"

namespace ckptdiff {
namespace {

constexpr uint32_t kLocalHeader = 0x04034b50;
constexpr uint64_t kLocalHeaderSize = 30;
constexpr uint64_t kEntrySize = 46;
constexpr uint16_t kEncrypted = 1;
constexpr size_t kPiece = 64 << 10;
constexpr size_t kPeekDirectory = 32 << 10;

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

}  // namespace

ZipArchive::ZipArchive(const File& file)
    : file_(&file), members_(ReadZipDirectory(file)) {
  IndexNames();
}

void ZipArchive::IndexNames() {
  names_.Reserve(members_.size());
  last_.reserve(members_.size());
  for (size_t i = 0; i < members_.size(); ++i) {
    const std::string& name = members_[i].name;
    size_t known = names_.Insert(name);
    if (known == NameIndex::kNone) {
      last_.push_back(i);
    } else {
      last_[known] = i;
      duplicates_.push_back(name);
    }
  }
  std::sort(duplicates_.begin(), duplicates_.end());
  duplicates_.erase(std::unique(duplicates_.begin(), duplicates_.end()),
                    duplicates_.end());
}

const ZipMember* ZipArchive::Find(std::string_view name) const {
  size_t found = names_.Find(name);
  return found == NameIndex::kNone ? nullptr : &members_[last_[found]];
}

uint64_t ZipArchive::DataOffset(const ZipMember& member) const {
  std::string header = ReadZipPart(*file_, member.header_offset,
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
  return std::make_unique<FileRange>(*file_, DataOffset(member), member.size);
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
