#include "container/npy_header.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"
#include "base/parse_error.h"
#include "base/text.h"

namespace ckptdiff {
namespace {

constexpr uint64_t kMaxHeader = uint64_t{4} << 20;
constexpr int kMaxDepth = 32;
constexpr size_t kMaxRank = 64;  // as in NumPy
constexpr std::string_view kWhere = "npy header";

struct Element {
  std::string dtype;
  uint64_t size = 0;
  bool is_big_endian = false;
  bool is_object = false;
};

// The Python literals that numpy writes: texts, booleans, whole numbers,
// tuples and lists of them.
class LiteralCursor {
 public:
  explicit LiteralCursor(std::string_view text) : text_(text) {}

  [[noreturn]] void Fail(std::string_view message) const {
    throw Corrupt(std::string(kWhere),
                  fmt::format("{} at byte {}", message, position_));
  }

  char Peek() {
    while (position_ < text_.size() &&
           std::string_view(" \t\n\r").find(text_[position_]) !=
               std::string_view::npos) {
      ++position_;
    }
    return position_ < text_.size() ? text_[position_] : '\0';
  }

  bool Take(char c) {
    if (Peek() != c) return false;
    ++position_;
    return true;
  }

  void Expect(char c) {
    if (!Take(c)) Fail(fmt::format("has no '{}' where one must stand", c));
  }

  std::string Text() {
    char quote = Peek();
    if (quote != '\'' && quote != '"') Fail("has no text where one must stand");
    std::string out;
    for (++position_; position_ < text_.size(); ++position_) {
      char c = text_[position_];
      if (c == quote) {
        ++position_;
        return out;
      }
      if (c == '\\' && position_ + 1 < text_.size()) c = text_[++position_];
      out += c;
    }
    Fail("has a text without an end");
  }

  bool Bool() {
    Peek();
    for (std::string_view word : {"True", "False"}) {
      if (text_.substr(position_, word.size()) != word) continue;
      position_ += word.size();
      return word == "True";
    }
    Fail("has neither True nor False");
  }

  // Python 2 wrote 3L.
  int64_t Dimension() {
    char first = Peek();
    if (first < '0' || first > '9') Fail("has no dimension");
    uint64_t value = 0;
    for (; position_ < text_.size(); ++position_) {
      char c = text_[position_];
      if (c < '0' || c > '9') break;
      if (value > (INT64_MAX - 9) / 10) Fail("has a dimension beyond 2^63");
      value = value * 10 + static_cast<uint64_t>(c - '0');
    }
    if (position_ < text_.size() && text_[position_] == 'L') ++position_;
    return static_cast<int64_t>(value);
  }

  std::vector<int64_t> Shape() {
    std::vector<int64_t> dims;
    if (Peek() != '(') return {Dimension()};  // a sub-array may say just 3
    Expect('(');
    while (!Take(')')) {
      if (dims.size() == kMaxRank) Fail("has more than 64 dimensions");
      dims.push_back(Dimension());
      if (Take(',')) continue;
      Expect(')');
      break;
    }
    return dims;
  }

  Element Descr(int depth);

 private:
  Element Simple();
  Element Structured(int depth);

