// Recurrent layers and their cells. A layer holds its cell under `cell`; the
// cell holds the variables. Gates stand side by side in one kernel: i, f, c, o
// for LSTM, z, r, h for GRU. What a stateful layer remembers is none of its
// `weights`, and in no file.

#include <fmt/format.h>

#include "formats/keras_layers/dims.h"
#include "formats/keras_layers/layer_builder.h"

namespace ckptdiff {
namespace {

bool HasBias(const LayerBuilder& b) {
  return b.config().Flag("use_bias", true);
}

void AddGates(LayerBuilder& b, int64_t gates) {
  int64_t units = b.config().Size({"units", "output_dim"});
  int64_t width = MulDim(units, gates);
  b.Add("kernel", {b.Dim(-1), width});
  b.Add("recurrent_kernel", {units, width});
}

void BuildLstmCell(LayerBuilder& b) {
  AddGates(b, 4);
  if (HasBias(b)) b.Add("bias", {MulDim(b.config().Size("units"), 4)});
}

void BuildGruCell(LayerBuilder& b) {
  AddGates(b, 3);
  if (!HasBias(b)) return;
  int64_t width = MulDim(b.config().Size("units"), 3);
  // With the reset gate behind the product, it has a bias of its own.
  if (b.config().Flag("reset_after", b.keras3())) {
    b.Add("bias", {2, width});
  } else {
    b.Add("bias", {width});
  }
}

void BuildSimpleRnnCell(LayerBuilder& b) {
  AddGates(b, 1);
  if (HasBias(b)) b.Add("bias", {b.config().Size("units")});
}

// The vendor's kernels have two biases side by side and no cell.
void BuildCudnnLstm(LayerBuilder& b) {
  AddGates(b, 4);
  b.Add("bias", {MulDim(b.config().Size("units"), 8)});
}

void BuildCudnnGru(LayerBuilder& b) {
  AddGates(b, 3);
  b.Add("bias", {MulDim(b.config().Size("units"), 6)});
}

// Keras 2 before 2.4, and tf.keras before 2.3: the cell's name is in no path.
bool IsCellInPaths(const LayerBuilder& b) {
  const std::string& version = b.config().state().model->keras_version;
  if (version.starts_with("2.3")) return version.ends_with("-tf");
  return !version.starts_with("1.") && !version.starts_with("2.0") &&
         !version.starts_with("2.1.") && !version.starts_with("2.2.");
}

template <BuildFunction build_cell>
void BuildWithCell(LayerBuilder& b, std::string_view cell_class,
                   std::string_view cell_name) {
  LayerBuilder cell = IsCellInPaths(b)
                          ? b.Child("cell", cell_class, cell_name)
                          : b.UnscopedChild("cell", cell_class, cell_name);
  build_cell(cell);
}

void BuildLstm(LayerBuilder& b) {
  BuildWithCell<BuildLstmCell>(b, "LSTMCell", "lstm_cell");
}

void BuildGru(LayerBuilder& b) {
  BuildWithCell<BuildGruCell>(b, "GRUCell", "gru_cell");
}

void BuildSimpleRnn(LayerBuilder& b) {
  BuildWithCell<BuildSimpleRnnCell>(b, "SimpleRNNCell", "simple_rnn_cell");
}

// [batch, time, …] → [batch, …]
Shape WithoutTime(Shape shape) {
  if (!shape.known || shape.dims.size() < 2) return Shape::Unknown();
  shape.dims.erase(shape.dims.begin() + 1);
  return shape;
}

// The sizes of a cell's states, output first; empty: a cell of the user's.
std::vector<int64_t> StateSizes(const LayerConfig& owner, const Json& cell) {
  const Json* config = Member(cell, "config");
  std::string class_name = StringOr(cell, "class_name");
  if (config == nullptr) return {};
  LayerConfig inner(owner.state(), *config, owner.where());
  if (class_name == "LSTMCell") {
    return {inner.Size("units"), inner.Size("units")};
  }
  if (class_name == "GRUCell" || class_name == "SimpleRNNCell") {
    return {inner.Size("units")};
  }
  const Json* cells = Member(*config, "cells");
  if (class_name != "StackedRNNCells" || cells == nullptr ||
      !cells->is_array() || cells->empty()) {
    return {};
  }
  std::vector<int64_t> sizes;
  int64_t output = 0;
  for (const Json& part : *cells) {
    std::vector<int64_t> own = StateSizes(inner, part);
    if (own.empty()) return {};
    output = own[0];
    sizes.insert(sizes.end(), own.begin(), own.end());
  }
  sizes.insert(sizes.begin(), output);
  return sizes;
}

void BuildRnn(LayerBuilder& b) {
  const Json* cell = Member(b.config().json(), "cell");
  if (cell == nullptr || !cell->is_object()) {
    b.config().Fail("\"cell\" is missing");
  }
  b.Layer("cell", *cell, LayerCall::Of(WithoutTime(b.input())));
}

// Each cell is fed by the one below it.
void BuildStackedCells(LayerBuilder& b) {
  const Json* cells = Member(b.config().json(), "cells");
  if (cells == nullptr || !cells->is_array()) {
    b.config().Fail("\"cells\" is missing");
  }
  Shape input = b.input();
  for (const Json& cell : *cells) {
    b.Layer("cells", cell, LayerCall::Of(input), LayerBuilder::Scope::kOwn, {},
            true);
    std::vector<int64_t> sizes = StateSizes(b.config(), cell);
    input = sizes.empty() || !input.known
                ? Shape::Unknown()
                : Shape::Of({input.dims[0], sizes[0]});
  }
}

std::vector<Shape> SequenceOutput(const LayerConfig& config,
                                  const LayerCall& call,
                                  const std::vector<int64_t>& sizes) {
  Shape input = call.First();
  if (sizes.empty() || !input.known || input.dims.size() < 3) {
    return {Shape::Unknown()};
  }
  std::vector<Shape> outputs = {Shape::Of({input.dims[0], sizes[0]})};
  if (config.Flag("return_sequences", false)) {
    outputs[0] = Shape::Of({input.dims[0], input.dims[1], sizes[0]});
  }
  if (!config.Flag("return_state", false)) return outputs;
  for (int64_t size : sizes) {
    outputs.push_back(Shape::Of({input.dims[0], size}));
  }
  return outputs;
}

template <size_t states>
std::vector<Shape> LayerOutput(const LayerConfig& config,
                               const LayerCall& call) {
  int64_t units = config.Size({"units", "output_dim"});
  return SequenceOutput(config, call, std::vector<int64_t>(states, units));
}

std::vector<Shape> RnnOutput(const LayerConfig& config, const LayerCall& call) {
  const Json* cell = Member(config.json(), "cell");
  if (cell == nullptr) return {Shape::Unknown()};
  std::vector<int64_t> sizes = StateSizes(config, *cell);
  bool stacked = StringOr(*cell, "class_name") == "StackedRNNCells";
  std::vector<Shape> outputs = SequenceOutput(config, call, sizes);
  // What the stack returns is not one more state.
  if (stacked && outputs.size() > 1) outputs.erase(outputs.begin() + 1);
  return outputs;
}

// Convolutions in place of products; input [batch, time, …space, channels].
template <size_t rank>
void BuildConvLstm(LayerBuilder& b) {
  const LayerConfig& config = b.config();
  int64_t filters = config.Size("filters");
  std::vector<int64_t> kernel =
      config.Sizes({"kernel_size"}, rank, std::nullopt);
  kernel.push_back(b.Dim(config.ChannelsFirst() ? 2 : -1));
  kernel.push_back(MulDim(filters, 4));
  std::vector<int64_t> recurrent = kernel;
  recurrent[rank] = filters;
  // Keras 2 keeps the cell out of the names.
  LayerBuilder cell = b.keras3()
                          ? b.Child("cell", "ConvLSTMCell", "conv_lstm_cell")
                          : b.UnscopedChild("cell", "ConvLSTMCell", "cell");
  cell.Add("kernel", kernel);
  cell.Add("recurrent_kernel", recurrent);
  if (HasBias(b)) cell.Add("bias", {MulDim(filters, 4)});
}

template <size_t rank>
std::vector<Shape> ConvLstmOutput(const LayerConfig& config,
                                  const LayerCall& call) {
  Shape frame = WithoutTime(call.First());
  if (!frame.known || frame.dims.size() != rank + 2) return {Shape::Unknown()};
  std::vector<int64_t> kernel =
      config.Sizes({"kernel_size"}, rank, std::nullopt);
  std::vector<int64_t> strides = config.Sizes({"strides"}, rank, 1);
  std::vector<int64_t> dilation = config.Sizes({"dilation_rate"}, rank, 1);
  size_t first = config.ChannelsFirst() ? 2 : 1;
  for (size_t i = 0; i < rank; ++i) {
    frame.dims[first + i] =
        WindowDim(frame.dims[first + i], kernel[i], strides[i],
                  config.Text("padding", "valid"), dilation[i]);
  }
  frame.dims[config.ChannelAxis(rank + 2)] = config.Size("filters");
  std::vector<Shape> outputs = {frame};
  if (config.Flag("return_sequences", false)) {
    outputs[0].dims.insert(outputs[0].dims.begin() + 1, call.First().dims[1]);
  }
  if (config.Flag("return_state", false)) {
    outputs.insert(outputs.end(), 2, frame);
  }
  return outputs;
}

constexpr LayerClass kClasses[] = {
    {"ConvLSTM1D", BuildConvLstm<1>, ConvLstmOutput<1>},
    {"ConvLSTM2D", BuildConvLstm<2>, ConvLstmOutput<2>},
    {"ConvLSTM3D", BuildConvLstm<3>, ConvLstmOutput<3>},
    {"CuDNNGRU", BuildCudnnGru, LayerOutput<1>},
    {"CuDNNLSTM", BuildCudnnLstm, LayerOutput<2>},
    {"GRU", BuildGru, LayerOutput<1>},
    {"GRUCell", BuildGruCell},
    {"LSTM", BuildLstm, LayerOutput<2>},
    {"LSTMCell", BuildLstmCell},
    {"RNN", BuildRnn, RnnOutput},
    {"SimpleRNN", BuildSimpleRnn, LayerOutput<1>},
    {"SimpleRNNCell", BuildSimpleRnnCell},
    {"StackedRNNCells", BuildStackedCells},
};

}  // namespace

extern const std::span<const LayerClass> kRecurrentLayers;
const std::span<const LayerClass> kRecurrentLayers = kClasses;

}  // namespace ckptdiff
