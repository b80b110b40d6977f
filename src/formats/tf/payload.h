// The checksums of payloads. Of a tensor of numbers it is taken over the bytes
// as they lie in the shard. A string tensor is stored as
//
//   n varint lengths, u32 masked checksum of the lengths, the bytes
//
// and its checksum is taken over the lengths as u32 (u64 where a length needs
// it), the four checksum bytes, then the strings: not over what is stored.

#ifndef CKPTDIFF_FORMATS_TF_PAYLOAD_H_
#define CKPTDIFF_FORMATS_TF_PAYLOAD_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ckptdiff/layout.h"
#include "formats/tf/bundle.h"

namespace ckptdiff {

// What contradicts the checksum of one payload; empty: nothing, as far as its
// shard holds it.
std::string PayloadProblem(const TensorBundle& bundle,
                           const BundleEntry& entry);
// The value of an integer (or whole floating) scalar whose checksum is right.
std::optional<int64_t> ScalarInt(const TensorBundle& bundle,
                                 const BundleEntry& entry);
// All payloads but the object graph's. Streams them, 256 KiB at a time.
std::vector<Issue> VerifyPayloads(const TensorBundle& bundle);

}  // namespace ckptdiff

#endif  // CKPTDIFF_FORMATS_TF_PAYLOAD_H_
