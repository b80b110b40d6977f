#include "content/fingerprint.h"

#include <cstring>

#include "base/hash.h"

namespace ckptdiff {
namespace {

// The finalizer of SplitMix64: every bit of x moves every bit of the result.
uint64_t Mix(uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

constexpr uint64_t kBase = 0x9fb21c651e98df25;  // odd: no power of it is 0

}  // namespace

template <typename T>
void Fingerprinter::AddAs(Bytes bytes) {
  const size_t count = bytes.size() / sizeof(T);
  if (count == 0) return;
  T element;
  if (count_ == 0) {
    std::memcpy(&element, bytes.data(), sizeof(T));
    first_ = element;
  }
  uint64_t differs = 0;
  for (size_t i = 0; i < count; ++i) {
    std::memcpy(&element, bytes.data() + i * sizeof(T), sizeof(T));
    const uint64_t hash = Mix(element);
    differs |= element ^ first_;
    values_ += hash;
    order_ = order_ * kBase + hash;
  }
  count_ += count;
  is_constant_ &= differs == 0;
}

void Fingerprinter::Add(Bytes bytes) {
  switch (size_) {
    case 2: return AddAs<uint16_t>(bytes);
    case 4: return AddAs<uint32_t>(bytes);
    case 8: return AddAs<uint64_t>(bytes);
    default: return AddAs<uint8_t>(bytes);
  }
}

Fingerprint Fingerprinter::Finish(std::string_view dtype) const {
  if (count_ < 2 || is_constant_) return {};
  const uint64_t kind = HashParts({dtype}) + count_;
  const uint64_t values = Mix(values_ ^ Mix(kind));
  return {.values = values == 0 ? 1 : values, .order = order_};
}

}  // namespace ckptdiff
