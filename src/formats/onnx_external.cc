#include "formats/onnx_external.h"

#include <fmt/format.h>

#include "base/text.h"
#include "container/sha1.h"

namespace ckptdiff {

void OnnxExternalData::Place(const OnnxExternal& external, uint64_t need,
                             Variable* variable) {
  const std::string& file = external.location;
  bool leaves = file.empty() || file.starts_with("/");
  for (std::string_view part : Split(file, '/')) leaves |= part == "..";
  if (leaves) {
    Add("external-link", variable->name,
        fmt::format("its data are in \"{}\", outside the model's directory; "
                    "it is not followed",
                    Printable(file)));
    return;
  }
  uint64_t size = external.length.value_or(need);
  if (variable->bytes && external.length && *external.length != need) {
    Add("truncated-data", variable->name,
        fmt::format("{} {} takes {} bytes, {} are claimed in {}",
                    variable->dtype, ToString(variable->shape), need,
                    *external.length, Printable(file)));
  }
  Source data = source_.Sibling(file);
  if (!data.is_file()) {
    if (missing_.insert(file).second) {
      Add("missing-shard", file,
          fmt::format("holds the data of \"{}\" and perhaps others, and is "
                      "not there",
                      Printable(variable->name)));
    }
    return;
  }
  if (external.offset > data.size() || size > data.size() - external.offset) {
    Add("truncated-data", file,
        fmt::format("the data of \"{}\" should be {} bytes at {}, the file "
                    "has {} bytes",
                    Printable(variable->name), size, external.offset,
                    data.size()));
    return;
  }
  variable->data = ByteRange{file, external.offset, size};
  if (verify_ && !external.checksum.empty()) {
    VerifyFile(file, external.checksum);
  }
}

void OnnxExternalData::VerifyFile(const std::string& file,
                                  const std::string& checksum) {
  if (!verified_.insert(file).second) return;
  std::string found = Sha1Hex(source_.Sibling(file).file());
  if (found == checksum) return;
  Add("checksum-mismatch", file,
      fmt::format("its SHA-1 is {}, the model says {}", found,
                  Printable(checksum)));
}

}  // namespace ckptdiff
