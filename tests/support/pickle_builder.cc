#include "support/pickle_builder.h"

#include "support/little.h"
#include "support/zip_builder.h"

namespace ckptdiff {
namespace {

std::string Join(const std::vector<std::string>& parts) {
  std::string all;
  for (const std::string& part : parts) all += part;
  return all;
}

}  // namespace

std::string PickleText(const std::string& text) {
  return "X" + Little(text.size(), 4) + text;
}

std::string PickleInt(int64_t value) {
  return "\x8a\x08" + Little(static_cast<uint64_t>(value), 8);
}

std::string PickleTuple(const std::vector<std::string>& items) {
  return "(" + Join(items) + "t";
}

std::string PickleList(const std::vector<std::string>& items) {
  return "](" + Join(items) + "e";
}

std::string PickleDict(
    const std::vector<std::pair<std::string, std::string>>& entries) {
  std::string all = "}(";
  for (const auto& [key, value] : entries) all += PickleText(key) + value;
  return all + "u";
}

std::string PickleCall(const std::string& function,
                       const std::vector<std::string>& args) {
  return "c" + function + "\n" + PickleTuple(args) + "R";
}

std::string PickleTensor(const std::string& storage,
                         const std::vector<int64_t>& shape) {
  int64_t count = 1;
  std::vector<std::string> sizes, strides(shape.size());
  for (int64_t dim : shape) sizes.push_back(PickleInt(dim));
  for (size_t i = shape.size(); i > 0; --i) {
    strides[i - 1] = PickleInt(count);
    count *= shape[i - 1];
  }
  std::string id =
      PickleTuple({PickleText("storage"), "ctorch\nFloatStorage\n",
                   PickleText(storage), PickleText("cpu"), PickleInt(count)}) +
      "Q";
  return PickleCall("torch._utils\n_rebuild_tensor_v2",
                    {id, PickleInt(0), PickleTuple(sizes), PickleTuple(strides),
                     "\x89", "N"});
}

std::string TorchZip(const std::string& object,
                     const std::vector<std::pair<std::string, size_t>>& data) {
  ZipBuilder zip;
  zip.Add("archive/data.pkl", "\x80\x02" + object + ".");
  for (const auto& [key, size] : data) {
    zip.Add("archive/data/" + key, std::string(size, 'x'));
  }
  return zip.Build(true);
}

}  // namespace ckptdiff
