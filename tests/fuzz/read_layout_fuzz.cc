// The fuzz target: any bytes, offered to every reader as a file in memory.
// With clang and -fsanitize=fuzzer it is a fuzzer; the ordinary test run
// replays testdata/fuzz_corpus through it (replay_test.cc).

#include <cstddef>
#include <cstdint>
#include <string>

#include "formats/format.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  ckptdiff::MemoryFileSystem files;
  files.Add("input", std::string(reinterpret_cast<const char*>(data), size));
  ckptdiff::Source source(files, "input");
  for (const ckptdiff::Format* format : ckptdiff::AllFormats()) {
    format->detect(source, {});
  }
  (void)ckptdiff::ReadSource(source, {});
  return 0;
}
