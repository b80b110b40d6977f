// Writes JSON front to back, without a document in memory: a report of 100,000
// findings is a string, not a tree.

#ifndef CKPTDIFF_REPORT_JSON_WRITER_H_
#define CKPTDIFF_REPORT_JSON_WRITER_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ckptdiff {

class JsonWriter {
 public:
  // How the members of an object or array stand: on a line each (so that diff
  // and grep work on documents), or all on one. Inside kInline all is kInline.
  enum class Form { kInline, kLines };

  // `one_line` overrides every kLines: for documents that are a line.
  explicit JsonWriter(bool one_line = false) : one_line_(one_line) {}

  void BeginObject(Form form = Form::kInline) { Begin('{', form); }
  void EndObject() { End('}'); }
  void BeginArray(Form form = Form::kInline) { Begin('[', form); }
  void EndArray() { End(']'); }

  // Names the member that the next value is.
  void Key(std::string_view name);

  // Bytes that are no UTF-8 are written as the text \xNN: JSON has no other
  // place for them.
  void Text(std::string_view text);
  void TextOrNull(std::string_view text);  // null if empty
  void Integer(int64_t value);
  void Unsigned(uint64_t value);
  void Share(double value);  // of 1, to four digits: 0.98
  void Bool(bool value) { Raw(value ? "true" : "false"); }
  void Null() { Raw("null"); }
  // A value that is JSON already.
  void Raw(std::string_view json);

  // The document, with a newline behind it.
  std::string Take() { return TakeOpen() + "\n"; }
  // What is written so far, finished or not.
  std::string TakeOpen() { return std::exchange(out_, {}); }

 private:
  struct Level {
    bool lines;
    bool empty = true;
  };

  void Begin(char bracket, Form form);
  void End(char bracket);
  void BeforeValue();
  void AppendQuoted(std::string_view text);
  void NewLine();

  bool one_line_;
  bool after_key_ = false;
  std::vector<Level> levels_;
  std::string out_;
};

}  // namespace ckptdiff

#endif  // CKPTDIFF_REPORT_JSON_WRITER_H_
