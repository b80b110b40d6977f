#include "layout/slots.h"

#include <gtest/gtest.h>

namespace ckptdiff {
namespace {

TEST(SlotsTest, MomentumMeansWhatTheOptimizerMakesOfIt) {
  EXPECT_EQ(CanonicalSlot(SlotDialect::kKeras3, "Adam", "momentum"), "m");
  EXPECT_EQ(CanonicalSlot(SlotDialect::kKeras3, "SGD", "momentum"), "momentum");
  EXPECT_EQ(CanonicalSlot(SlotDialect::kKeras3, "Muon", "momentum"),
            "momentum");
  EXPECT_EQ(CanonicalSlot(SlotDialect::kKeras3, "RMSprop", "velocity"), "rms");
  EXPECT_EQ(CanonicalSlot(SlotDialect::kKeras2, "SGD", "m"), "momentum");
  EXPECT_EQ(CanonicalSlot(SlotDialect::kKeras2, "Adam", "m"), "m");
}

TEST(SlotsTest, EveryFrameworksWordsForAdamAreTheSame) {
  EXPECT_EQ(CanonicalSlot(SlotDialect::kTf1, "Adam", "Adam_1"), "v");
  EXPECT_EQ(CanonicalSlot(SlotDialect::kTorch, "AdamW", "exp_avg_sq"), "v");
  EXPECT_EQ(CanonicalSlot(SlotDialect::kOptax, "", "nu"), "v");
}

TEST(SlotsTest, AnUnknownWordStaysAsItIs) {
  EXPECT_EQ(CanonicalSlot(SlotDialect::kTorch, "Prodigy", "prev"), "prev");
  EXPECT_FALSE(IsSlotWord(SlotDialect::kTorch, "prev"));
}

}  // namespace
}  // namespace ckptdiff
