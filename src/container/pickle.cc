#include "container/pickle.h"

#include <utility>

#include "container/pickle_arena.h"

namespace ckptdiff {

using Kind = PickleValue::Kind;

PickleArena::PickleArena() {
  bools_[0].kind = bools_[1].kind = Kind::kBool;
  bools_[1].integer = 1;
  for (size_t i = 0; i < ints_.size(); ++i) {
    ints_[i].kind = Kind::kInt;
    ints_[i].integer = static_cast<int64_t>(i);
  }
  empty_tuple_.kind = Kind::kTuple;
}

PickleValue* PickleArena::New(Kind kind) {
  PickleValue& value = values_.emplace_back();
  value.kind = kind;
  value.is_mapping = kind == Kind::kDict;
  return &value;
}

PickleValue* PickleArena::Int(int64_t value) {
  if (value >= 0 && value < kSmallInts) {
    return &ints_[static_cast<size_t>(value)];
  }
  PickleValue* made = New(Kind::kInt);
  made->integer = value;
  return made;
}

PickleValue* PickleArena::Global(std::string name, bool* is_new) {
  auto [place, inserted] = globals_.try_emplace(std::move(name), nullptr);
  *is_new = inserted;
  if (inserted) {
    place->second = New(Kind::kGlobal);
    place->second->text = place->first;
  }
  return place->second;
}

PickleValue* PickleArena::NewCall(const PickleValue* function,
                                  const PickleValue* args) {
  PickleValue* value = New(Kind::kCall);
  value->call = &calls_.emplace_back(PickleCall{function, args, nullptr});
  return value;
}

void PickleArena::SetState(PickleValue* value, const PickleValue* state) {
  value->call = &calls_.emplace_back(
      PickleCall{value->call->function, value->call->args, state});
}

std::string_view PickleArena::Keep(std::string text) {
  return texts_.emplace_back(std::move(text));
}

Pickle::Pickle(const File& file, uint64_t offset, std::string_view where)
    : arena_(std::make_unique<PickleArena>()) {
  PickleResult result = RunPickle(file, offset, where, arena_.get());
  root_ = result.root;
  end_ = result.end;
  globals_ = std::move(result.globals);
  persistent_ids_ = std::move(result.persistent_ids);
}

size_t Pickle::size() const { return arena_->size(); }

Pickle::~Pickle() = default;
Pickle::Pickle(Pickle&&) noexcept = default;
Pickle& Pickle::operator=(Pickle&&) noexcept = default;

const PickleValue* Find(const PickleValue& mapping, std::string_view key) {
  if (!mapping.is_mapping) return nullptr;
  for (size_t i = mapping.items.size(); i >= 2; i -= 2) {
    const PickleValue& candidate = *mapping.items[i - 2];
    if (candidate.is_text() && candidate.text == key) {
      return mapping.items[i - 1];
    }
  }
  return nullptr;
}

const PickleValue* Item(const PickleValue& sequence, size_t index) {
  bool has = sequence.is_sequence() && index < sequence.items.size();
  return has ? sequence.items[index] : nullptr;
}

std::optional<int64_t> AsInt(const PickleValue* value) {
  if (value == nullptr) return std::nullopt;
  bool is_int = value->is(Kind::kInt) || value->is(Kind::kBool);
  return is_int ? std::optional(value->integer) : std::nullopt;
}

std::string_view GlobalName(const PickleValue* value) {
  if (value == nullptr) return {};
  if (value->is(Kind::kGlobal)) return value->text;
  if (!value->is(Kind::kPersistentId)) return {};
  const PickleValue* tag = Item(*value->items[0], 0);
  const PickleValue* named = Item(*value->items[0], 1);
  bool is_class = tag != nullptr && tag->is_text() && tag->text == "module" &&
                  named != nullptr && named->is(Kind::kGlobal);
  return is_class ? named->text : std::string_view();
}

std::string_view CalledName(const PickleValue& value) {
  return value.is_call() ? GlobalName(value.call->function)
                         : std::string_view();
}

}  // namespace ckptdiff
