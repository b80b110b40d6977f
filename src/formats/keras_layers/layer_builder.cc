#include "formats/keras_layers/layer_builder.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "formats/keras/paths.h"
#include "formats/keras_layers/dims.h"

namespace ckptdiff {
int64_t LayerBuilder::Dim(int64_t axis) const {
  Shape shape = input();
  if (!shape.known) return kUnknownDim;
  size_t position = NormalizeAxis(axis, shape.dims.size());
  if (position == shape.dims.size()) {
    config_->Fail(
        fmt::format("its input has no axis {}: {}", axis, ToString(shape)));
  }
  return shape.dims[position];
}

int64_t LayerBuilder::Channels() const {
  return Dim(config_->ChannelsFirst() ? 1 : -1);
}

KerasVariable* LayerBuilder::AddShape(std::string_view name, Shape shape,
                                      const VariableOptions& options) {
  bool all_known = shape.known;
  // Some layers cut everything away, and what follows has nothing to hold.
  bool is_of_nothing = std::ranges::count(input().dims, 0) > 0;
  for (int64_t dim : shape.dims) {
    all_known = all_known && dim != kUnknownDim;
    if (dim < kUnknownDim || (dim == 0 && !is_of_nothing)) {
      config_->Fail(fmt::format("its {} would be {}", name, ToString(shape)));
    }
  }
  if (all_known && !shape.Elements()) {
    config_->Fail(
        fmt::format("its {} would be {}: too large", name, ToString(shape)));
  }
  std::string path = JoinScope(scope_, name);
  config_->state().Spend(sizeof(KerasVariable) + 2 * path.size());
  std::string dtype = options.dtype.empty() ? config_->VariableDType()
                                            : std::string(options.dtype);
  KerasVariable& variable = config_->state().model->variables.emplace_back(
      KerasVariable{std::string(name), std::move(path), std::move(shape),
                    std::move(dtype), options.trainable, options.frozen,
                    options.stored, options.has_slots, false});
  Share(&variable);
  return &variable;
}

// Keeps the trainable ones in front, as the framework keeps two lists.
void LayerBuilder::Share(KerasVariable* variable) {
  auto& variables = layer_->variables;
  auto position = variables.end();
  if (variable->trainable) {
    while (position != variables.begin() && !(*(position - 1))->trainable) {
      --position;
    }
  }
  variables.insert(position, variable);
}

LayerBuilder LayerBuilder::UnscopedChild(std::string_view attribute,
                                         std::string_view class_name,
                                         std::string_view name) const {
  config_->state().Spend(sizeof(KerasLayer) + sizeof(KerasChild));
  KerasLayer& child = config_->state().model->layers.emplace_back();
  child.name = name;
  child.class_name = class_name;
  child.trainable = layer_->trainable;
  child.configured = false;
  child.input = input();
  layer_->children.push_back({std::string(attribute), false, &child});
  return LayerBuilder(child, scope_, *config_, *call_);
}

LayerBuilder LayerBuilder::Child(std::string_view attribute,
                                 std::string_view class_name,
                                 std::string_view name) const {
  LayerBuilder child = UnscopedChild(attribute, class_name, name);
  child.scope_ = JoinScope(scope_, name);
  return child;
}

KerasLayer* LayerBuilder::Layer(std::string_view attribute, const Json& object,
                                const LayerCall& call, Scope scope,
                                std::string_view rename, bool in_list) const {
  KerasLayer* child =
      BuildLayer(config_->state(), object, call, scope_, scope, rename).layer;
  layer_->children.push_back({std::string(attribute), in_list, child});
  return child;
}

KerasLayer* LayerBuilder::LayerMember(std::string_view member,
                                      std::string_view attribute,
                                      const LayerCall& call,
                                      Scope scope) const {
  const Json* object = Member(config_->json(), member);
  if (object == nullptr || !object->is_object()) return nullptr;
  return Layer(attribute, *object, call, scope);
}

}  // namespace ckptdiff
