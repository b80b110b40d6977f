// Operations that stand in a graph like layers: `x + y` between two tensors of
// a Functional model. None has variables; what follows needs their shapes.
// Keras 2.4 and later write TFOpLambda with the function's name; Keras 3
// writes the operation's class and, beside every use, the shape.

#include <map>
#include <string>

#include "formats/keras_layers/dims.h"
#include "formats/keras_layers/layer_builder.h"

namespace ckptdiff {
namespace {

const Json* Kwarg(const LayerCall& call, std::string_view name) {
  return call.kwargs == nullptr ? nullptr : Member(*call.kwargs, name);
}

Shape Elementwise(const LayerCall& call) {
  std::vector<Shape> inputs = call.All();
  if (inputs.empty()) return Shape::Unknown();
  Shape shape = inputs[0];
  for (const Shape& input : inputs) shape = Broadcast(shape, input);
  return shape;
}

Shape Reduced(const LayerCall& call) {
  Shape shape = call.First();
  const Json* axis = Kwarg(call, "axis");
  if (!shape.known || axis == nullptr) return Shape::Unknown();
  std::vector<bool> gone(shape.dims.size(), false);
  auto drop = [&](const Json& item) {
    if (!item.is_number_integer()) return false;
    size_t position = NormalizeAxis(item.get<int64_t>(), shape.dims.size());
    if (position < gone.size()) gone[position] = true;
    return position < gone.size();
  };
  if (axis->is_array()) {
    for (const Json& item : *axis) {
      if (!drop(item)) return Shape::Unknown();
    }
  } else if (!drop(*axis)) {
    return Shape::Unknown();
  }
  const Json* keep = Kwarg(call, "keepdims");
  bool keeps = keep != nullptr && keep->is_boolean() && keep->get<bool>();
  Shape result = Shape::Of({});
  for (size_t i = 0; i < gone.size(); ++i) {
    if (!gone[i]) result.dims.push_back(shape.dims[i]);
    if (gone[i] && keeps) result.dims.push_back(1);
  }
  return result;
}

Shape Concatenated(const LayerCall& call) {
  const Json* axis = Kwarg(call, "axis");
  std::vector<Shape> inputs = call.All();
  if (inputs.empty() || !inputs[0].known || axis == nullptr ||
      !axis->is_number_integer()) {
    return Shape::Unknown();
  }
  Shape shape = inputs[0];
  size_t position = NormalizeAxis(axis->get<int64_t>(), shape.dims.size());
  if (position == shape.dims.size()) return Shape::Unknown();
  int64_t sum = 0;
  for (const Shape& input : inputs) {
    if (!input.known || input.dims.size() != shape.dims.size()) {
      return Shape::Unknown();
    }
    sum = AddDim(sum, input.dims[position]);
  }
  shape.dims[position] = sum;
  return shape;
}

Shape Reshaped(const LayerCall& call) {
  const Json* target = Kwarg(call, "shape");
  if (target == nullptr || !target->is_array() || target->size() > 64) {
    return Shape::Unknown();
  }
  Shape shape = Shape::Of({});
  for (const Json& item : *target) {
    bool known = item.is_number_integer() && item.get<int64_t>() > 0 &&
                 item.get<int64_t>() < (int64_t{1} << 40);
    shape.dims.push_back(known ? item.get<int64_t>() : kUnknownDim);
  }
  return shape;
}

Shape Transposed(const LayerCall& call) {
  Shape shape = call.First();
  const Json* order = Kwarg(call, "perm");
  if (!shape.known || order == nullptr || !order->is_array() ||
      order->size() != shape.dims.size()) {
    return Shape::Unknown();
  }
  Shape result = shape;
  for (size_t i = 0; i < order->size(); ++i) {
    if (!(*order)[i].is_number_integer()) return Shape::Unknown();
    size_t axis = NormalizeAxis((*order)[i].get<int64_t>(), shape.dims.size());
    if (axis == shape.dims.size()) return Shape::Unknown();
    result.dims[i] = shape.dims[axis];
  }
  return result;
}

Shape Expanded(const LayerCall& call) {
  Shape shape = call.First();
  const Json* axis = Kwarg(call, "axis");
  if (!shape.known || axis == nullptr || !axis->is_number_integer()) {
    return Shape::Unknown();
  }
  size_t position = NormalizeAxis(axis->get<int64_t>(), shape.dims.size() + 1);
  if (position > shape.dims.size()) return Shape::Unknown();
  shape.dims.insert(shape.dims.begin() + static_cast<std::ptrdiff_t>(position),
                    1);
  return shape;
}

Shape First(const LayerCall& call) { return call.First(); }

using ShapeFunction = Shape (*)(const LayerCall&);

// TensorFlow's own names, as TFOpLambda writes them.
const std::map<std::string, ShapeFunction, std::less<>>& Functions() {
  static const std::map<std::string, ShapeFunction, std::less<>> functions = {
      {"__operators__.add", Elementwise},
      {"__operators__.floordiv", Elementwise},
      {"__operators__.mod", Elementwise},
      {"__operators__.mul", Elementwise},
      {"__operators__.pow", Elementwise},
      {"__operators__.sub", Elementwise},
      {"__operators__.truediv", Elementwise},
      {"cast", First},
      {"clip_by_value", First},
      {"concat", Concatenated},
      {"expand_dims", Expanded},
      {"identity", First},
      {"math.abs", First},
      {"math.add", Elementwise},
      {"math.divide", Elementwise},
      {"math.exp", First},
      {"math.log", First},
      {"math.maximum", Elementwise},
      {"math.minimum", Elementwise},
      {"math.multiply", Elementwise},
      {"math.negative", First},
      {"math.pow", Elementwise},
      {"math.reduce_max", Reduced},
      {"math.reduce_mean", Reduced},
      {"math.reduce_min", Reduced},
      {"math.reduce_prod", Reduced},
      {"math.reduce_sum", Reduced},
      {"math.sigmoid", First},
      {"math.sqrt", First},
      {"math.square", First},
      {"math.subtract", Elementwise},
      {"math.tanh", First},
      {"math.truediv", Elementwise},
      {"nn.elu", First},
      {"nn.gelu", First},
      {"nn.leaky_relu", First},
      {"nn.relu", First},
      {"nn.relu6", First},
      {"nn.sigmoid", First},
      {"nn.silu", First},
      {"nn.softmax", First},
      {"nn.swish", First},
      {"reshape", Reshaped},
      {"stop_gradient", First},
      {"transpose", Transposed},
  };
  return functions;
}

std::vector<Shape> FunctionOutput(const LayerConfig& config,
                                  const LayerCall& call) {
  auto found = Functions().find(config.Text("function", ""));
  if (found == Functions().end()) return {Shape::Unknown()};
  return {found->second(call)};
}

std::vector<Shape> UnknownOutput(const LayerConfig&, const LayerCall&) {
  return {Shape::Unknown()};
}

constexpr LayerClass kClasses[] = {
    {"ClassMethod", nullptr, UnknownOutput},
    {"InstanceMethod", nullptr, UnknownOutput},
    {"InstanceProperty", nullptr, UnknownOutput},
    {"SlicingOpLambda", nullptr, UnknownOutput},
    {"TFOpLambda", nullptr, FunctionOutput},
    {"TensorFlowOpLayer", nullptr, UnknownOutput},
    {kOperationClass, nullptr, UnknownOutput},
};

}  // namespace

extern const std::span<const LayerClass> kTensorOperations;
const std::span<const LayerClass> kTensorOperations = kClasses;

}  // namespace ckptdiff
