// A pickle is a program for a small stack machine. Its opcodes are one byte and
// an argument, in five generations (protocols 0 to 5) that may be mixed:
//
//   80 02            PROTO 2
//   7d 71 00         EMPTY_DICT, BINPUT 0: remember the top under 0
//   28               MARK
//   58 01000000 77     BINUNICODE "w"
//   63 torch._utils\n_rebuild_tensor_v2\n    GLOBAL: a name to import
//   28 … 74            MARK … TUPLE: its arguments
//   52                 REDUCE: call it
//   75               SETITEMS: put what stands above the mark into the dict
//   2e               STOP: the top is the result
//
// Here GLOBAL only names, REDUCE, NEWOBJ and INST only record what would be
// called with what, and BUILD which state it would get. Thus nothing runs, and
// what an unknown class holds can still be looked into.
//
// Every value costs memory that a short program can ask for without end (a
// list is one byte), so the number of values is bounded by the bytes read.
//
// One file: it is the opcode table, and reads best beside one.
//
// Reference: CPython Lib/pickle.py, Lib/pickletools.py.

#include <fmt/format.h>

#include <bit>
#include <charconv>
#include <limits>

#include "base/bytes.h"
#include "base/text.h"
#include "container/pickle_arena.h"
#include "container/pickle_input.h"

namespace ckptdiff {
namespace {

using Kind = PickleValue::Kind;

// Values that any pickle may have, and bytes that each further one needs: the
// densest honest pickles (lists of lists) need two or three.
constexpr uint64_t kFreeValues = 65536;
constexpr uint64_t kBytesPerValue = 3;

class PickleMachine {
 public:
  PickleMachine(const File& file, uint64_t offset, std::string_view where,
                PickleArena* arena)
      : input_(file, offset, where), start_(offset), arena_(*arena) {}

  PickleResult Run();

 private:
  // Each runs the opcodes of one kind; false: it is none of them.
  bool RunNumber(uint8_t opcode);
  bool RunText(uint8_t opcode);
  bool RunTextLine(uint8_t opcode);
  bool RunContainer(uint8_t opcode);
  bool RunFill(uint8_t opcode);
  bool RunMemo(uint8_t opcode);
  bool RunCall(uint8_t opcode);
  bool RunStack(uint8_t opcode);

  void Push(PickleValue* value) { stack_.push_back(value); }
  PickleValue* Pop();
  PickleValue* Top();
  void CheckBudget();
  PickleValue* New(Kind kind);
  // Takes what stands above the last mark, and the mark.
  std::vector<const PickleValue*> PopMark();

  void PushText(Kind kind, uint64_t size);
  void PushKept(Kind kind, std::string text);
  void PushLong(uint64_t size);
  void PushTuple(size_t size);
  void PushGlobal(std::string_view module, std::string_view name);
  void PushPersistent(PickleValue* id);
  void PushCall(const PickleValue* function, const PickleValue* args);
  void Append(PickleValue* target, std::vector<const PickleValue*> items);
  void SetItems(std::vector<const PickleValue*> pairs);
  void Build();
  void Remember(uint64_t index);
  void Recall(uint64_t index);
  int64_t Number(std::string_view line);

