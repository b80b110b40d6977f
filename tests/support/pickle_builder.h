// Pickles of tensors, as torch writes them, for readers that are fed from
// memory.

#ifndef CKPTDIFF_TESTS_SUPPORT_PICKLE_BUILDER_H_
#define CKPTDIFF_TESTS_SUPPORT_PICKLE_BUILDER_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace ckptdiff {

// Each returns opcodes that push one value.
std::string PickleText(const std::string& text);
std::string PickleInt(int64_t value);
std::string PickleTuple(const std::vector<std::string>& items);
std::string PickleList(const std::vector<std::string>& items);
std::string PickleDict(
    const std::vector<std::pair<std::string, std::string>>& entries);
// A call of "module\nname".
std::string PickleCall(const std::string& function,
                       const std::vector<std::string>& args);
// A contiguous float32 tensor at the start of the storage.
std::string PickleTensor(const std::string& storage,
                         const std::vector<int64_t>& shape);

// A torch zip of this object, with a storage of so many bytes per key.
std::string TorchZip(const std::string& object,
                     const std::vector<std::pair<std::string, size_t>>& data);

}  // namespace ckptdiff

#endif  // CKPTDIFF_TESTS_SUPPORT_PICKLE_BUILDER_H_
