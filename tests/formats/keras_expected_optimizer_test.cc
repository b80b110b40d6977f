// The variables of an optimizer that a compiled model's config implies: names
// as Keras 3.15, tf-keras 2.21 and Keras 3.0.5 list them.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "formats/format.h"
#include "support/fixture.h"

namespace ckptdiff {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;

// What is no weight: "name [shape]".
std::vector<std::string> OptimizerLines(const std::string& json) {
  MemoryFileSystem files;
  files.Add("model.json", json);
  Result<Layout> layout = ReadSource(Source(files, "model.json"), {});
  if (!layout.ok()) return {ToString(layout.error())};
  std::vector<std::string> lines;
  for (const Variable& variable : layout.value().variables) {
    if (variable.role == Role::kWeight) continue;
    lines.push_back(variable.name + " " + ToString(variable.shape));
  }
  return lines;
}

// A layer `b` with a kernel alone, and more in its config.
std::string Kernel(const std::string& input, const std::string& more = "") {
  return R"({"class_name": "Dense", "config": {"name": "b", "units": 4, )"
         R"("use_bias": false, ")" +
         input + R"(": [null, 3])" + more + "}}";
}

std::string Optimizer(const std::string& class_name,
                      const std::string& settings) {
  return R"({"class_name": ")" + class_name + R"(", "config": {)" + settings +
         "}}";
}

std::string Keras3(const std::string& layer, const std::string& optimizer) {
  return R"({"module": "keras.src.models.sequential", "class_name": )"
         R"("Sequential", "config": {"name": "m", "layers": [)" +
         layer + R"(]}, "compile_config": {"optimizer": )" + optimizer + "}}";
}

std::string Keras2(const std::string& layer, const std::string& optimizer) {
  return R"({"class_name": "Sequential", "keras_version": "2.15.0", )"
         R"("config": {"name": "m", "layers": [)" +
         layer + R"(]}, "training_config": {"optimizer_config": )" + optimizer +
         "}}";
}

TEST(KerasExpectedOptimizerTest, TfKerasMarksLegacyOptimizersByTheirModule) {
  EXPECT_THAT(
      OptimizerLines(Keras2(
          Kernel("batch_input_shape"),
          R"({"module": "keras.optimizers.legacy", "class_name": "RMSprop",
              "config": {"name": "opt"}})")),
      ElementsAre("opt/iter []", "opt/b/kernel/rms [3, 4]"));
}

TEST(KerasExpectedOptimizerTest, EachAgeNamesItsSlotsInItsOrder) {
  std::string fixed = R"("name": "opt")";
  EXPECT_THAT(OptimizerLines(
                  Keras3(Kernel("batch_shape"), Optimizer("RMSprop", fixed))),
              ElementsAre("opt/iteration []", "opt/learning_rate []",
                          "opt/m_b_kernel_velocity [3, 4]"));
  EXPECT_THAT(OptimizerLines(Keras2(Kernel("batch_input_shape"),
                                    Optimizer("RMSprop", fixed))),
              ElementsAre("iteration []", "opt/velocity/b/kernel [3, 4]"));
  EXPECT_THAT(
      OptimizerLines(Keras2(
          Kernel("batch_input_shape"),
          Optimizer("RMSprop", fixed + R"(, "is_legacy_optimizer": true)"))),
      ElementsAre("opt/iter []", "opt/b/kernel/rms [3, 4]"));
}

TEST(KerasExpectedOptimizerTest, LegacyOnesListSlotAfterSlot) {
  EXPECT_THAT(
      OptimizerLines(
          Keras2(Kernel("batch_input_shape"),
                 Optimizer("Adam", R"("name": "Adam", "amsgrad": true, )"
                                   R"("is_legacy_optimizer": true)"))),
      ElementsAre("Adam/iter []", "Adam/b/kernel/m [3, 4]",
                  "Adam/b/kernel/v [3, 4]", "Adam/b/kernel/vhat [3, 4]"));
}

TEST(KerasExpectedOptimizerTest, AnUnnamedOneIsCalledAfterItsClass) {
  EXPECT_THAT(
      OptimizerLines(Keras3(Kernel("batch_shape"), Optimizer("Adafactor", ""))),
      ElementsAre("adafactor/iteration []", "adafactor/learning_rate []",
                  "adafactor/kernel [3]", "adafactor/kernel [4]",
                  "adafactor/m_b_kernel_velocity [3, 4]"));
}

// compile() wraps the optimizer; its inner scalars without a scope are lost.
TEST(KerasExpectedOptimizerTest, MixedFloat16IsScaled) {
  std::string policy = R"(, "dtype": {"class_name": "DTypePolicy", )"
                       R"("config": {"name": "mixed_float16"}})";
  EXPECT_THAT(
      OptimizerLines(Keras3(Kernel("batch_shape", policy),
                            Optimizer("Nadam", R"("name": "nadam")"))),
      ElementsAre("loss_scale_optimizer/iteration []",
                  "loss_scale_optimizer/learning_rate []",
                  "loss_scale_optimizer/step_counter []",
                  "loss_scale_optimizer/dynamic_scale []", "nadam/iteration []",
                  "nadam/learning_rate []", "nadam/m_b_kernel_momentum [3, 4]",
                  "nadam/m_b_kernel_velocity [3, 4]"));
  policy = R"(, "dtype": {"class_name": "Policy", )"
           R"("config": {"name": "mixed_float16"}})";
  EXPECT_THAT(OptimizerLines(Keras2(Kernel("batch_input_shape", policy),
                                    Optimizer("Adam", R"("name": "Adam")"))),
              IsSupersetOf({"m/b/kernel [3, 4]", "v/b/kernel [3, 4]"}));
}

const char kFloat8[] =
    R"(, "dtype": {"class_name": "QuantizedFloat8DTypePolicy", "config": )"
    R"({"mode": "float8", "source_name": "float32"}})";

// Their gradients replace them.
TEST(KerasExpectedOptimizerTest, HistoriesOfFloat8HaveNoSlots) {
  EXPECT_THAT(OptimizerLines(Keras3(
                  Kernel("batch_shape", kFloat8),
                  Optimizer("SGD", R"("name": "sgd", "momentum": 0.9)"))),
              ElementsAre("sgd/iteration []", "sgd/learning_rate []",
                          "sgd/m_b_kernel_momentum [3, 4]"));
}

TEST(KerasExpectedOptimizerTest, GradientsOfHistoriesAreSummedToo) {
  EXPECT_THAT(
      OptimizerLines(Keras3(
          Kernel("batch_shape", kFloat8),
          Optimizer("SGD",
                    R"("name": "sgd", "gradient_accumulation_steps": 2)"))),
      Contains("sgd/m_b_kernel_scale_gradient_accumulator []"));
}

TEST(KerasExpectedOptimizerTest, AClassOfTheUsersOwnImpliesNothing) {
  EXPECT_THAT(
      OptimizerLines(Keras3(Kernel("batch_shape"), Optimizer("Mine", ""))),
      IsEmpty());
}

}  // namespace
}  // namespace ckptdiff
