#include "content/contents.h"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>

#include "base/hash.h"
#include "base/parallel.h"
#include "base/parse_error.h"
#include "ckptdiff/dtype.h"
#include "container/crc32c.h"
#include "content/fingerprint.h"
#include "io/source.h"
#include "match/followers.h"

namespace ckptdiff {
namespace {

constexpr size_t kPiece = size_t{1} << 20;

// A document may carry the ranges of the file that it describes; that file
// is not what was typed.
bool IsFile(const Layout& layout) { return layout.source.format != "layout"; }

// Aliases repeat their owner's values, and what follows an owner needs none.
bool TakesPart(const Variable& variable) {
  return variable.tied_to.empty() && !FollowsOwner(variable);
}

// What two variables must share for their values to be comparable.
using Measure = std::tuple<Role, std::string, uint64_t>;

std::optional<Measure> MeasureOf(const Variable& variable) {
  const std::optional<uint32_t> bits = DTypeBits(variable.dtype);
  const std::optional<uint64_t> elements = variable.shape.Elements();
  if (!variable.data || !bits || !elements || !TakesPart(variable)) {
    return std::nullopt;
  }
  const std::optional<uint64_t> all = CheckedMul(*elements, *bits);
  if (!all || variable.data->size != (*all + 7) / 8) return std::nullopt;
  return Measure(variable.role, variable.dtype, variable.data->size);
}

std::set<Measure> MeasuresOf(const Layout& layout) {
  std::set<Measure> measures;
  for (const Variable& variable : layout.variables) {
    if (auto measure = MeasureOf(variable)) measures.insert(*measure);
  }
  return measures;
}

// The files of one side, each opened once.
class DataFiles {
 public:
  DataFiles(const Layout& layout, const FileSystem& files)
      : files_(files), source_(layout.source) {
    for (const Variable& variable : layout.variables) {
      if (variable.data) Open(variable.data->file);
    }
  }

  Fingerprint Read(const Variable& variable) const {
    const ByteRange& range = *variable.data;
    const File* file = files_by_name_.at(range.file).get();
    if (file == nullptr) return {};
    Fingerprinter fingerprinter((*DTypeBits(variable.dtype) + 7) / 8);
    std::vector<std::byte> piece(std::min<uint64_t>(range.size, kPiece));
    try {
      for (uint64_t at = 0; at < range.size; at += kPiece) {
        const size_t size =
            static_cast<size_t>(std::min<uint64_t>(kPiece, range.size - at));
        const std::span<std::byte> part(piece.data(), size);
        file->ReadAt(range.offset + at, part);
        fingerprinter.Add(part);
      }
    } catch (const ParseError&) {
      return {};  // damage is what `verify` tells
    }
    return fingerprinter.Finish(variable.dtype);
  }

 private:
  void Open(const std::string& name) {
    auto [at, is_new] = files_by_name_.try_emplace(name);
    if (!is_new) return;
    const Source source(files_, source_.File());
    std::string path = source.path();
    if (!name.empty()) {
      path = source.is_directory() ? source.Child(name).path()
                                   : source.Sibling(name).path();
    }
    try {
      at->second = files_.Open(path);
    } catch (const ParseError&) {
      at->second = nullptr;
    }
  }

  const FileSystem& files_;
  const SourceInfo& source_;
  std::map<std::string, std::unique_ptr<File>> files_by_name_;
};

std::vector<Fingerprint> ReadAll(const Layout& layout,
                                 const std::set<Measure>& wanted,
                                 const FileSystem& files) {
  std::vector<Fingerprint> prints(layout.variables.size());
  std::vector<size_t> some;
  for (size_t i = 0; i < layout.variables.size(); ++i) {
    auto measure = MeasureOf(layout.variables[i]);
    if (measure && wanted.contains(*measure)) some.push_back(i);
  }
  const DataFiles data(layout, files);
  MapInOrder(
      some.size(), 0,
      [&](size_t i) { return data.Read(layout.variables[some[i]]); },
      [&](size_t i, Fingerprint print) { prints[some[i]] = print; });
  return prints;
}

// The checksums of zeros and ones, which initializers write and which
// therefore repeat, for every size that occurs: each is made from that of the
// next smaller size, so all of them cost one pass over the largest.
class InitialValues {
 public:
  InitialValues(const Layout& actual, const Layout& expected) {
    std::set<uint64_t> sizes;
    for (const Layout* layout : {&actual, &expected}) {
      for (const Variable& variable : layout->variables) {
        if (IsKnown(variable)) sizes.insert(*variable.bytes);
      }
    }
    Repeated zeros(0), ones(0x3f800000);  // float32
    for (uint64_t size : sizes) {
      checksums_[size] = {zeros.ChecksumOf(size), ones.ChecksumOf(size)};
    }
  }