  PickleInput input_;
  uint64_t start_;
  PickleArena& arena_;
  std::vector<PickleValue*> stack_;
  std::vector<size_t> marks_;
  std::vector<PickleValue*> memo_;
  uint64_t memo_count_ = 0;
  std::vector<std::string_view> globals_;
  std::vector<const PickleValue*> persistent_ids_;
};

void PickleMachine::CheckBudget() {
  uint64_t read = input_.position() - start_;
  if (arena_.size() > kFreeValues + read / kBytesPerValue) {
    input_.Fail(
        fmt::format("more than {} values in {} bytes", arena_.size(), read));
  }
}

PickleValue* PickleMachine::New(Kind kind) {
  CheckBudget();
  return arena_.New(kind);
}

void PickleMachine::PushCall(const PickleValue* function,
                             const PickleValue* args) {
  CheckBudget();
  Push(arena_.NewCall(function, args));
}

PickleValue* PickleMachine::Pop() {
  PickleValue* value = Top();
  stack_.pop_back();
  return value;
}

PickleValue* PickleMachine::Top() {
  size_t bottom = marks_.empty() ? 0 : marks_.back();
  if (stack_.size() <= bottom) input_.Fail("an operand is missing");
  return stack_.back();
}

std::vector<const PickleValue*> PickleMachine::PopMark() {
  if (marks_.empty()) input_.Fail("a mark is missing");
  auto from = stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back());
  std::vector<const PickleValue*> items(from, stack_.end());
  stack_.erase(from, stack_.end());
  marks_.pop_back();
  return items;
}

void PickleMachine::PushText(Kind kind, uint64_t size) {
  if (size <= Pickle::kMaxText) {
    PushKept(kind, input_.Text(size));
    return;
  }
  input_.Skip(size);
  PickleValue* value = New(kind);
  value->size = size;
  Push(value);
}

void PickleMachine::PushKept(Kind kind, std::string text) {
  PickleValue* value = New(kind);
  value->size = text.size();
  if (!text.empty()) value->text = arena_.Keep(std::move(text));
  Push(value);
}

void PickleMachine::PushLong(uint64_t size) {
  if (size > 8) {
    PushText(Kind::kBigInt, size);
    return;
  }
  std::string bytes = input_.Text(size);
  uint64_t value = 0;
  for (size_t i = bytes.size(); i > 0; --i) {
    value = value << 8 | static_cast<uint8_t>(bytes[i - 1]);
  }
  bool is_negative = !bytes.empty() && (bytes.back() & 0x80) != 0;
  if (is_negative && size < 8) value |= ~uint64_t{0} << (8 * size);
  Push(arena_.Int(static_cast<int64_t>(value)));
}

void PickleMachine::PushTuple(size_t size) {
  PickleValue* tuple = New(Kind::kTuple);
  tuple->items.resize(size);
  for (size_t i = size; i > 0; --i) tuple->items[i - 1] = Pop();
  Push(tuple);
}

void PickleMachine::PushGlobal(std::string_view module, std::string_view name) {
  bool is_new = false;
  std::string full(module);
  full += '.';
  full += name;
  PickleValue* global = arena_.Global(std::move(full), &is_new);
  if (is_new) globals_.push_back(global->text);
  Push(global);
}

void PickleMachine::PushPersistent(PickleValue* id) {
  PickleValue* value = New(Kind::kPersistentId);
  value->items.push_back(id);
  persistent_ids_.push_back(value);
  Push(value);
}

int64_t PickleMachine::Number(std::string_view line) {
  if (line.ends_with('L')) line.remove_suffix(1);
  int64_t value = 0;
  auto [end, error] =
      std::from_chars(line.data(), line.data() + line.size(), value);
  if (error != std::errc() || end != line.data() + line.size()) {
    input_.Fail(fmt::format("\"{}\" is no number", Printable(line)));
  }
  return value;
}

bool PickleMachine::RunNumber(uint8_t opcode) {
  switch (opcode) {
    case 'N': Push(arena_.None()); return true;
    case 0x88:  // NEWTRUE
    case 0x89:  // NEWFALSE
      Push(arena_.Bool(opcode == 0x88));
      return true;
    case 'J':
      Push(arena_.Int(static_cast<int32_t>(input_.Little(4))));
      return true;
    case 'K': Push(arena_.Int(input_.U8())); return true;
    case 'M':
      Push(arena_.Int(static_cast<int64_t>(input_.Little(2))));
      return true;
    case 0x8a:  // LONG1
      PushLong(input_.U8());
      return true;
    case 0x8b:  // LONG4
      PushLong(input_.Little(4));
      return true;
    case 'G': {
      PickleValue* value = New(Kind::kFloat);
      value->real = std::bit_cast<double>(input_.Big64());
      Push(value);
      return true;
    }
    default: return false;
  }
}

bool PickleMachine::RunText(uint8_t opcode) {
  switch (opcode) {
    // BINUNICODE in three sizes; BINSTRING, of Python 2, in two.
    case 0x8c:
    case 'U': PushText(Kind::kText, input_.U8()); return true;
    case 'X':
    case 'T': PushText(Kind::kText, input_.Little(4)); return true;
    case 0x8d: PushText(Kind::kText, input_.Little(8)); return true;
    // BINBYTES in three sizes, and BYTEARRAY8.
    case 'C': PushText(Kind::kBytes, input_.U8()); return true;
    case 'B': PushText(Kind::kBytes, input_.Little(4)); return true;
    case 0x8e:
    case 0x96: PushText(Kind::kBytes, input_.Little(8)); return true;
    default: return false;
  }
}

// The opcodes of protocol 0, whose arguments are lines.
bool PickleMachine::RunTextLine(uint8_t opcode) {
  switch (opcode) {
    case 'I':
    case 'L': {
      std::string_view line = input_.Line();
      // How protocols 0 and 1 write False and True.
      bool is_bool = opcode == 'I' && (line == "00" || line == "01");
      Push(is_bool ? arena_.Bool(line == "01") : arena_.Int(Number(line)));
      return true;
    }
    case 'F': {
      std::string_view line = input_.Line();
      double real = std::numeric_limits<double>::quiet_NaN();
      std::from_chars(line.data(), line.data() + line.size(), real);
      PickleValue* value = New(Kind::kFloat);
      value->real = real;
      Push(value);
      return true;
    }
    case 'S': {
      std::string_view line = input_.Line();
      bool is_quoted = line.size() >= 2 && line.front() == line.back();
      if (!is_quoted) input_.Fail("a string without quotes");
      PushKept(Kind::kText, std::string(line.substr(1, line.size() - 2)));
      return true;
    }
    case 'V': PushKept(Kind::kText, std::string(input_.Line())); return true;
    case 'P':
      PushKept(Kind::kText, std::string(input_.Line()));
      PushPersistent(Pop());
      return true;
    default: return false;
  }
}

bool PickleMachine::RunContainer(uint8_t opcode) {
  switch (opcode) {
    case '}': Push(New(Kind::kDict)); return true;
    case ']': Push(New(Kind::kList)); return true;
    case 0x8f:  // EMPTY_SET
      Push(New(Kind::kSet));
      return true;
    case ')': Push(arena_.EmptyTuple()); return true;
    case 0x85:  // TUPLE1, TUPLE2, TUPLE3
    case 0x86:
    case 0x87: PushTuple(opcode - 0x84u); return true;
    case 't':
    case 'l':
    case 0x91: {  // TUPLE, LIST, FROZENSET
      PickleValue* made = New(opcode == 't'   ? Kind::kTuple
                              : opcode == 'l' ? Kind::kList
                                              : Kind::kSet);
      made->items = PopMark();
      Push(made);
      return true;
    }
    case 'd': {
      std::vector<const PickleValue*> pairs = PopMark();
      Push(New(Kind::kDict));
      SetItems(std::move(pairs));
      return true;
    }
    default: return false;
  }
}

void PickleMachine::Append(PickleValue* target,
                           std::vector<const PickleValue*> items) {
  bool takes = target->is(Kind::kList) || target->is(Kind::kSet) ||
               (target->is_call() && !target->is_mapping);
  if (!takes) input_.Fail("items for a value that holds none");
  target->items.insert(target->items.end(), items.begin(), items.end());
}

void PickleMachine::SetItems(std::vector<const PickleValue*> pairs) {
  PickleValue* target = Top();
  if (pairs.size() % 2 != 0) input_.Fail("a key without a value");
  if (target->is_call() && target->items.empty()) target->is_mapping = true;
  if (!target->is_mapping) input_.Fail("entries for a value that is no dict");
  target->items.insert(target->items.end(), pairs.begin(), pairs.end());
}

bool PickleMachine::RunFill(uint8_t opcode) {
  switch (opcode) {
    case 'a': {
      PickleValue* item = Pop();
      Append(Top(), {item});
      return true;
    }
    case 'e':
    case 0x90: {  // APPENDS, ADDITEMS
      std::vector<const PickleValue*> items = PopMark();
      Append(Top(), std::move(items));
      return true;
    }
    case 's': {
      PickleValue* value = Pop();
      PickleValue* key = Pop();
      SetItems({key, value});
      return true;
    }
    case 'u': SetItems(PopMark()); return true;
    case 'b': Build(); return true;
    default: return false;
  }
}

void PickleMachine::Build() {
  PickleValue* state = Pop();
  PickleValue* target = Top();
  // A plain container with attributes: only its items matter here.
  if (target->is_call()) arena_.SetState(target, state);
}

void PickleMachine::Remember(uint64_t index) {
  // Writers count up, so an index beyond the bytes read is no honest one.
  if (index > input_.position()) {
    input_.Fail(fmt::format("memo {} in a pickle of {} bytes so far", index,
                            input_.position() - start_));
  }
  if (index >= memo_.size()) memo_.resize(static_cast<size_t>(index) + 1);
  memo_[static_cast<size_t>(index)] = Top();
}

void PickleMachine::Recall(uint64_t index) {
  if (index >= memo_.size() || memo_[static_cast<size_t>(index)] == nullptr) {
    input_.Fail(fmt::format("memo {} was never set", index));
  }
  Push(memo_[static_cast<size_t>(index)]);
}

bool PickleMachine::RunMemo(uint8_t opcode) {
  switch (opcode) {
    case 'q': Remember(input_.U8()); break;
    case 'r': Remember(input_.Little(4)); break;
    case 'p': Remember(static_cast<uint64_t>(Number(input_.Line()))); break;
    case 0x94:  // MEMOIZE
      Remember(memo_count_);
      break;
    case 'h': Recall(input_.U8()); return true;
    case 'j': Recall(input_.Little(4)); return true;
    case 'g': Recall(static_cast<uint64_t>(Number(input_.Line()))); return true;
    default: return false;
  }
  ++memo_count_;
  return true;
}

bool PickleMachine::RunCall(uint8_t opcode) {
  switch (opcode) {
    case 'c': {
      std::string module(input_.Line());
      PushGlobal(module, input_.Line());
      return true;
    }
    case 0x93: {  // STACK_GLOBAL
      PickleValue* name = Pop();
      PickleValue* module = Pop();
      if (!name->is_text() || !module->is_text()) {
        input_.Fail("a global whose name is no text");
      }
      PushGlobal(module->text, name->text);
      return true;
    }
    case 0x92:  // NEWOBJ_EX: class, args, keyword arguments
      Pop();
      [[fallthrough]];
    case 'R':
    case 0x81: {  // REDUCE, NEWOBJ
      PickleValue* args = Pop();
      PickleValue* function = Pop();
      PushCall(function, args);
      return true;
    }
    case 'i':
    case 'o': {  // INST: names, then the marked arguments; OBJ: marked class
      if (opcode == 'i') {
        std::string module(input_.Line());
        PushGlobal(module, input_.Line());
      }
      const PickleValue* function = opcode == 'i' ? Pop() : nullptr;
      PickleValue* args = New(Kind::kTuple);
      args->items = PopMark();
      if (function == nullptr) {
        if (args->items.empty()) input_.Fail("an object without a class");
        function = args->items.front();
        args->items.erase(args->items.begin());
      }
      PushCall(function, args);
      return true;
    }
    case 'Q': PushPersistent(Pop()); return true;
    default: return false;
  }
}

bool PickleMachine::RunStack(uint8_t opcode) {
  switch (opcode) {
    case '(': marks_.push_back(stack_.size()); return true;
    case '0': Pop(); return true;
    case '1': PopMark(); return true;
    case '2': Push(Top()); return true;
    case 0x80: {  // PROTO
      uint8_t protocol = input_.U8();
      if (protocol > 5) {
        input_.Fail(
            fmt::format("pickle protocol {}, up to 5 are read", protocol));
      }
      return true;
    }
    case 0x95: {  // FRAME
      uint64_t size = input_.Little(8);
      if (size > input_.remaining()) {
        input_.Fail(fmt::format("a frame of {} bytes, {} are left", size,
                                input_.remaining()));
      }
      return true;
    }
    default: return false;
  }
}

PickleResult PickleMachine::Run() {
  constexpr uint8_t kStop = '.';
  for (uint8_t opcode = input_.U8(); opcode != kStop; opcode = input_.U8()) {
    bool known = RunMemo(opcode) || RunText(opcode) || RunNumber(opcode) ||
                 RunStack(opcode) || RunContainer(opcode) || RunFill(opcode) ||
                 RunCall(opcode) || RunTextLine(opcode);
    if (!known) {
      input_.Fail(fmt::format("0x{:02x} is no opcode that is read", opcode));
    }
  }
  return {Top(), input_.position(), std::move(globals_),
          std::move(persistent_ids_)};
}

}  // namespace

PickleResult RunPickle(const File& file, uint64_t offset,
                       std::string_view where, PickleArena* arena) {
  return PickleMachine(file, offset, where, arena).Run();
}

}  // namespace ckptdiff
