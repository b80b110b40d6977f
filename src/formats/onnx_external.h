// Data of an ONNX model that lie in other files beside it.

#ifndef CKPTDIFF_FORMATS_ONNX_EXTERNAL_H_
#define CKPTDIFF_FORMATS_ONNX_EXTERNAL_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "ckptdiff/layout.h"
#include "io/source.h"

namespace ckptdiff {

// What a tensor says of its data: the entries of `external_data`.
struct OnnxExternal {
  std::string location;
  std::string checksum;
  uint64_t offset = 0;
  std::optional<uint64_t> length;
};

class OnnxExternalData {
 public:
  // `model` and `issues` must outlive this. With `verify` each file is read
  // once, if the model has a checksum of it.
  OnnxExternalData(const Source& model, bool verify, std::vector<Issue>* issues)
      : source_(model), verify_(verify), issues_(*issues) {}

  // Sets where the data of the variable are, which needs `need` bytes; what is
  // wrong with them becomes an issue. Only files below the model's directory
  // are looked at.
  void Place(const OnnxExternal& external, uint64_t need, Variable* variable);

 private:
  void VerifyFile(const std::string& file, const std::string& checksum);
  void Add(std::string_view rule, std::string where, std::string message) {
    issues_.push_back(
        {std::string(rule), std::move(where), std::move(message)});
  }

  const Source& source_;
  const bool verify_;
  std::vector<Issue>& issues_;
  std::unordered_set<std::string> verified_, missing_;
};

}  // namespace ckptdiff

#endif  // CKPTDIFF_FORMATS_ONNX_EXTERNAL_H_
