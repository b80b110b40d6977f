// verify, black-box: the bytes against what the file says of them.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "support/fixture.h"
#include "support/schema.h"

namespace ckptdiff {
namespace {

using ::testing::HasSubstr;

class VerifyTest : public ::testing::Test {
 protected:
  // A copy of a bundle of TensorFlow, with its last byte flipped if `flipped`.
  std::string Bundle(const std::string& name, bool flipped) const {
    const std::string from =
        TestData("formats/tf-bundle/gan-with-slots/model.ckpt");
    dir_.Write(name + ".index", ReadTextFile(from + ".index"));
    const std::string shard = ".data-00000-of-00001";
    std::string data = ReadTextFile(from + shard);
    if (flipped) data.back() = static_cast<char>(data.back() ^ 1);
    dir_.Write(name + shard, data);
    return dir_.File(name);
  }

  TempDir dir_;
};

TEST_F(VerifyTest, WholeBytesAreStatus0) {
  const CliResult result = Cli({"verify", Bundle("good", false)});
  EXPECT_EQ(result.status, 0) << result.out;
  EXPECT_THAT(result.out, HasSubstr("nothing wrong was found"));
}

TEST_F(VerifyTest, AFlippedByteIsAFindingThatOnlyVerifyMakes) {
  const std::string bad = Bundle("bad", true);
  const CliResult result = Cli({"verify", bad});
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.out, HasSubstr("checksum-mismatch"));
  EXPECT_THAT(Cli({"inspect", bad, "--format", "json"}).out,
              HasSubstr("\"issues\": []"));
}

TEST_F(VerifyTest, SeverityAndFailOnDecideTheStatus) {
  const std::string bad = Bundle("bad", true);
  EXPECT_EQ(Cli({"verify", bad, "--fail-on", "never"}).status, 0);
  const std::string rule = "checksum-mismatch=warning";
  EXPECT_EQ(Cli({"verify", bad, "--rule", rule}).status, 0);
  EXPECT_EQ(Cli({"verify", bad, "--rule", rule, "--fail-on", "warning"}).status,
            1);
}

TEST_F(VerifyTest, OneThatCannotBeReadStopsNoOther) {
  const CliResult result =
      Cli({"verify", dir_.File("nope"), Bundle("good", false), "-q"});
  EXPECT_EQ(result.status, 2);
  EXPECT_THAT(result.err, HasSubstr("no such file"));
  EXPECT_THAT(result.out, HasSubstr("nothing wrong was found"));
}

TEST_F(VerifyTest, AMachineFormIsAReportALine) {
  const std::string good = Bundle("good", false), bad = Bundle("bad", true);
  const CliResult result = Cli({"verify", good, bad, "--format", "json"});
  const size_t end = result.out.find('\n');
  EXPECT_EQ(ExpectDocument(result.out.substr(0, end))["status"], "clean");
  EXPECT_EQ(ExpectDocument(result.out.substr(end + 1))["status"], "findings");
}

}  // namespace
}  // namespace ckptdiff