  std::string_view text_;
  size_t position_ = 0;
};

std::optional<uint64_t> Product(const std::vector<int64_t>& dims) {
  if (std::find(dims.begin(), dims.end(), 0) != dims.end()) return 0;
  std::optional<uint64_t> product = 1;
  for (int64_t dim : dims) {
    product = CheckedMul(*product, static_cast<uint64_t>(dim));
    if (!product) return std::nullopt;
  }
  return product;
}

// "<f4", "|S16", "<M8[D]".
Element LiteralCursor::Simple() {
  std::string text = Text();
  std::string_view rest = text;
  Element element;
  if (!rest.empty() && std::string_view("<>|=").find(rest[0]) != rest.npos) {
    element.is_big_endian = rest[0] == '>';
    rest.remove_prefix(1);
  }
  if (rest.empty()) Fail("has an empty descr");
  char kind = rest[0];
  size_t digits = 1;
  uint64_t size = 0;
  for (; digits < rest.size() && rest[digits] >= '0' && rest[digits] <= '9';
       ++digits) {
    if (size > UINT32_MAX) Fail("has an item of more than 2^32 bytes");
    size = size * 10 + static_cast<uint64_t>(rest[digits] - '0');
  }
  std::string unit(rest.substr(digits));  // "[D]"
  element.size = kind == 'U' ? size * 4 : size;
  uint64_t bits = element.size * 8;
  switch (kind) {
    case 'f': element.dtype = fmt::format("float{}", bits); break;
    case 'i': element.dtype = fmt::format("int{}", bits); break;
    case 'u': element.dtype = fmt::format("uint{}", bits); break;
    case 'c': element.dtype = fmt::format("complex{}", bits); break;
    case 'b': element.dtype = "bool"; break;
    case '?': element.dtype = "bool", element.size = 1; break;
    case 'S':
    case 'a': element.dtype = fmt::format("bytes{}", bits); break;
    case 'U': element.dtype = fmt::format("str{}", bits); break;
    case 'V': element.dtype = fmt::format("void{}", bits); break;
    case 'M': element.dtype = "datetime64" + unit; break;
    case 'm': element.dtype = "timedelta64" + unit; break;
    case 'O':
      element.dtype = "object";
      element.size = 0;
      element.is_object = true;
      break;
    default:
      Fail(
          fmt::format("has a descr \"{}\", which is unknown", Printable(text)));
  }
  return element;
}

// [('id', '<i4'), ('m', '<f4', (2, 2)), (('title', 'name'), '|S3')]
Element LiteralCursor::Structured(int depth) {
  Element whole;
  Expect('[');
  while (!Take(']')) {
    Expect('(');
    if (Take('(')) {  // a title in front of the name
      Text();
      Expect(',');
      Text();
      Expect(')');
    } else {
      Text();
    }
    Expect(',');
    Element field = Descr(depth + 1);
    std::optional<uint64_t> count = 1;
    if (Take(',') && Peek() != ')') count = Product(Shape());
    Take(',');
    Expect(')');
    std::optional<uint64_t> bytes =
        count ? CheckedMul(*count, field.size) : std::nullopt;
    if (bytes) bytes = CheckedAdd(whole.size, *bytes);
    if (!bytes || *bytes > UINT32_MAX) Fail("has an item beyond 2^32 bytes");
    whole.size = *bytes;
    whole.is_object |= field.is_object;
    whole.is_big_endian |= field.is_big_endian;
    if (Take(',')) continue;
    Expect(']');
    break;
  }
  whole.dtype = fmt::format("void{}", whole.size * 8);
  return whole;
}

Element LiteralCursor::Descr(int depth) {
  if (depth > kMaxDepth) Fail("nests types too deep");
  return Peek() == '[' ? Structured(depth) : Simple();
}

}  // namespace

std::optional<uint64_t> NpyHeader::DataSize() const {
  if (is_object) return std::nullopt;
  std::optional<uint64_t> elements = Product(shape);
  return elements ? CheckedMul(*elements, item_size) : std::nullopt;
}

uint64_t NpyDataOffset(std::string_view prologue) {
  if (!prologue.starts_with(kNpyMagic)) {
    throw Corrupt(std::string(kWhere), "does not begin with \\x93NUMPY");
  }
  ByteCursor cursor(AsBytes(prologue), std::string(kWhere));
  cursor.Skip(kNpyMagic.size(), "magic");
  uint8_t major = cursor.U8("version");
  cursor.U8("version");
  if (major < 1 || major > 3) {
    throw Unsupported(std::string(kWhere),
                      fmt::format("is of version {}, read are 1 to 3", major));
  }
  uint64_t length =
      major == 1 ? cursor.LittleU16("length") : cursor.LittleU32("length");
  if (length > kMaxHeader) {
    cursor.Fail(fmt::format("claims {} bytes", length));
  }
  return cursor.position() + length;
}

NpyHeader ParseNpyHeader(std::string_view head) {
  NpyHeader header;
  header.data_offset = NpyDataOffset(head.substr(0, kNpyPrologue));
  size_t start = head[kNpyMagic.size()] == 1 ? 10 : 12;
  if (head.size() < header.data_offset) {
    throw Corrupt(std::string(kWhere),
                  fmt::format("should have {} bytes, the file has {}",
                              header.data_offset, head.size()));
  }
  LiteralCursor cursor(
      head.substr(start, static_cast<size_t>(header.data_offset) - start));
  bool has_descr = false, has_order = false, has_shape = false;
  cursor.Expect('{');
  while (!cursor.Take('}')) {
    std::string name = cursor.Text();
    cursor.Expect(':');
    if (name == "descr") {
      Element element = cursor.Descr(0);
      header.dtype = std::move(element.dtype);
      header.item_size = element.size;
      header.is_big_endian = element.is_big_endian;
      header.is_object = element.is_object;
      has_descr = true;
    } else if (name == "fortran_order") {
      header.fortran_order = cursor.Bool();
      has_order = true;
    } else if (name == "shape") {
      header.shape = cursor.Shape();
      has_shape = true;
    } else {
      cursor.Fail(fmt::format("has an unknown field \"{}\"", Printable(name)));
    }
    if (cursor.Take(',')) continue;
    cursor.Expect('}');
    break;
  }
  if (!has_descr || !has_order || !has_shape) {
    cursor.Fail("lacks descr, fortran_order or shape");
  }
  if (!Product(header.shape)) cursor.Fail("has more elements than 2^64");
  return header;
}

}  // namespace ckptdiff
