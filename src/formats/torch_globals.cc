#include "formats/torch_globals.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "base/text.h"
#include "formats/torch_tensor.h"

namespace ckptdiff {
namespace {

constexpr size_t kShown = 5;

// Whole names.
constexpr std::array<std::string_view, 46> kHarmless = {
    "_codecs.encode",
    "argparse.Namespace",
    "builtins.bool",
    "builtins.bytearray",
    "builtins.bytes",
    "builtins.complex",
    "builtins.dict",
    "builtins.float",
    "builtins.frozenset",
    "builtins.int",
    "builtins.list",
    "builtins.object",
    "builtins.range",
    "builtins.set",
    "builtins.slice",
    "builtins.str",
    "builtins.tuple",
    "__builtin__.bytes",
    "__builtin__.complex",
    "__builtin__.dict",
    "__builtin__.float",
    "__builtin__.frozenset",
    "__builtin__.int",
    "__builtin__.list",
    "__builtin__.long",
    "__builtin__.object",
    "__builtin__.set",
    "__builtin__.slice",
    "__builtin__.str",
    "__builtin__.tuple",
    "__builtin__.unicode",
    "__builtin__.xrange",
    "collections.Counter",
    "collections.OrderedDict",
    "collections.defaultdict",
    "collections.deque",
    "copy_reg._reconstructor",
    "copyreg._reconstructor",
    "datetime.datetime",
    "datetime.timedelta",
    "fractions.Fraction",
    "numpy.dtype",
    "numpy.ndarray",
    "types.SimpleNamespace",
    "uuid.UUID",
    "decimal.Decimal"};

// Everything below these.
constexpr std::array<std::string_view, 18> kHarmlessPrefixes = {
    "numpy.core.multiarray.",
    "numpy._core.multiarray.",
    "numpy._core.numeric._frombuffer",
    "numpy.dtypes.",
    "ml_dtypes.",
    "pathlib.",
    "torch._tensor._rebuild_",
    "torch._utils._rebuild_",
    "torch.distributed._",
    "torch.distributed.checkpoint.",
    "torch.distributed.tensor.",
    "torch.distributed.device_mesh.",
    "torch.jit._pickle.",
    "torch.nn.backends.",
    "torch.nn.modules.",
    "torch.nn.parameter.",
    "torch.optim.",
    "torch.storage."};

// Ways to run something, under all their names.
constexpr std::array<std::string_view, 20> kRunners = {"os.",
                                                       "posix.",
                                                       "nt.",
                                                       "subprocess.",
                                                       "sys.",
                                                       "runpy.",
                                                       "socket.",
                                                       "shutil.",
                                                       "pty.",
                                                       "commands.",
                                                       "importlib.",
                                                       "webbrowser.",
                                                       "builtins.eval",
                                                       "builtins.exec",
                                                       "builtins.compile",
                                                       "builtins.getattr",
                                                       "builtins.__import__",
                                                       "builtins.open",
                                                       "__builtin__.eval",
                                                       "__builtin__.exec"};

bool StartsWithAny(std::string_view text,
                   std::span<const std::string_view> prefixes) {
  return std::any_of(
      prefixes.begin(), prefixes.end(),
      [&](std::string_view one) { return text.starts_with(one); });
}

// "a.B, c.D and 3 more"
std::string Some(const std::vector<std::string_view>& names) {
  std::string text;
  for (size_t i = 0; i < std::min(kShown, names.size()); ++i) {
    text += (i > 0 ? ", " : "") + Printable(names[i].substr(0, 200));
  }
  if (names.size() > kShown) {
    text += fmt::format(" and {} more", names.size() - kShown);
  }
  return text;
}

bool IsHarmlessGlobal(std::string_view global) {
  if (std::find(kHarmless.begin(), kHarmless.end(), global) !=
      kHarmless.end()) {
    return true;
  }
  if (StartsWithAny(global, kHarmlessPrefixes)) return true;
  // torch.float32, torch.FloatStorage, torch.Size, torch.device, …: what stands
  // directly in torch and is a type, a dtype or a quantization scheme.
  constexpr std::array<std::string_view, 12> kTorch = {
      "torch.Size",
      "torch.device",
      "torch.Tensor",
      "torch._tensor.Tensor",
      "torch.Generator",
      "torch.per_tensor_affine",
      "torch.per_tensor_symmetric",
      "torch.per_channel_affine",
      "torch.per_channel_symmetric",
      "torch.per_channel_affine_float_qparams",
      "torch.serialization._get_layout",
      "torch.torch_version.TorchVersion"};
  if (std::find(kTorch.begin(), kTorch.end(), global) != kTorch.end()) {
    return true;
  }
  bool is_direct = global.starts_with("torch.") &&
                   global.find('.', 6) == std::string_view::npos;
  return is_direct &&
         (global.ends_with("Storage") || !TorchDType(global).empty());
}

}  // namespace

void ListUnknownGlobals(std::span<const std::string_view> globals,
                        Layout* layout) {
  std::vector<std::string_view> runners, unknown;
  for (std::string_view global : globals) {
    if (IsHarmlessGlobal(global) || global.starts_with("__torch__.")) continue;
    bool runs = StartsWithAny(global, kRunners);
    (runs ? runners : unknown).push_back(global);
  }
  if (!runners.empty()) {
    layout->issues.push_back(
        {"unsafe-pickle", std::string(runners[0].substr(0, 200)),
         fmt::format("torch.load would run {}: do not load this file",
                     Some(runners))});
  }
  if (!unknown.empty()) {
    layout->issues.push_back(
        {"unsafe-pickle", std::string(unknown[0].substr(0, 200)),
         fmt::format("names {} that torch.load(weights_only=True) refuses: {}",
                     unknown.size() == 1 ? "code" : "code in several places",
                     Some(unknown))});
  }
}

}  // namespace ckptdiff
