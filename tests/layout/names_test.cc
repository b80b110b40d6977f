#include "layout/names.h"

#include <gtest/gtest.h>

namespace ckptdiff {
namespace {

TEST(CanonicalNameTest, DropsWhatMeansNothing) {
  EXPECT_EQ(CanonicalName("dense/kernel:0"), "dense/kernel");
  EXPECT_EQ(CanonicalName("d/kernel/.ATTRIBUTES/VARIABLE_VALUE"), "d/kernel");
  EXPECT_EQ(CanonicalName("emb/part_12"), "emb");
  EXPECT_EQ(CanonicalName("emb/part_0:0"), "emb");
}

TEST(CanonicalNameTest, KeepsWhatIsARename) {
  for (const char* name :
       {"dense/kernel", "dense.kernel", "Dense/kernel", "dense/kernel:1",
        "part_0", "/part_0", "emb/part_", "emb/party_1", ":0", "layer_10"}) {
    EXPECT_EQ(CanonicalName(name), name);
    EXPECT_TRUE(IsCanonicalName(name)) << name;
  }
}

TEST(CanonicalNameTest, ComposesUnicode) {
  EXPECT_EQ(CanonicalName("gro\xcc\x88\xc3\x9f"
                          "e"),
            "gr\xc3\xb6\xc3\x9f"
            "e");
  EXPECT_FALSE(IsCanonicalName("o\xcc\x88"));
  EXPECT_TRUE(IsCanonicalName("\xc3\xb6"));
}

TEST(CanonicalNameTest, LeavesBytesThatAreNoTextAlone) {
  EXPECT_EQ(CanonicalName("w\xff\xfe"), "w\xff\xfe");
}

}  // namespace
}  // namespace ckptdiff
