#include "formats/keras_layers/layer_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>

#include "base/parse_error.h"
#include "base/text.h"

namespace ckptdiff {
namespace {

// Keras itself hands sizes to 32-bit code.
constexpr int64_t kLargestSize = std::numeric_limits<int32_t>::max();
constexpr size_t kMaxRank = 64;

std::string Shown(const Json& value) {
  std::string text = value.dump(-1, ' ', true, Json::error_handler_t::replace);
  if (text.size() > 40) text = text.substr(0, 40) + "...";
  return Printable(text);
}

// A whole number, also as Python writes one after a division: 64.0.
std::optional<int64_t> Whole(const Json& value) {
  if (value.is_number_unsigned() &&
      value.get<uint64_t>() >
          static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
    return std::numeric_limits<int64_t>::max();
  }
  if (value.is_number_integer()) return value.get<int64_t>();
  if (!value.is_number_float()) return std::nullopt;
  double number = value.get<double>();
  if (!(number > -1e15 && number < 1e15)) return std::nullopt;
  auto whole = static_cast<int64_t>(number);
  if (static_cast<double>(whole) != number) return std::nullopt;
  return whole;
}

// "mixed_float16" computes in halves and stores in floats; "int8_from_X" and
// the like store what X does, but for the kernels that they quantise.
std::string StoredDType(std::string_view policy) {
  size_t from = policy.rfind("_from_");
  if (from != std::string_view::npos) policy.remove_prefix(from + 6);
  if (policy == "mixed_float16" || policy == "mixed_bfloat16") {
    return "float32";
  }
  return std::string(policy);
}

// Of "int4/128".
std::optional<int64_t> Int4Block(std::string_view mode) {
  constexpr std::string_view kStem = "int4/";
  if (!mode.starts_with(kStem)) return std::nullopt;
  int64_t size = 0;
  const char* end = mode.data() + mode.size();
  auto [stop, error] = std::from_chars(mode.data() + kStem.size(), end, size);
  if (error != std::errc() || stop != end || size > kLargestSize) {
    return std::nullopt;
  }
  return size;
}

}  // namespace

void BuildState::Spend(uint64_t bytes) {
  if (bytes > budget) {
    throw Corrupt("config", "describes more layers than its size can mean");
  }
  budget -= bytes;
}

Shape ShapeFromJson(const Json& json) {
  if (!json.is_array() || json.size() > kMaxRank) return Shape::Unknown();
  std::vector<int64_t> dims;
  for (const Json& dim : json) {
    if (dim.is_null()) {
      dims.push_back(Shape::kUnknownDim);
      continue;
    }
    std::optional<int64_t> whole = Whole(dim);
    if (!whole) return Shape::Unknown();
    if (*whole < 0 || *whole > kLargestSize) {
      throw Corrupt("config",
                    fmt::format("a shape has the dimension {}", Shown(dim)));
    }
    dims.push_back(*whole);
  }
  return Shape::Of(std::move(dims));
}

const Json* LayerConfig::Find(
    std::initializer_list<std::string_view> names) const {
  for (std::string_view name : names) {
    const Json* member = Member(*json_, name);
    if (member != nullptr && !member->is_null()) return member;
  }
  return nullptr;
}

void LayerConfig::Fail(std::string what) const {
  throw Corrupt(where_, std::move(what));
}

int64_t LayerConfig::Size(std::initializer_list<std::string_view> names) const {
  const Json* value = Find(names);
  if (value == nullptr) Fail(fmt::format("\"{}\" is missing", *names.begin()));
  std::optional<int64_t> whole = Whole(*value);
  if (!whole || *whole < 1 || *whole > kLargestSize) {
    Fail(fmt::format("\"{}\" is {}, which is no size", *names.begin(),
                     Shown(*value)));
  }
  return *whole;
}

std::optional<int64_t> LayerConfig::OptionalSize(std::string_view name) const {
  if (!Has(name)) return std::nullopt;
  return Size(name);
}

int64_t LayerConfig::Int(std::string_view name, int64_t fallback) const {
  const Json* value = Find({name});
  if (value == nullptr) return fallback;
  std::optional<int64_t> whole = Whole(*value);
  if (!whole || *whole < -kLargestSize || *whole > kLargestSize) {
    Fail(fmt::format("\"{}\" is {}, which is no whole number", name,
                     Shown(*value)));
  }
  return *whole;
}

std::vector<int64_t> LayerConfig::Ints(std::string_view name) const {
  const Json* value = Find({name});
  std::vector<int64_t> ints;
  if (value == nullptr) return ints;
  auto add = [&](const Json& item) {
    std::optional<int64_t> whole = Whole(item);
    if (!whole || *whole < -kLargestSize || *whole > kLargestSize) {
      Fail(fmt::format("\"{}\" is {}", name, Shown(*value)));
    }
    ints.push_back(*whole);
  };
  if (!value->is_array()) {
    add(*value);
    return ints;
  }
  if (value->size() > kMaxRank) {
    Fail(fmt::format("\"{}\" has {} elements", name, value->size()));
  }
  for (const Json& item : *value) add(item);
  return ints;
}

std::vector<int64_t> LayerConfig::Sizes(
    std::initializer_list<std::string_view> names, size_t rank,
    std::optional<int64_t> fallback) const {
  for (std::string_view name : names) {
    if (!Has(name)) continue;
    std::vector<int64_t> sizes = Ints(name);
    if (sizes.size() == 1) sizes.assign(rank, sizes[0]);
    bool fits = sizes.size() == rank;
    for (int64_t size : sizes) fits = fits && size >= 0;
    if (!fits) {
      Fail(fmt::format("\"{}\" is {}, not {}", name, Shown(*Find({name})),
                       Count(rank, "size")));
    }
    return sizes;
  }
  if (!fallback) Fail(fmt::format("\"{}\" is missing", *names.begin()));
  return std::vector<int64_t>(rank, *fallback);
}

bool LayerConfig::Flag(std::string_view name, bool fallback) const {
  return BoolOr(*json_, name, fallback);
}

std::string LayerConfig::Text(std::string_view name,
                              std::string_view fallback) const {
  return StringOr(*json_, name, fallback);
}

bool LayerConfig::Has(std::string_view name) const {
  return Find({name}) != nullptr;
}

bool LayerConfig::ChannelsFirst() const {
  return Text("data_format", "") == "channels_first" ||
         Text("dim_ordering", "") == "th";
}

size_t LayerConfig::ChannelAxis(size_t rank) const {
  return ChannelsFirst() && rank > 1 ? 1 : rank - 1;
}

std::string LayerConfig::VariableDType() const {
  return StoredDType(PolicyName());
}

std::string LayerConfig::ComputeDType() const {
  std::string policy = PolicyName();
  return policy.starts_with("mixed_") ? policy.substr(6) : policy;
}

std::string LayerConfig::PolicyName() const {
  const Json* dtype = Find({"dtype"});
  if (dtype == nullptr) return "float32";
  if (dtype->is_string()) return dtype->get<std::string>();
  const Json* config = Member(*dtype, "config");
  if (config == nullptr) return {};
  // A map gives each inner layer its own; its default goes for this one.
  const Json* fallback = Member(*config, "default_policy");
  if (fallback != nullptr) {
    if (fallback->is_string()) return fallback->get<std::string>();
    config = Member(*fallback, "config");
    if (config == nullptr) return {};
  }
  std::string source = StringOr(*config, "source_name");
  return source.empty() ? StringOr(*config, "name") : source;
}

// {"class_name": "QuantizedDTypePolicy", "config": {"mode": "int8", ...}}; the
// name alone, "int8_from_float32", up to Keras 3.3.
Quantization LayerConfig::Quantized() const {
  Quantization result;
  const Json* dtype = Find({"dtype"});
  if (dtype == nullptr) return result;
  std::string name = dtype->is_string() ? dtype->get<std::string>() : "";
  if (const Json* config = Member(*dtype, "config")) {
    std::string mode = StringOr(*config, "mode");
    result.float8_history =
        IntOr(*config, "amax_history_length", result.float8_history);
    result.int4_block = Int4Block(mode);
    result.mode = mode.substr(0, mode.find('/'));
    if (!mode.empty()) return result;
    name = StringOr(*config, "name");
  }
  size_t from = name.find("_from_");
  if (from != std::string::npos) {
    result.mode = name.substr(0, std::min(from, name.find('/')));
  }
  return result;
}

}  // namespace ckptdiff
