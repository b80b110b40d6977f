#include "container/hdf5_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "base/bytes.h"
#include "base/parse_error.h"
#include "container/forked_task.h"
#include "container/hdf5_walk.h"

namespace ckptdiff {
namespace {

constexpr std::string_view kSignature = "\x89HDF\r\n\x1a\n";
// A user block in front is 512 bytes, doubled as often as needed.
constexpr uint64_t kLargestUserBlock = uint64_t{1} << 24;

template <typename ReadEight>
std::optional<uint64_t> FindSignature(const ReadEight& read) {
  for (uint64_t at = 0; at <= kLargestUserBlock; at = at == 0 ? 512 : at * 2) {
    std::string head = read(at);
    if (head.size() < kSignature.size()) return std::nullopt;
    if (head == kSignature) return at;
  }
  return std::nullopt;
}

// The end-of-file address of the superblock at `base`; nullopt for versions
// and sizes that are not known, which libhdf5 will judge.
std::optional<uint64_t> StoredEnd(const File& file, uint64_t base) {
  std::string block(
      static_cast<size_t>(std::min<uint64_t>(64, file.size() - base)), '\0');
  file.ReadAt(base, std::as_writable_bytes(std::span(block)));
  ByteCursor cursor(AsBytes(block), "superblock");
  try {
    cursor.Skip(kSignature.size(), "signature");
    uint8_t version = cursor.U8("version");
    if (version > 3) return std::nullopt;
    if (version >= 2) {
      if (cursor.U8("size of offsets") != 8) return std::nullopt;
      cursor.Skip(2 + 16, "addresses");
      return cursor.LittleU64("end of file");
    }
    cursor.Skip(4, "versions");
    if (cursor.U8("size of offsets") != 8) return std::nullopt;
    cursor.Skip((version == 1 ? 14 : 10) + 16, "addresses");
    return cursor.LittleU64("end of file");
  } catch (const ParseError&) {
    throw Corrupt("superblock", fmt::format("the file ends inside it, at {} "
                                            "bytes",
                                            file.size()));
  }
}

// The records of hdf5_walk.h.
class Decoder {
 public:
  explicit Decoder(std::string_view records)
      : cursor_(AsBytes(records), "libhdf5") {}

  // False: the records end before the walk did.
  bool Decode(Hdf5Node* root) {
    while (!cursor_.done()) {
      char tag = static_cast<char>(cursor_.U8("record"));
      if (tag == 'Z') return true;
      if (tag == 'X') Throw();
      Record(tag, root);
    }
    return false;
  }

 private:
  std::string Text() {
    return std::string(cursor_.TakeText(cursor_.LittleU32("size"), "text"));
  }

  [[noreturn]] void Throw() {
    std::string where = Text();
    throw Corrupt(std::move(where), Text());
  }

  void Record(char tag, Hdf5Node* root) {
    if (tag == 'G' && open_.empty()) {
      root->name = Text();
      open_.push_back(root);
      return;
    }
    if (open_.empty()) cursor_.Fail("a record outside of the root");
    if (tag == 'E') {
      auto by_name = [](const auto& a, const auto& b) {
        return a.name < b.name;
      };
      std::ranges::stable_sort(open_.back()->children, by_name);
      std::ranges::stable_sort(open_.back()->attributes, by_name);
      open_.pop_back();
    } else if (tag == 'A') {
      open_.back()->attributes.push_back(Attribute());
    } else {
      Hdf5Node& node = open_.back()->children.emplace_back();
      if (tag == 'G') {
        node.name = Text();
        open_.push_back(&node);  // its siblings come only after its 'E'
      } else if (tag == 'D') {
        Dataset(&node);
      } else {
        node.kind = static_cast<Hdf5Node::Kind>(cursor_.U8("kind"));
        node.name = Text();
        node.target = Text();
      }
    }
  }

  Hdf5Attribute Attribute() {
    Hdf5Attribute attribute;
    attribute.name = Text();
    uint32_t texts = cursor_.LittleU32("texts");
    for (uint32_t i = 0; i < texts; ++i) attribute.texts.push_back(Text());
    uint32_t numbers = cursor_.LittleU32("numbers");
    for (uint32_t i = 0; i < numbers; ++i) {
      attribute.numbers.push_back(
          std::bit_cast<double>(cursor_.LittleU64("number")));
    }
    return attribute;
  }

  void Dataset(Hdf5Node* node) {
    node->kind = Hdf5Node::Kind::kDataset;
    node->name = Text();
    node->dtype = Text();
    node->target = Text();
    uint8_t bits = cursor_.U8("layout");
    node->contiguous = (bits & kHdf5Contiguous) != 0;
    node->outside = (bits & kHdf5Outside) != 0;
    node->stored = cursor_.LittleU64("stored");
    uint64_t offset = cursor_.LittleU64("offset");
    if (offset != kHdf5NoOffset) node->offset = offset;
    double value = std::bit_cast<double>(cursor_.LittleU64("scalar"));
    if ((bits & kHdf5HasScalar) != 0) node->scalar = value;
    uint8_t rank = cursor_.U8("rank");
    node->shape = Shape::Of({});
    for (uint8_t i = 0; i < rank; ++i) {
      uint64_t dim = cursor_.LittleU64("dimension");
      if (dim > INT64_MAX) cursor_.Fail("a dimension beyond 63 bits");
      node->shape.dims.push_back(static_cast<int64_t>(dim));
    }
    if (node->outside) node->shape = Shape::Unknown();
  }

