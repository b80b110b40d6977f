// safetensors: the usual file of the Hugging Face libraries, and of whoever
// wants arrays without a pickle.
//
//   u64 little-endian N
//   N bytes of JSON   {"__metadata__": {"format": "pt"},
//                      "fc.weight": {"dtype": "F32", "shape": [5, 4],
//                                    "data_offsets": [0, 80]}, ...}
//   data              little-endian, row-major; offsets count from here
//
// N is at most 100,000,000. The library that everybody uses demands that the
// ranges, sorted, cover the data without a hole or an overlap and that each is
// as long as its shape says; what does not is listed here all the same, with
// an issue. There is no checksum, no optimizer by convention, and no step but
// what a trainer may put into __metadata__ (text → text), where savers also
// record the weights they dropped because another one shares their storage.
//
// A model of several files has an index beside it (formats/shard_index.h). A
// directory stands for the file that `from_pretrained` would open: the model,
// its index, or an adapter; of a trainer's run, those of the last checkpoint.
// (Over 300 lines: reading and judging one header is one thought.)

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <tuple>

#include "base/bytes.h"
#include "base/name_index.h"
#include "base/parse_error.h"
#include "base/text.h"
#include "ckptdiff/dtype.h"
#include "container/safetensors_header.h"
#include "formats/format.h"
#include "formats/model_directory.h"
#include "formats/shard_index.h"
#include "formats/torch_sidecar.h"
#include "layout/slots.h"

namespace ckptdiff {
namespace {

constexpr uint64_t kLengthBytes = 8;
constexpr uint64_t kMaxHeader = 100'000'000;
// {"dtype":"U8","shape":[],"data_offsets":[0,1]}
constexpr size_t kMinEntryBytes = 46;
constexpr size_t kSample = 1 << 16;  // of a header, to reserve for the whole
constexpr std::string_view kExtension = ".safetensors";
constexpr std::string_view kSlotPrefix = "optimizer.";
constexpr std::array<std::string_view, 1> kShardExtensions = {kExtension};

// What from_pretrained looks for, in its order.
constexpr std::array<std::string_view, 6> kModelFiles = {
    "model.safetensors",
    "model.safetensors.index.json",
    "diffusion_pytorch_model.safetensors",
    "diffusion_pytorch_model.safetensors.index.json",
    "adapter_model.safetensors",
    "adapter_model.safetensors.index.json",
};

// The length in front, if it and the byte behind it can be safetensors.
std::optional<uint64_t> HeaderLength(const Source& source) {
  std::string head = source.Peek(0, kLengthBytes + 1);
  if (head.size() < kLengthBytes + 1 || head.back() != '{') return {};
  uint64_t length = ByteCursor(AsBytes(head)).LittleU64("header length");
  if (length < 2 || length > kMaxHeader) return std::nullopt;
  return length;
}

// The only file of the kind in a directory without a well-known name; none
// where there are several.
std::optional<Source> OnlyFile(const Source& directory) {
  std::optional<Source> only;
  for (const std::string& name : directory.Entries()) {
    bool is_index = name.ends_with(".safetensors.index.json");
    if (is_index) return directory.Child(name);
    if (!name.ends_with(kExtension)) continue;
    if (only) return std::nullopt;
    only = directory.Child(name);
  }
  return only;
}

// The file or index that `source` stands for.
std::optional<Source> Resolve(const Source& source) {
  if (!source.is_directory()) return source;
  std::optional<Source> found = FindModelFile(source, kModelFiles);
  return found ? found : OnlyFile(source);
}

Match MatchFile(const Source& source) {
  std::optional<uint64_t> length = HeaderLength(source);
  if (!length) return Match::kNo;
  bool is_whole = *length <= source.size() - kLengthBytes;
  return is_whole ? Match::kYes : Match::kMaybe;
}

Claim Detect(const Source& source, const ReadOptions&) {
  std::optional<Source> file = Resolve(source);
  if (!file || !file->is_file()) return {};
  Claim claim;
  if (IsShardIndex(*file, kShardExtensions)) {
    claim = ClaimShardIndex(*file);
  } else {
    claim.match = MatchFile(*file);
  }
  // By its name it is one: what it really is, read() says.
  if (claim.match == Match::kNo && source.is_directory()) {
    claim.match = Match::kMaybe;
  }
  if (claim.match == Match::kNo) return {};
  claim.primary = file->path();
  ClaimTorchSidecars(*file, &claim);
  return claim;
}

// Turns one header into a layout and checks it against the file.
class LayoutBuilder {
 public:
  LayoutBuilder(uint64_t data_start, uint64_t file_size)
      : data_start_(data_start), file_size_(file_size) {}

  Layout Build(std::string_view header) &&;

