#include <gtest/gtest.h>

#include <string>

#include "formats/format.h"

namespace ckptdiff {
namespace {

// What a file of `format` is named for; empty: for what it is.
std::string NamedFor(const std::string& format, const std::string& path) {
  SourceInfo source;
  source.format = format;
  source.path = path;
  const std::optional<Misnomer> misnomer = MisnomerOf(source);
  return misnomer ? misnomer->named_for : "";
}

TEST(MisnomerTest, TheLongestExtensionDecides) {
  EXPECT_EQ(NamedFor("torch-zip", "run/model.safetensors"), "safetensors");
  EXPECT_EQ(NamedFor("torch-zip", "model.h5"), "keras-h5");
  EXPECT_EQ(NamedFor("safetensors", "pytorch_model.bin"), "torch-zip");
  EXPECT_EQ(NamedFor("safetensors", "last.ckpt"), "torch-zip");
  EXPECT_EQ(NamedFor("keras-h5", "model.keras"), "");
  // Keras takes a legacy file for one of its new ones by these two words.
  EXPECT_EQ(NamedFor("keras-h5", "model.weights.h5"), "keras-weights-h5");
  EXPECT_EQ(NamedFor("keras-weights-h5", "model.h5"), "keras-h5");
}

TEST(MisnomerTest, WhatIsNotNamedByAnExtensionHasNone) {
  EXPECT_EQ(NamedFor("tf-bundle", "run/model.ckpt"), "");  // a prefix
  EXPECT_EQ(NamedFor("orbax", "run/model.ckpt"), "");      // a directory
  EXPECT_EQ(NamedFor("safetensors", "model.safetensors.index.json"), "");
  EXPECT_EQ(NamedFor("torch-legacy", "epoch=3.ckpt"), "");
  EXPECT_EQ(NamedFor("torch-zip", "weights"), "");
}

TEST(MisnomerTest, OfADirectoryTheFileThatIsReadCounts) {
  SourceInfo source;
  source.format = "torch-zip";
  source.path = "run.safetensors";
  source.resolved = "run.safetensors/model.pt";
  EXPECT_FALSE(MisnomerOf(source).has_value());
  source.resolved = "run.safetensors/model.h5";
  ASSERT_TRUE(MisnomerOf(source).has_value());
  EXPECT_EQ(MisnomerOf(source)->usual_names, "*.pt *.pth *.bin *.ckpt *.tar");
}

}  // namespace
}  // namespace ckptdiff