  ByteCursor cursor_;
  std::vector<Hdf5Node*> open_;
};

template <typename T>
const T* FindNamed(const std::vector<T>& ordered, std::string_view name) {
  auto found = std::lower_bound(
      ordered.begin(), ordered.end(), name,
      [](const T& one, std::string_view wanted) { return one.name < wanted; });
  return found == ordered.end() || found->name != name ? nullptr : &*found;
}

// More objects or text than a file of that size can hold come from structures
// that point at one another.
Hdf5WalkLimits WalkLimits(uint64_t size) {
  Hdf5WalkLimits limits;
  limits.objects = std::min<uint64_t>(limits.objects, 64 + size / 16);
  return limits;
}

// Damage makes libhdf5 run in circles: a small file gets a second, enough for
// a hundred thousand objects.
ForkLimits ChildLimits(uint64_t size) {
  ForkLimits limits;
  uint64_t seconds = 1 + size / (uint64_t{4} << 20);
  limits.processor_seconds = static_cast<int>(std::min<uint64_t>(seconds, 10));
  uint64_t fair = (uint64_t{1} << 20) + 8 * std::min(size, limits.output);
  limits.output = std::min(limits.output, fair);
  return limits;
}

}  // namespace

const Hdf5Node* Hdf5Node::Child(std::string_view child_name) const {
  return FindNamed(children, child_name);
}

const Hdf5Node* Hdf5Node::At(std::string_view path) const {
  const Hdf5Node* node = this;
  while (node != nullptr && !path.empty()) {
    size_t slash = path.find('/');
    std::string_view part = path.substr(0, slash);
    path.remove_prefix(slash == path.npos ? path.size() : slash + 1);
    if (!part.empty()) node = node->Child(part);
  }
  return node;
}

const Hdf5Attribute* Hdf5Node::Attribute(
    std::string_view attribute_name) const {
  return FindNamed(attributes, attribute_name);
}

std::string Hdf5Node::Text(std::string_view attribute_name) const {
  const Hdf5Attribute* found = Attribute(attribute_name);
  return found == nullptr || found->texts.empty() ? "" : found->texts[0];
}

std::optional<std::vector<std::string>> Hdf5Node::Names(
    std::string_view list) const {
  if (const Hdf5Attribute* whole = Attribute(list)) return whole->texts;
  std::optional<std::vector<std::string>> names;
  for (size_t i = 0; i < attributes.size(); ++i) {
    const Hdf5Attribute* part = Attribute(fmt::format("{}{}", list, i));
    if (part == nullptr) break;
    if (!names) names.emplace();
    names->insert(names->end(), part->texts.begin(), part->texts.end());
  }
  return names;
}

Hdf5Tree ReadHdf5(const File& file) {
  auto read = [&](uint64_t at) {
    std::string eight(kSignature.size(), '\0');
    if (at + eight.size() > file.size()) return std::string();
    file.ReadAt(at, std::as_writable_bytes(std::span(eight)));
    return eight;
  };
  std::optional<uint64_t> base = FindSignature(read);
  if (!base) throw Corrupt({}, "is no HDF5 file: it has no signature");
  Hdf5Tree tree;
  tree.file_size = file.size();
  std::optional<uint64_t> end = StoredEnd(file, *base);
  Hdf5WalkLimits limits = WalkLimits(file.size());
  limits.end = file.size();
  // An end beyond every disk is damage, not truncation.
  if (end && *end > file.size() && *end < uint64_t{1} << 60) {
    tree.expected_size = limits.end = *end;
  }
  ForkOutcome outcome =
      RunForked([&](const ForkSink& sink) { WalkHdf5(file, limits, sink); },
                ChildLimits(file.size()));
  try {
    if (Decoder(outcome.output).Decode(&tree.root)) return tree;
  } catch (const ParseError& error) {
    // Of a child that died, the last record is cut: see below.
    if (outcome.finished && !tree.expected_size) throw;
    if (outcome.finished) {
      throw Corrupt(error.error().where,
                    fmt::format("the file is truncated: it has {} of {} bytes, "
                                "and the list of its variables is not among "
                                "them",
                                tree.file_size, *tree.expected_size));
    }
  }
  throw Corrupt(
      {}, fmt::format("libhdf5 {} on this file: it is damaged", outcome.Why()));
}

std::optional<uint64_t> FindHdf5(const Source& source) {
  if (!source.is_file()) return std::nullopt;
  return FindSignature(
      [&](uint64_t at) { return source.Peek(at, kSignature.size()); });
}

}  // namespace ckptdiff
