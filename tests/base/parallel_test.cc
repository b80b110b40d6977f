#include "base/parallel.h"

#include <gtest/gtest.h>

#include <vector>

namespace ckptdiff {
namespace {

TEST(MapInOrderTest, ConsumesInOrderForAnyNumberOfThreads) {
  for (unsigned jobs : {0u, 1u, 2u, 7u, 64u}) {
    std::vector<size_t> seen;
    MapInOrder(
        500, jobs, [](size_t i) { return i * i; },
        [&](size_t i, size_t result) {
          EXPECT_EQ(result, i * i);
          seen.push_back(i);
        });
    ASSERT_EQ(seen.size(), 500u);
    for (size_t i = 0; i < seen.size(); ++i) EXPECT_EQ(seen[i], i);
  }
}

TEST(MapInOrderTest, NothingIsDoneOfNothing) {
  MapInOrder(
      0, 4, [](size_t i) { return i; }, [](size_t, size_t) { ADD_FAILURE(); });
}

}  // namespace
}  // namespace ckptdiff
