// The list of formats, and the one place where reading errors are caught.

#include <new>
#include <utility>

#include "base/parse_error.h"
#include "ckptdiff/read.h"
#include "formats/format.h"

// In order of preference where two claims are equal.
#define CKPTDIFF_FORMATS(X) \
  X(kTfjs) /* a topology is a Keras config, the weights are more */ \
  X(kKerasConfig) \
  X(kKerasH5) \
  X(kKerasWeightsH5) \
  X(kKerasZip) \
  X(kLayout) \
  X(kSafetensors) /* from_pretrained takes it before a .bin */ \
  X(kTfBundle) \
  X(kTfBundleObject) \
  X(kTfV1) \
  X(kTorchDcp) \
  X(kTorchLegacy) \
  X(kTorchScript) \
  X(kTorchZip) \
  X(kMetaGraph) \
  X(kSavedModel) \
  X(kFlaxMsgpack) \
  X(kGguf) \
  X(kNpy) \
  X(kNpz) \
  X(kOnnx) \
  X(kOrbax) \
  /* one line a format */

namespace ckptdiff {

#define CKPTDIFF_DECLARE(name) extern const Format name;
CKPTDIFF_FORMATS(CKPTDIFF_DECLARE)
#undef CKPTDIFF_DECLARE

const std::vector<const Format*>& AllFormats() {
#define CKPTDIFF_ADDRESS(name) &name,
  static const std::vector<const Format*> formats = {
      CKPTDIFF_FORMATS(CKPTDIFF_ADDRESS)};
#undef CKPTDIFF_ADDRESS
  return formats;
}

const std::vector<FormatInfo>& Formats() {
  static const std::vector<FormatInfo> infos = [] {
    std::vector<FormatInfo> all;
    for (const Format* format : AllFormats()) {
      all.push_back({format->id, format->summary, format->extensions,
                     format->is_checkpoint});
    }
    return all;
  }();
  return infos;
}

Detection DetectFormat(const Source& source, const ReadOptions& options) {
  Detection best;
  for (const Format* format : AllFormats()) {
    Claim claim = format->detect(source, options);
    if (claim.match > best.claim.match) best = {format, std::move(claim)};
  }
  if (best.format != nullptr && best.claim.primary.empty()) {
    best.claim.primary = source.path();
  }
  return best;
}

Result<Layout> ReadSource(const Source& source, const ReadOptions& options) {
  try {
    Detection found = DetectFormat(source, options);
    if (found.format == nullptr) return UnrecognizedError(source);
    Layout layout = found.format->read(source, options);
    layout.source.path = source.path();
    layout.source.misnomer = MisnomerOf(layout.source);
    return layout;
  } catch (const ParseError& error) {
    Error said = error.error();
    if (said.path.empty()) said.path = source.path();
    return said;
  } catch (const std::bad_alloc&) {
    return Error{ErrorCode::kCorrupt,
                 source.path(),
                 {},
                 "asks for more memory than there is",
                 {}};
  }
}

namespace {

// A layout document and nothing else: it has no siblings, and every other
// format is read piecewise.
Result<Layout> ReadStandardInput(const ReadOptions& options) {
  MemoryFileSystem files;
  try {
    files.Add("-", StandardInput());
  } catch (const ParseError& error) {
    return error.error();
  }
  Source source(files, "-");
  Detection found = DetectFormat(source, options);
  if (found.format != nullptr && found.format->id == "layout") {
    return ReadSource(source, options);
  }
  const bool is_empty = source.size() == 0;
  return Error{is_empty ? ErrorCode::kCorrupt : ErrorCode::kUnrecognized, "-",
               "standard input",
               is_empty ? "is empty" : "is no layout document",
               "one begins with \"schema\": \"ckptdiff/layout/v1\""};
}

}  // namespace

Result<Layout> ReadLayout(const std::string& path, const ReadOptions& options) {
  if (path == "-") return ReadStandardInput(options);
  return ReadSource(Source(RealFileSystem(), path), options);
}

Identity Identify(const std::string& path, const ReadOptions& options) {
  Detection found = DetectFormat(Source(RealFileSystem(), path), options);
  if (found.format == nullptr) return {};
  return {found.format->id, found.format->is_checkpoint,
          std::move(found.claim.primary), std::move(found.claim.members)};
}

}  // namespace ckptdiff
