#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <string>

#include "support/fixture.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace ckptdiff {
namespace {

TEST(FuzzTest, TheCorpusReplays) {
  int replayed = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(TestData("fuzz_corpus"))) {
    std::string bytes = ReadTextFile(entry.path());
    const auto* data = reinterpret_cast<const uint8_t*>(bytes.data());
    EXPECT_EQ(LLVMFuzzerTestOneInput(data, bytes.size()), 0) << entry.path();
    ++replayed;
  }
  EXPECT_GT(replayed, 0);
}

}  // namespace
}  // namespace ckptdiff
