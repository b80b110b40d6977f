// JSON read forward, one value at a time, without a tree: for headers of
// hundreds of thousands of entries, where the order of members counts and a
// name that stands twice must be seen (safetensors, shard indexes).

#ifndef CKPTDIFF_CONTAINER_JSON_CURSOR_H_
#define CKPTDIFF_CONTAINER_JSON_CURSOR_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace ckptdiff {

// Every method throws ParseError(kCorrupt), naming the place, on bytes that are
// not the JSON asked for. Views that it returns live as long as
// both the cursor and the text.
class JsonCursor {
 public:
  // `text` must be UTF-8 (checked here, once).
  JsonCursor(std::string_view text, std::string where);
  // For text that people write: `locate` names an offset ("line 3, column 7").
  JsonCursor(std::string_view text,
             std::function<std::string(size_t offset)> locate);

  // The first character of the next value: { [ " t f n - or a digit; '\0' at
  // the end of the text.
  char Peek() {
    if (position_ >= text_.size() || text_[position_] <= ' ') SkipSpace();
    return position_ < text_.size() ? text_[position_] : '\0';
  }

  // { ... }: enter, then the names one by one; after each its value has to be
  // read or skipped. nullopt is the end of the object.
  void EnterObject() { Enter('{'); }
  std::optional<std::string_view> NextMember() {
    if (!Next('}')) return std::nullopt;
    std::string_view name = Text();
    Expect(':');
    return name;
  }

  // [ ... ] likewise.
  void EnterArray() { Enter('['); }
  bool NextElement() { return Next(']'); }

  std::string_view Text();
  uint64_t Uint();  // no sign, fraction or exponent
  void Skip();      // any one value, at most 200 levels deep
  void Finish();    // nothing but white space follows

  size_t position() const { return position_; }
  [[noreturn]] void Fail(std::string_view message) const;

 private:
  void CheckUtf8();
  void SkipSpace();
  void Expect(char c) {
    if (Peek() != c) FailExpecting(c);
    ++position_;
  }
  [[noreturn]] void FailExpecting(char c) const;
  void Enter(char opening) {
    Expect(opening);
    first_ = true;
  }
  // False, and past the closing character, at the end of the container.
  bool Next(char closing) {
    bool was_first = std::exchange(first_, false);
    if (Peek() == closing) {
      ++position_;
      return false;
    }
    if (!was_first) Expect(',');
    return true;
  }
  std::string_view Decode(size_t start);
  void AppendEscape(std::string* out);
  uint32_t Hex4();
  void SkipNumber();
  void SkipNested(int depth);

  std::string_view text_;
  std::string where_;
  std::function<std::string(size_t)> locate_;  // may be none
  size_t position_ = 0;
  bool first_ = false;               // of the container just entered
  std::deque<std::string> decoded_;  // strings that had escapes
};

}  // namespace ckptdiff

#endif  // CKPTDIFF_CONTAINER_JSON_CURSOR_H_
