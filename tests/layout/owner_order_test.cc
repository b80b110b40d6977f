#include "layout/owner_order.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ckptdiff {
namespace {

using ::testing::ElementsAre;
using Owners = OwnerIndices;

constexpr size_t kOpen = kOpenOwner;

const Shape kWeight = Shape::Of({4, 4});
const Shape kBias = Shape::Of({4});
const Shape kHead = Shape::Of({2, 4});
const Shape kHeadBias = Shape::Of({2});

Owners Align(const std::vector<Shape>& parameters,
             const std::vector<OwnerGroup>& groups) {
  return AlignOwners(parameters, groups).value_or(Owners());
}

TEST(AlignOwnersTest, OneGroupOfAllIsInOrder) {
  EXPECT_THAT(Align({kWeight, kBias, kWeight, kBias},
                    {{kWeight, kBias, kWeight, kBias}}),
              ElementsAre(ElementsAre(0, 1, 2, 3)));
}

TEST(AlignOwnersTest, WeightsWithDecayMayComeFirst) {
  EXPECT_THAT(Align({kWeight, kBias, kWeight, kBias},
                    {{kWeight, kWeight}, {kBias, kBias}}),
              ElementsAre(ElementsAre(0, 2), ElementsAre(1, 3)));
}

TEST(AlignOwnersTest, AFrozenBodyLeavesTheHead) {
  EXPECT_THAT(Align({kWeight, kBias, kWeight, kBias, kHead, kHeadBias},
                    {{kHead, kHeadBias}}),
              ElementsAre(ElementsAre(4, 5)));
}

TEST(AlignOwnersTest, OneOfSeveralEqualLayersIsOpen) {
  EXPECT_THAT(Align({kWeight, kBias, kWeight, kBias}, {{kWeight, kBias}}),
              ElementsAre(ElementsAre(kOpen, kOpen)));
}

TEST(AlignOwnersTest, AFrozenLayerLeavesOpenOnlyItsEquals) {
  EXPECT_THAT(Align({kHead, kWeight, kBias, kWeight, kBias, kHeadBias},
                    {{kHead, kWeight, kBias, kHeadBias}}),
              ElementsAre(ElementsAre(0, kOpen, kOpen, 5)));
}

TEST(AlignOwnersTest, EqualGroupsAreOpenEvenInTheOrderOfTheModel) {
  EXPECT_THAT(
      Align({kWeight, kBias, kWeight, kBias},
            {{kWeight, kBias}, {kWeight, kBias}}),
      ElementsAre(ElementsAre(kOpen, kOpen), ElementsAre(kOpen, kOpen)));
}

TEST(AlignOwnersTest, ANeighbourSettlesWhatAShapeAloneDoesNot) {
  // The bias of the head has the shape of the others, but stands behind it.
  EXPECT_THAT(Align({kWeight, kBias, kWeight, kBias, kHead, kBias},
                    {{kHead, kBias}, {kWeight, kBias, kWeight, kBias}}),
              ElementsAre(ElementsAre(4, 5), ElementsAre(0, 1, 2, 3)));
}

TEST(AlignOwnersTest, OwnShapesDecideInAnyOrder) {
  EXPECT_THAT(Align({kWeight, kBias, kHead, kHeadBias},
                    {{kHeadBias, kHead, kBias, kWeight}}),
              ElementsAre(ElementsAre(3, 2, 1, 0)));
}

TEST(AlignOwnersTest, WhatNeverSteppedHasNoShapeAndKeepsItsPlace) {
  EXPECT_THAT(Align({kWeight, kBias, kWeight, kBias},
                    {{kWeight, kBias, Shape::Unknown(), Shape::Unknown()}}),
              ElementsAre(ElementsAre(0, 1, 2, 3)));
}

TEST(AlignOwnersTest, AShapeThatNoParameterHasFitsNothing) {
  EXPECT_FALSE(AlignOwners(std::vector{kWeight, kBias},
                           std::vector<OwnerGroup>{{kWeight, kHead}}));
}

TEST(AlignOwnersTest, ManyEqualLayersAndGroupsEndSoon) {
  std::vector<Shape> parameters(20000, kWeight);
  std::vector<OwnerGroup> groups(100, OwnerGroup(100, kWeight));
  std::optional<Owners> owners = AlignOwners(parameters, groups);
  ASSERT_TRUE(owners);
  EXPECT_EQ(owners->front().front(), kOpen);
}

TEST(AlignOwnersByShapeTest, AsksNoOrder) {
  std::vector<Shape> sorted = {kBias, kWeight};
  EXPECT_EQ(AlignOwnersByShape(sorted, std::vector<OwnerGroup>{{kWeight}}),
            Owners({{1}}));
  std::vector<Shape> equal = {kWeight, kHead, kWeight};
  EXPECT_EQ(AlignOwnersByShape(
                equal, std::vector<OwnerGroup>{{kHead, kWeight, kWeight}}),
            Owners({{1, kOpen, kOpen}}));
  EXPECT_FALSE(
      AlignOwnersByShape(equal, std::vector<OwnerGroup>{{kHead, kHead}}));
}

}  // namespace
}  // namespace ckptdiff
