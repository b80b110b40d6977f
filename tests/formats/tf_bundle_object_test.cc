#include <gtest/gtest.h>

#include <map>
#include <string>

#include "container/tensor_bundle.h"
#include "formats/format.h"
#include "support/bundle_builder.h"

namespace ckptdiff {
namespace {

std::string Child(uint64_t node, const std::string& name) {
  return ProtoBytes(1, ProtoVarint(1, node) + ProtoBytes(2, name));
}

std::string Value(const std::string& name, const std::string& key) {
  return ProtoBytes(2, ProtoBytes(1, "VARIABLE_VALUE") + ProtoBytes(2, name) +
                           ProtoBytes(3, key));
}

std::string Key(const std::string& path) {
  return path + "/.ATTRIBUTES/VARIABLE_VALUE";
}

Result<Layout> ReadBundle(const BundleBuilder& bundle) {
  MemoryFileSystem files;
  bundle.AddTo(&files, "m");
  return ReadSource(Source(files, "m"), {});
}

TEST(TfBundleObjectTest, EndsOnAGraphThatHoldsItself) {
  std::string graph =
      ProtoBytes(1, Child(1, "a") + Child(0, "me")) +
      ProtoBytes(1, Child(0, "up") + Child(1, "self") + Child(2, "w")) +
      ProtoBytes(1, Value("w", Key("a/w")));
  BundleBuilder bundle;
  bundle.Add(Key("a/w"), {2}).AddString(std::string(kObjectGraphKey), graph);
  Result<Layout> layout = ReadBundle(bundle);
  ASSERT_TRUE(layout.ok()) << ToString(layout.error());
  ASSERT_EQ(layout.value().variables.size(), 2u);
  EXPECT_EQ(layout.value().variables[0].name, "w");
  EXPECT_EQ(layout.value().source.format, "tf-bundle-object");
  EXPECT_EQ(layout.value().source.addressed_by, AddressedBy::kKey);
}

TEST(TfBundleObjectTest, RefusesNodeIdsOutOfRange) {
  BundleBuilder bundle;
  bundle.AddString(std::string(kObjectGraphKey), ProtoBytes(1, Child(7, "a")));
  EXPECT_FALSE(ReadBundle(bundle).ok());
}

TEST(TfBundleObjectTest, WithoutItsShardNamesAndSlotsComeFromTheKeys) {
  BundleBuilder bundle;
  bundle.Add(Key("d/kernel"), {2});
  bundle.Add(Key("d/kernel/.OPTIMIZER_SLOT/opt/m"), {2});
  bundle.AddInt(Key("opt/iter"), 5).Add(Key("opt/learning_rate"), {});
  bundle.AddString(std::string(kObjectGraphKey), "");
  MemoryFileSystem files;
  files.Add("m.index", bundle.Index());
  Result<Layout> layout = ReadSource(Source(files, "m"), {});
  ASSERT_TRUE(layout.ok());
  std::map<std::string, Variable> named;
  for (const Variable& variable : layout.value().variables) {
    named[variable.key] = variable;
  }
  const Variable& slot = named[Key("d/kernel/.OPTIMIZER_SLOT/opt/m")];
  EXPECT_EQ(SlotLabel(slot), "d/kernel/opt/m");
  EXPECT_EQ(named[Key("d/kernel")].role, Role::kWeight);
  EXPECT_EQ(named[Key("opt/iter")].role, Role::kOptimizer);
  EXPECT_EQ(named[Key("opt/learning_rate")].role, Role::kOptimizer);
}

// A flipped byte in the graph would be a wrong name, not an error.
TEST(TfBundleObjectTest, ADamagedGraphIsNotBelieved) {
  std::string graph =
      ProtoBytes(1, Child(1, "w")) + ProtoBytes(1, Value("weight", Key("w")));
  BundleBuilder bundle;
  bundle.AddString(std::string(kObjectGraphKey), graph).Add(Key("w"), {2});
  MemoryFileSystem files;
  std::string data = bundle.Data();
  data[data.find("weight")] = 'X';
  files.Add("m.index", bundle.Index());
  files.Add("m.data-00000-of-00001", data);
  Result<Layout> layout = ReadSource(Source(files, "m"), {});
  ASSERT_TRUE(layout.ok());
  ASSERT_EQ(layout.value().issues.size(), 1u);
  EXPECT_EQ(layout.value().issues[0].rule, "checksum-mismatch");
  for (const Variable& variable : layout.value().variables) {
    bool is_weight = variable.role == Role::kWeight;
    EXPECT_EQ(is_weight, variable.name == "w") << variable.name;
  }
}

TEST(TfBundleObjectTest, AKeyThatTheIndexLacksIsAnIssue) {
  std::string graph =
      ProtoBytes(1, Child(1, "w")) + ProtoBytes(1, Value("w", Key("w")));
  BundleBuilder bundle;
  bundle.AddString(std::string(kObjectGraphKey), graph);
  Result<Layout> layout = ReadBundle(bundle);
  ASSERT_TRUE(layout.ok());
  ASSERT_EQ(layout.value().issues.size(), 1u);
  EXPECT_EQ(layout.value().issues[0].where, Key("w"));
}

// The step is the user's own where there is one, not the number of saves.
TEST(TfBundleObjectTest, TheStepIsTheUsersCounter) {
  std::string graph =
      ProtoBytes(1, Child(1, "step") + Child(2, "save_counter")) +
      ProtoBytes(1, Value("step", Key("step"))) +
      ProtoBytes(1, Value("save_counter", Key("save_counter")));
  BundleBuilder bundle;
  bundle.AddInt(Key("step"), 300).AddInt(Key("save_counter"), 3);
  bundle.AddString(std::string(kObjectGraphKey), graph);
  Result<Layout> layout = ReadBundle(bundle);
  ASSERT_TRUE(layout.ok());
  EXPECT_EQ(layout.value().source.step, 300);
  EXPECT_EQ(layout.value().variables[0].role, Role::kStep);
  EXPECT_EQ(layout.value().variables[1].role, Role::kBookkeeping);
}

// As RandomFlip of tf-keras carries it in a SavedModel.
TEST(TfBundleObjectTest, TheStateOfRandomNumbersIsNoWeight) {
  std::string key = Key("flip/_random_generator/_generator/_state_var");
  std::string graph = ProtoBytes(1, Child(1, "flip")) +
                      ProtoBytes(1, Child(2, "_random_generator")) +
                      ProtoBytes(1, Child(3, "_generator")) +
                      ProtoBytes(1, Child(4, "_state_var")) +
                      ProtoBytes(1, Value("flip/StateVar", key));
  BundleBuilder bundle;
  bundle.Add(key, {3}).AddString(std::string(kObjectGraphKey), graph);
  Result<Layout> layout = ReadBundle(bundle);
  ASSERT_TRUE(layout.ok());
  EXPECT_EQ(layout.value().variables[0].key, key);
  EXPECT_EQ(layout.value().variables[0].role, Role::kBookkeeping);
}

// What a table stores has keys that only begin as the graph says.
TEST(TfBundleObjectTest, ATableIsNotDamage) {
  std::string graph =
      ProtoBytes(1, Child(1, "table")) +
      ProtoBytes(1, ProtoBytes(2, ProtoBytes(1, "table") +
                                      ProtoBytes(3,
                                                 "table/"
                                                 ".ATTRIBUTES/table")));
  BundleBuilder bundle;
  bundle.Add("table/.ATTRIBUTES/table-keys", {2});
  bundle.Add("table/.ATTRIBUTES/table-values", {2});
  bundle.AddString(std::string(kObjectGraphKey), graph);
  Result<Layout> layout = ReadBundle(bundle);
  ASSERT_TRUE(layout.ok());
  EXPECT_TRUE(layout.value().issues.empty());
  EXPECT_EQ(layout.value().variables[0].role, Role::kBookkeeping);
}

// Two weights that are both called `block/kernel`, held by `first` and
// `second`, and an optimizer with a slot for each.
Result<Layout> OfTwoNamesakes(const std::string& first,
                              const std::string& second) {
  std::string slot = "Adam/m/block/kernel";
  std::string graph =
      ProtoBytes(1, Child(1, first) + Child(2, second) + Child(3, "opt")) +
      ProtoBytes(1, Child(4, "kernel")) + ProtoBytes(1, Child(5, "kernel")) +
      ProtoBytes(1, Child(6, "_iterations") + Child(7, "_variables") +
                        Child(8, "_momentums")) +
      ProtoBytes(1, Value("block/kernel", Key(first + "/kernel"))) +
      ProtoBytes(1, Value("block/kernel", Key(second + "/kernel"))) +
      ProtoBytes(1, Value("iteration", Key("opt/_iterations"))) +
      ProtoBytes(1, Child(9, "1") + Child(10, "2")) +
      ProtoBytes(1, Child(9, "0") + Child(10, "1")) +
      ProtoBytes(1, Value(slot, Key("opt/_variables/1"))) +
      ProtoBytes(1, Value(slot, Key("opt/_variables/2")));
  BundleBuilder bundle;
  bundle.Add(Key(first + "/kernel"), {2}).Add(Key(second + "/kernel"), {2});
  bundle.Add(Key("opt/_variables/1"), {2}).Add(Key("opt/_variables/2"), {2});
  bundle.AddInt(Key("opt/_iterations"), 1);
  bundle.AddString(std::string(kObjectGraphKey), graph);
  return ReadBundle(bundle);
}

std::string OwnerKeyOf(const Layout& layout, const std::string& key) {
  for (const Variable& variable : layout.variables) {
    if (variable.key == key && variable.slot) return variable.slot->owner_key;
  }
  return "";
}

TEST(TfBundleObjectTest, NamesakesThatAreCountedOwnSlotsInTheirOrder) {
  Result<Layout> layout =
      OfTwoNamesakes("layer_with_weights-0", "layer_with_weights-1");
  ASSERT_TRUE(layout.ok());
  EXPECT_EQ(OwnerKeyOf(layout.value(), Key("opt/_variables/2")),
            Key("layer_with_weights-1/kernel"));
}

// Keras goes through a dict by the alphabet, and nothing says what is a dict.
TEST(TfBundleObjectTest, NamesakesOfADictMayOwnEitherSlot) {
  Result<Layout> layout = OfTwoNamesakes("query", "key");
  ASSERT_TRUE(layout.ok());
  EXPECT_EQ(OwnerKeyOf(layout.value(), Key("opt/_variables/1")), "");
  EXPECT_EQ(OwnerKeyOf(layout.value(), Key("opt/_variables/2")), "");
}

}  // namespace
}  // namespace ckptdiff