  bool Has(const Variable& variable) const {
    if (!IsKnown(variable)) return false;
    const auto& [zeros, ones] = checksums_.at(*variable.bytes);
    const uint32_t value = variable.checksum->value;
    return value == zeros || (variable.dtype == "float32" && value == ones);
  }

 private:
  static constexpr uint64_t kMost = uint64_t{1} << 20;  // larger ones are rare

  static bool IsKnown(const Variable& variable) {
    return variable.checksum && variable.bytes && *variable.bytes <= kMost &&
           variable.checksum->kind == Checksum::Kind::kMaskedCrc32c;
  }

  // A word over and over; sizes must ascend.
  class Repeated {
   public:
    explicit Repeated(uint32_t word) : word_(word) {}

    uint32_t ChecksumOf(uint64_t size) {
      std::vector<std::byte> more(static_cast<size_t>(size - size_));
      for (std::byte& byte : more) {
        byte = static_cast<std::byte>(word_ >> (8 * (size_++ % 4)));
      }
      crc_ = ExtendCrc32c(crc_, more);
      return MaskCrc32c(crc_);
    }

   private:
    uint32_t word_, crc_ = 0;
    uint64_t size_ = 0;
  };

  std::map<uint64_t, std::pair<uint32_t, uint32_t>> checksums_;
};

std::vector<Fingerprint> ReadChecksums(const Layout& layout,
                                       const InitialValues& initial) {
  std::vector<Fingerprint> prints(layout.variables.size());
  for (size_t i = 0; i < layout.variables.size(); ++i) {
    const Variable& variable = layout.variables[i];
    if (!variable.checksum || !TakesPart(variable)) continue;
    const std::optional<uint64_t> elements = variable.shape.Elements();
    if (!elements || *elements < 2 || initial.Has(variable)) continue;
    // Equal bytes in another shape are no transposition.
    const uint64_t print =
        HashParts({ToString(variable.checksum->kind),
                   std::to_string(variable.checksum->value), variable.dtype,
                   ToString(variable.shape)});
    prints[i] = {.values = print == 0 ? 1 : print, .order = print};
  }
  return prints;
}

bool HasChecksums(const Layout& layout) {
  return std::any_of(
      layout.variables.begin(), layout.variables.end(),
      [](const Variable& variable) { return variable.checksum.has_value(); });
}

}  // namespace

Contents ContentsFromChecksums(const Layout& actual, const Layout& expected) {
  if (!HasChecksums(actual) || !HasChecksums(expected)) return {};
  const InitialValues initial(actual, expected);
  return {.actual = ReadChecksums(actual, initial),
          .expected = ReadChecksums(expected, initial)};
}

Contents ContentsFromData(const Layout& actual, const Layout& expected,
                          const FileSystem& files) {
  if (!IsFile(actual) || !IsFile(expected)) return {};
  return {.actual = ReadAll(actual, MeasuresOf(expected), files),
          .expected = ReadAll(expected, MeasuresOf(actual), files)};
}

bool HasReachableData(const Layout& layout) {
  return IsFile(layout) &&
         std::any_of(layout.variables.begin(), layout.variables.end(),
                     [](const Variable& variable) {
                       return variable.data.has_value();
                     });
}

}  // namespace ckptdiff
