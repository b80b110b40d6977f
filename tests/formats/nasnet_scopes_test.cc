#include "formats/keras_layers/nasnet_scopes.h"

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>

namespace ckptdiff {
namespace {

LayerGraph GraphOf(std::initializer_list<const char*> names) {
  LayerGraph graph;
  for (const char* name : names) graph.layers.push_back({name, nullptr, {}});
  return graph;
}

// The scopes are those of keras.applications.NASNetMobile in Keras 3.15.
TEST(NasnetScopesTest, ALayersNameTellsItsCellAndItsPlaceInIt) {
  LayerGraph graph = GraphOf({"stem_conv1", "reduction_conv_1_stem_1",
                              "adjust_conv_1_stem_2", "adjust_conv_1_0"});
  NasnetScopes scopes(graph);
  EXPECT_EQ(scopes.Of("stem_conv1"), "");
  EXPECT_EQ(scopes.Of("reduction_conv_1_stem_1"), "reduction_A_block_stem_1");
  EXPECT_EQ(scopes.Of("normal_bn_1_12"), "normal_A_block_12");
  EXPECT_EQ(scopes.Of("separable_conv_1_bn_normal_right2_12"),
            "normal_A_block_12/block_2/"
            "separable_conv_block_normal_right2_12");
  EXPECT_EQ(scopes.Of("separable_conv_2_reduction_left4_reduce_4"),
            "reduction_A_block_reduce_4/block_5/"
            "separable_conv_block_reduction_left4_reduce_4");
}

TEST(NasnetScopesTest, AnInputIsHalvedOrProjected) {
  LayerGraph graph = GraphOf({"stem_conv1", "reduction_conv_1_stem_1",
                              "adjust_conv_1_stem_2", "adjust_bn_stem_2"});
  NasnetScopes scopes(graph);
  EXPECT_EQ(scopes.Of("adjust_bn_stem_2"),
            "reduction_A_block_stem_2/adjust_block/"
            "adjust_reduction_block_stem_2");
  EXPECT_EQ(scopes.Of("adjust_conv_projection_1"),
            "normal_A_block_1/adjust_block/adjust_projection_block_1");
}

TEST(NasnetScopesTest, OtherModelsHaveNone) {
  LayerGraph graph = GraphOf({"stem_conv1", "normal_conv_1_0"});
  EXPECT_EQ(NasnetScopes(graph).Of("normal_conv_1_0"), "");
}

}  // namespace
}  // namespace ckptdiff
