// The one data type of the project: what a checkpoint holds, or what a model
// expects. Readers produce a Layout, the engine compares two of them, and
// neither side knows where the other came from. Plain values: a Layout owns
// its strings, holds no file handle, and can be written by hand in a test.
// The JSON form is "ckptdiff/layout/v1".

#ifndef CKPTDIFF_LAYOUT_H_
#define CKPTDIFF_LAYOUT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ckptdiff {

// The dimensions of a variable, outermost first. Not known at all, or known
// but for single dimensions (kUnknownDim). A scalar is known and empty.
struct Shape {
  static constexpr int64_t kUnknownDim = -1;

  bool known = false;
  std::vector<int64_t> dims;

  static Shape Of(std::vector<int64_t> dims) { return {true, std::move(dims)}; }
  static Shape Unknown() { return {}; }

  // Product of the dimensions; nullopt where one is unknown or it overflows.
  std::optional<uint64_t> Elements() const;
  // Equal where both sides are known: unknown parts agree with anything.
  bool Agrees(const Shape& other) const;

  friend bool operator==(const Shape&, const Shape&) = default;
};

// "[20, 10]", "[]", "?", "[?, 10]".
std::string ToString(const Shape& shape);

enum class Role {
  kWeight,       // what the model computes with, statistics included
  kSlot,         // an optimizer's state for one variable
  kOptimizer,    // an optimizer's own: learning rate, iteration, beta powers
  kStep,         // the user's global step
  kAverage,      // a moving average of a variable
  kBookkeeping,  // save_counter, object graph, placeholders
};

std::string_view ToString(Role role);
std::optional<Role> RoleFromString(std::string_view text);

// Whose state a slot (or an average) is. `owner` names a variable of the same
// layout; nullopt where the file does not settle it: a wrong owner is worse.
struct Slot {
  std::string optimizer;             // an Optimizer::id; empty for averages
  std::string slot;                  // canonical: "m", "v", "momentum", ...
  std::optional<std::string> owner;  // Variable::name
  std::string owner_key;             // Variable::key, where that is known
  std::string raw;                   // the framework's own word, if another

  friend bool operator==(const Slot&, const Slot&) = default;
};

// Where the bytes of a variable lie, contiguous and uncompressed.
struct ByteRange {
  std::string file;  // relative to the directory of the source; empty: itself
  uint64_t offset = 0;
  uint64_t size = 0;

  friend bool operator==(const ByteRange&, const ByteRange&) = default;
};

// A checksum that the file stores for one variable. Two of one kind over equal
// bytes are equal.
struct Checksum {
  enum class Kind : uint8_t { kMaskedCrc32c, kCrc32 };
  Kind kind = Kind::kMaskedCrc32c;
  uint32_t value = 0;

  friend bool operator==(const Checksum&, const Checksum&) = default;
};

// "masked-crc32c", "crc32".
std::string_view ToString(Checksum::Kind kind);
std::optional<Checksum::Kind> ChecksumKindFromString(std::string_view text);

struct Variable {
  std::string name;  // what the user's own code shows; may repeat
  std::string key;   // what the file stores, unique; empty: unknown
  std::vector<std::string> keys;  // all keys, where stored more than once
  Shape shape;
  std::string dtype;  // dtype.h; empty: unknown
  std::optional<uint64_t> bytes;
  Role role = Role::kWeight;
  std::optional<bool> trainable;
  std::string layer;         // Layer::name; empty: none or unknown
  std::optional<Slot> slot;  // roles slot and average; torch's `step`
  std::string tied_to;       // name of the variable whose storage it shares
  bool tracked = true;       // false: the model holds it and would not save it
  std::optional<ByteRange> data;
  std::optional<Checksum> checksum;

  // The identity within its layout: the key, else the name.
  const std::string& Identity() const { return key.empty() ? name : key; }

  friend bool operator==(const Variable&, const Variable&) = default;
};

// A layer's variables are those whose `layer` is its name.
struct Layer {
  std::string name;
  std::string class_name;       // empty: unknown
  bool variables_known = true;  // false: neither missing nor unexpected

  friend bool operator==(const Layer&, const Layer&) = default;
};

struct Setting {
  std::string name;
  std::string json;  // the value as JSON text: "0.001", "[0.9, 0.999]", "true"

  friend bool operator==(const Setting&, const Setting&) = default;
};

struct Optimizer {
  std::string id;  // unique in the layout: "Adam", "Adam#2"
  std::optional<std::string> class_name;  // nullopt: the file does not tell
  std::vector<std::string> slots;         // canonical names
  std::vector<Setting> settings;

  friend bool operator==(const Optimizer&, const Optimizer&) = default;
};

// Damage that a reader read past, or something odd that a rule reports.
struct Issue {
  std::string rule;  // id of a rule about files
  std::string where;
  std::string message;

  friend bool operator==(const Issue&, const Issue&) = default;
};

// How this format's loader finds a variable.
enum class AddressedBy { kName, kKey, kOrder };

std::string_view ToString(AddressedBy by);
std::optional<AddressedBy> AddressedByFromString(std::string_view text);

// A file whose name is one of another format's.
struct Misnomer {
  std::string named_for;    // that format: a FormatInfo::id
  std::string usual_names;  // FormatInfo::extensions of the file's own format

  friend bool operator==(const Misnomer&, const Misnomer&) = default;
};

struct SourceInfo {
  std::string path;      // as typed
  std::string resolved;  // the file chosen where a directory was typed
  std::string format;    // a FormatInfo::id
  std::string framework;
  std::string writer;
  std::optional<int64_t> step;
  AddressedBy addressed_by = AddressedBy::kName;
  // Set where a loader that goes by names takes the file for something else;
  // documents do not carry it.
  std::optional<Misnomer> misnomer;

  // The path of what was read.
  const std::string& File() const { return resolved.empty() ? path : resolved; }

  friend bool operator==(const SourceInfo&, const SourceInfo&) = default;
};

// RE2 syntax, `\1` in `to`; search, first match.
struct Rename {
  std::string from;
  std::string to;

  friend bool operator==(const Rename&, const Rename&) = default;
};

struct Layout {
  SourceInfo source;
  std::vector<Variable> variables;  // in the order of the file or the model
  std::vector<Layer> layers;
  std::vector<Optimizer> optimizers;
  std::vector<Issue> issues;
  // Of hand-written documents: what a check against this layout leaves out,
  // and how the checkpoint's names are rewritten before it.
  std::vector<std::string> ignore;
  std::vector<Rename> rename;

  friend bool operator==(const Layout&, const Layout&) = default;
};

// "OWNER/OPTIMIZER/SLOT", as people type it; empty where the owner is unknown
// or the variable is no slot. An average is "OWNER/average".
std::string SlotLabel(const Variable& variable);

}  // namespace ckptdiff

#endif  // CKPTDIFF_LAYOUT_H_
