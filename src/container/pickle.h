// Pickles without Python: the opcodes are interpreted over a closed set of
// values, nothing is imported, looked up or called. What a pickle would call is
// a value of its own (kCall) that a reader recognizes by name, or leaves alone.

#ifndef CKPTDIFF_CONTAINER_PICKLE_H_
#define CKPTDIFF_CONTAINER_PICKLE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "io/file_system.h"

namespace ckptdiff {

struct PickleValue;
using PickleItems = std::span<const PickleValue* const>;

// The parts of a call, of an object's construction (NEWOBJ is a call of the
// class) and of what BUILD set on it afterwards.
struct PickleCall {
  const PickleValue* function = nullptr;
  const PickleValue* args = nullptr;   // a tuple, as a rule
  const PickleValue* state = nullptr;  // nullptr: none was set
};

// One value. Its owner is the Pickle that it came from. Containers can hold
// themselves: whoever walks needs a limit.
struct PickleValue {
  enum class Kind : uint8_t {
    kNone,
    kBool,          // integer
    kInt,           // integer
    kBigInt,        // text: little-endian two's complement
    kFloat,         // real
    kText,          // text, size
    kBytes,         // text, size
    kTuple,         // items
    kList,          // items
    kSet,           // items
    kDict,          // items: key, value, key, value, …
    kGlobal,        // text: "module.name"
    kCall,          // call; items as of the container that it makes
    kPersistentId,  // items[0]: the id
  };

  Kind kind = Kind::kNone;
  bool is_mapping = false;  // items are pairs: kDict, and a kCall given pairs
  union {
    int64_t integer = 0;
    double real;
    const PickleCall* call;
    uint64_t size;  // kText, kBytes: also where the text was left in the file
  };
  // kText and kBytes of more than kMaxText bytes are not loaded: then this is
  // empty, and `size` is not 0.
  std::string_view text;
  std::vector<const PickleValue*> items;

  bool is(Kind one) const { return kind == one; }
  bool is_text() const { return kind == Kind::kText; }
  bool is_tuple() const { return kind == Kind::kTuple; }
  bool is_sequence() const { return is_tuple() || kind == Kind::kList; }
  bool is_call() const { return kind == Kind::kCall; }
};

class PickleArena;

class Pickle {
 public:
  static constexpr uint64_t kMaxText = 256 << 10;

  // Interprets one pickle of `file` that begins at `offset`. Throws ParseError,
  // which names `where` and the position of the opcode.
  Pickle(const File& file, uint64_t offset, std::string_view where);
  ~Pickle();
  Pickle(Pickle&&) noexcept;
  Pickle& operator=(Pickle&&) noexcept;

  const PickleValue& root() const { return *root_; }
  // How many values it made: what it costs.
  size_t size() const;
  // Where the bytes behind it begin.
  uint64_t end() const { return end_; }
  // Every persistent id, in order of appearance: what stands outside.
  const std::vector<const PickleValue*>& persistent_ids() const {
    return persistent_ids_;
  }
  // Every global that it names, "module.name", in order of appearance.
  const std::vector<std::string_view>& globals() const { return globals_; }

 private:
  std::unique_ptr<PickleArena> arena_;
  const PickleValue* root_ = nullptr;
  uint64_t end_ = 0;
  std::vector<std::string_view> globals_;
  std::vector<const PickleValue*> persistent_ids_;
};

// The value under a text key; nullptr where there is none. The last one of
// several, as in Python. Takes time in proportion to the entries.
const PickleValue* Find(const PickleValue& mapping, std::string_view key);

// The item of a tuple or a list; nullptr where there is none.
const PickleValue* Item(const PickleValue& sequence, size_t index);

std::optional<int64_t> AsInt(const PickleValue* value);  // kInt, kBool

// The global that `value` is, or the one that a call calls: "" where it is
// neither. A class that a legacy torch file describes by a persistent id
// ('module', class, file, source) counts as that class.
std::string_view GlobalName(const PickleValue* value);
std::string_view CalledName(const PickleValue& value);

}  // namespace ckptdiff

#endif  // CKPTDIFF_CONTAINER_PICKLE_H_