 private:
  void Add(std::string_view rule, std::string where, std::string message) {
    layout_.issues.push_back(
        {std::string(rule), std::move(where), std::move(message)});
  }
  void AddTensor(const SafetensorsEntry& entry);
  void Place(const SafetensorsEntry& entry, Variable* variable);
  void TieSlots();
  void CheckRanges();
  void CheckEnd(uint64_t end);
  void Describe(const std::map<std::string, std::string>& metadata);

  uint64_t data_start_;
  uint64_t file_size_;
  Layout layout_;
  NameIndex names_;
  bool may_have_slots_ = false;
};

// Bytes and place, where the offsets agree with each other and the shape.
void LayoutBuilder::Place(const SafetensorsEntry& entry, Variable* variable) {
  auto refuse = [&](std::string_view why) {
    return Corrupt("header",
                   fmt::format("tensor \"{}\" {}", Printable(entry.name), why));
  };
  std::optional<uint64_t> elements = variable->shape.Elements();
  if (!elements) throw refuse("has more elements than 2^64");
  if (entry.begin > entry.end) {
    Add("truncated-data", variable->name,
        fmt::format("its data begin at {} and end at {}", entry.begin,
                    entry.end));
    return;
  }
  if (entry.end > UINT64_MAX - data_start_) {
    throw refuse(fmt::format("ends at {}", entry.end));
  }
  uint64_t size = entry.end - entry.begin;
  variable->bytes = size;
  variable->data = ByteRange{{}, data_start_ + entry.begin, size};
  std::optional<uint32_t> bits = DTypeBits(variable->dtype);
  if (!bits) return;
  std::optional<uint64_t> need = CheckedMul(*elements, uint64_t{*bits});
  if (!need) throw refuse("has more bits than 2^64");
  if (*need % 8 == 0 && *need / 8 == size) return;
  Add("truncated-data", variable->name,
      fmt::format("{} {} takes {} bytes, its data_offsets hold {}",
                  variable->dtype, ToString(variable->shape), *need / 8, size));
}

void LayoutBuilder::AddTensor(const SafetensorsEntry& entry) {
  size_t position = names_.Insert(entry.name);
  if (position == NameIndex::kNone) {
    position = layout_.variables.size();
    layout_.variables.emplace_back();
  } else {
    Add("duplicate-variable", std::string(entry.name),
        "stands twice in the header; loaders take the last one or refuse");
  }
  may_have_slots_ |= entry.name.starts_with(kSlotPrefix);
  Variable& variable = layout_.variables[position];
  variable.name = entry.name;
  variable.key = entry.name;
  variable.shape = Shape::Of(entry.shape);
  variable.dtype = SafetensorsDType(entry.dtype);
  Place(entry, &variable);
}

// Sorted by offset the data must be contiguous and end with the file.
void LayoutBuilder::CheckRanges() {
  std::vector<const Variable*> sorted;
  sorted.reserve(layout_.variables.size());
  for (const Variable& variable : layout_.variables) {
    if (variable.data) sorted.push_back(&variable);
  }
  auto by_place = [](const Variable* a, const Variable* b) {
    return std::tie(a->data->offset, a->data->size) <
           std::tie(b->data->offset, b->data->size);
  };
  if (!std::is_sorted(sorted.begin(), sorted.end(), by_place)) {
    std::stable_sort(sorted.begin(), sorted.end(), by_place);
  }
  uint64_t end = data_start_;
  const Variable* last = nullptr;  // the one that ends at `end`
  for (const Variable* one : sorted) {
    uint64_t begin = one->data->offset, size = one->data->size;
    if (begin < end && size > 0) {
      Add("overlapping-tensors", one->name,
          fmt::format("its data begin at {}, those of \"{}\" end at {}",
                      begin - data_start_, Printable(last->name),
                      end - data_start_));
    } else if (begin > end) {
      Add("unwritten-data", one->name,
          fmt::format("{} bytes in front of its data belong to no tensor: "
                      "the safetensors library refuses the file",
                      begin - end));
    }
    if (begin + size > end || last == nullptr) last = one;
    end = std::max(end, begin + size);
  }
  CheckEnd(end);
}

void LayoutBuilder::CheckEnd(uint64_t end) {
  if (end > file_size_) {
    auto is_cut = [this](const Variable& variable) {
      return variable.data &&
             variable.data->offset + variable.data->size > file_size_;
    };
    auto cut = std::count_if(layout_.variables.begin(), layout_.variables.end(),
                             is_cut);
    Add("truncated-data", {},
        fmt::format("{} bytes are gone: the data of {} should end at {}, the "
                    "file has {} bytes",
                    end - file_size_,
                    Count(static_cast<uint64_t>(cut), "tensor"), end,
                    file_size_));
  } else if (end < file_size_) {
    Add("unwritten-data", {},
        fmt::format("{} bytes behind the data belong to no tensor: the "
                    "safetensors library refuses the file",
                    file_size_ - end));
  }
}

void LayoutBuilder::Describe(
    const std::map<std::string, std::string>& metadata) {
  constexpr std::pair<std::string_view, std::string_view> kFrameworks[] = {
      {"pt", "pytorch"}, {"tf", "tensorflow"}, {"flax", "flax"},
      {"np", "numpy"},   {"mlx", "mlx"},       {"paddle", "paddle"}};
  for (const auto& [name, text] : metadata) {
    if (name == "format") {
      for (const auto& [stored, framework] : kFrameworks) {
        if (text == stored) layout_.source.framework = framework;
      }
    }
    if (name == "global_step" || name == "step") {
      int64_t step = 0;
      const char* end = text.data() + text.size();
      auto [rest, error] = std::from_chars(text.data(), end, step);
      if (error == std::errc() && rest == end) layout_.source.step = step;
    }
  }
  AddTies(metadata, &layout_);
}

// A trainer's own convention: "optimizer.fc.weight.exp_avg" beside
// "fc.weight". Only what names its weight whole is taken for a slot.
void LayoutBuilder::TieSlots() {
  if (!may_have_slots_) return;
  Optimizer optimizer;
  optimizer.id = kSlotPrefix.substr(0, kSlotPrefix.size() - 1);
  for (Variable& variable : layout_.variables) {
    if (!variable.name.starts_with(kSlotPrefix)) continue;
    std::string_view rest = std::string_view(variable.name);
    rest.remove_prefix(kSlotPrefix.size());
    size_t dot = rest.rfind('.');
    if (dot == rest.npos ||
        names_.Find(rest.substr(0, dot)) == NameIndex::kNone)
      continue;
    std::string raw(rest.substr(dot + 1));
    if (!IsSlotWord(SlotDialect::kTorch, raw)) continue;
    std::string owner(rest.substr(0, dot));
    std::string slot = CanonicalSlot(SlotDialect::kTorch, {}, raw);
    auto& slots = optimizer.slots;
    if (std::find(slots.begin(), slots.end(), slot) == slots.end()) {
      slots.push_back(slot);
    }
    variable.role = Role::kSlot;
    variable.slot = Slot{optimizer.id, slot, owner, owner, raw};
  }
  if (!optimizer.slots.empty()) {
    layout_.optimizers.push_back(std::move(optimizer));
  }
}

// From the braces of the beginning: one a tensor.
size_t EstimateEntries(std::string_view text) {
  std::string_view head = text.substr(0, kSample);
  auto braces = static_cast<size_t>(std::count(head.begin(), head.end(), '{'));
  size_t spread = (text.size() + kSample - 1) / kSample;
  return std::min(braces * spread, text.size() / kMinEntryBytes);
}

Layout LayoutBuilder::Build(std::string_view text) && {
  SafetensorsHeader header(text);
  size_t expected = EstimateEntries(text);
  layout_.variables.reserve(expected);
  names_.Reserve(expected);
  for (SafetensorsEntry entry; header.Next(&entry);) AddTensor(entry);
  for (const std::string& name : header.odd_metadata()) {
    Add("unreadable-checkpoint", "__metadata__",
        fmt::format("\"{}\" is no text: the safetensors library refuses the "
                    "file",
                    Printable(name)));
  }
  CheckRanges();
  TieSlots();
  Describe(header.metadata());
  return std::move(layout_);
}

Layout ReadFile(const Source& source) {
  std::optional<uint64_t> length = HeaderLength(source);
  if (!length) throw ParseError(UnrecognizedError(source));
  if (*length > source.size() - kLengthBytes) {
    throw Corrupt("header", fmt::format("should have {} bytes, the file has {}",
                                        *length, source.size() - kLengthBytes));
  }
  std::string text = source.Read(kLengthBytes, *length);
  return LayoutBuilder(kLengthBytes + *length, source.size()).Build(text);
}

Layout Read(const Source& source, const ReadOptions& options) {
  std::optional<Source> file = Resolve(source);
  bool is_index = IsShardIndex(*file, kShardExtensions);
  Layout layout = is_index ? ReadShards(*file, options) : ReadFile(*file);
  layout.source.format = "safetensors";
  DescribeFromSidecars(*file, &layout);
  if (source.is_directory()) {
    layout.source.resolved = file->path();
    AddTorchSidecars(*file, options, &layout);
  }
  return layout;
}

}  // namespace

extern constexpr Format kSafetensors = {
    .id = "safetensors",
    .summary = "safetensors, single, sharded with an index, or an adapter",
    .extensions = "*.safetensors *.safetensors.index.json",
    .detect = Detect,
    .read = Read,
};

}  // namespace ckptdiff
