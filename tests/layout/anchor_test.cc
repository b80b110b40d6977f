#include "layout/anchor.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ckptdiff {
namespace {

Layout Graph(const std::vector<std::string>& keys) {
  Layout layout;
  layout.source.addressed_by = AddressedBy::kKey;
  for (const std::string& key : keys) {
    Variable variable;
    variable.key = key;
    variable.name = key.substr(key.rfind('/') + 1);
    layout.variables.push_back(variable);
  }
  return layout;
}

TEST(AnchorTest, FindsWhatHoldsTheObject) {
  const Layout actual = Graph({"net/a/w", "net/a/b", "step", "save_counter/x"});
  EXPECT_EQ(FindAnchor(actual, Graph({"a/w", "a/b"})), "net/");
}

TEST(AnchorTest, OneRenamedAttributeDoesNotHideIt) {
  const Layout actual = Graph({"net/a/w", "net/a/b", "net/c/w"});
  EXPECT_EQ(FindAnchor(actual, Graph({"a/w", "a/b", "renamed/w"})), "net/");
}

TEST(AnchorTest, ARootStandsWhereItIs) {
  const Layout actual = Graph({"net/a/w"});
  EXPECT_EQ(FindAnchor(actual, Graph({"a/w", "save_counter/x"})), "");
  EXPECT_EQ(FindAnchor(Graph({"a/w"}), Graph({"a/w"})), "");
  EXPECT_EQ(FindAnchor(Graph({"data/w"}), Graph({"a/w"})), "");
}

TEST(AnchorTest, MovesOwnersToo) {
  Layout layout = Graph({"a/w", "a/m"});
  layout.variables[1].slot = Slot{.slot = "m", .owner = "w"};
  layout.variables[1].slot->owner_key = "a/w";
  AnchorKeys("net/", &layout);
  EXPECT_EQ(layout.variables[0].key, "net/a/w");
  EXPECT_EQ(layout.variables[1].slot->owner_key, "net/a/w");
}

}  // namespace
}  // namespace ckptdiff
