// The small messages that every TensorFlow file is made of: element types,
// shapes, slices, string tensors.

#ifndef CKPTDIFF_CONTAINER_TF_PROTO_H_
#define CKPTDIFF_CONTAINER_TF_PROTO_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ckptdiff/layout.h"
#include "container/proto_wire.h"

namespace ckptdiff {

// The name of a DataType number; 101 and up are references to 1 and up.
// nullopt where there is no such type.
std::optional<std::string_view> TfDTypeName(uint64_t number);

// TensorShapeProto: 2 repeated dim {1 size}, 3 unknown_rank. A size of -1 is
// unknown; less is corrupt.
Shape ReadTensorShape(ProtoMessage message);
// The same into a list that many shapes share; false where the rank is
// unknown. For a hundred thousand entries.
bool AppendTensorShape(ProtoMessage message, std::vector<int64_t>* dims);

// One part of a partitioned tensor; a dimension that is taken whole has the
// length -1.
struct TensorSlice {
  std::vector<int64_t> start;
  std::vector<int64_t> length;

  friend bool operator==(const TensorSlice&, const TensorSlice&) = default;
};

// TensorSliceProto: 1 repeated extent {1 start, 2 length}.
TensorSlice ReadTensorSlice(ProtoMessage message);

// The shape of a slice of `full`; nullopt where it does not fit into it.
std::optional<std::vector<int64_t>> SliceShape(
    const TensorSlice& slice, const std::vector<int64_t>& full);

// The key under which a slice is stored, in TensorFlow's ordered code: byte
// 00, the name, the rank, start and length of each dimension.
std::string EncodeSliceKey(std::string_view name, const TensorSlice& slice);

// TensorProto: 8 repeated string_val. The views live as long as the bytes.
std::vector<std::string_view> ReadStringTensor(ProtoMessage tensor);

}  // namespace ckptdiff

#endif  // CKPTDIFF_CONTAINER_TF_PROTO_H_
