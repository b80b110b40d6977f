#include "content/fingerprint.h"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

namespace ckptdiff {
namespace {

template <typename T>
Fingerprint Of(const std::vector<T>& elements) {
  Fingerprinter fingerprinter(sizeof(T));
  fingerprinter.Add(std::as_bytes(std::span(elements)));
  return fingerprinter.Finish("float32");
}

TEST(FingerprintTest, ATransposedTensorHasTheValuesInAnotherOrder) {
  Fingerprint plain = Of<float>({1, 2, 3, 4, 5, 6});
  Fingerprint turned = Of<float>({1, 4, 2, 5, 3, 6});
  EXPECT_EQ(plain.values, turned.values);
  EXPECT_NE(plain.order, turned.order);
}

TEST(FingerprintTest, PiecesMakeTheWhole) {
  const std::vector<float> all = {1, 2, 3, 4, 5, 6};
  Fingerprinter pieces(sizeof(float));
  pieces.Add(std::as_bytes(std::span(all).first(2)));
  pieces.Add(std::as_bytes(std::span(all).subspan(2)));
  EXPECT_EQ(pieces.Finish("float32").values, Of(all).values);
  EXPECT_EQ(pieces.Finish("float32").order, Of(all).order);
}

TEST(FingerprintTest, OneOtherElementIsAnotherTensor) {
  EXPECT_NE(Of<float>({1, 2, 3}).values, Of<float>({1, 2, 4}).values);
  EXPECT_NE(Of<float>({1, 2, 2}).values, Of<float>({1, 1, 2}).values);
}

TEST(FingerprintTest, ConstantsAndScalarsSayNothing) {
  EXPECT_EQ(Of<float>({1, 1, 1}).values, 0u);
  EXPECT_EQ(Of<float>({0, 0}).values, 0u);
  EXPECT_EQ(Of<float>({3}).values, 0u);
  EXPECT_EQ(Of<float>({}).values, 0u);
}

TEST(FingerprintTest, TellsDTypesApart) {
  Fingerprinter one(4), other(4);
  const std::vector<float> all = {1, 2, 3};
  one.Add(std::as_bytes(std::span(all)));
  other.Add(std::as_bytes(std::span(all)));
  EXPECT_NE(one.Finish("float32").values, other.Finish("int32").values);
}

TEST(FingerprintTest, TakesElementsOfEverySize) {
  EXPECT_EQ(Of<uint8_t>({1, 2}).values, Of<uint8_t>({2, 1}).values);
  EXPECT_EQ(Of<uint16_t>({1, 2}).values, Of<uint16_t>({2, 1}).values);
  EXPECT_EQ(Of<uint64_t>({1, 2}).values, Of<uint64_t>({2, 1}).values);
}

}  // namespace
}  // namespace ckptdiff
