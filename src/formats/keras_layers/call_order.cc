#include <fmt/format.h>

#include <functional>
#include <queue>

#include "base/parse_error.h"
#include "base/text.h"
#include "formats/keras_layers/graph.h"

namespace ckptdiff {

std::vector<std::pair<size_t, size_t>> CallOrder(const LayerGraph& graph) {
  // Every call gets a number, in the order of the config.
  std::vector<size_t> first;
  std::vector<std::pair<size_t, size_t>> calls;
  for (size_t i = 0; i < graph.layers.size(); ++i) {
    first.push_back(calls.size());
    for (size_t k = 0; k < graph.layers[i].calls.size(); ++k) {
      calls.emplace_back(i, k);
    }
  }
  std::vector<std::vector<size_t>> users(calls.size());
  std::vector<size_t> waits(calls.size(), 0);
  for (size_t n = 0; n < calls.size(); ++n) {
    auto [layer, call] = calls[n];
    for (const GraphArg& arg : graph.layers[layer].calls[call].args) {
      for (const TensorRef& ref : arg.tensors) {
        users[first[ref.layer] + ref.call].push_back(n);
        ++waits[n];
      }
    }
  }
  std::priority_queue<size_t, std::vector<size_t>, std::greater<>> ready;
  for (size_t n = 0; n < calls.size(); ++n) {
    if (waits[n] == 0) ready.push(n);
  }
  std::vector<std::pair<size_t, size_t>> order;
  while (!ready.empty()) {
    size_t n = ready.top();
    ready.pop();
    order.push_back(calls[n]);
    for (size_t user : users[n]) {
      if (--waits[user] == 0) ready.push(user);
    }
  }
  if (order.size() == calls.size()) return order;
  size_t stuck = 0;
  while (waits[stuck] == 0) ++stuck;
  throw Corrupt("config",
                fmt::format("layer \"{}\" is part of a circle of calls",
                            Printable(graph.layers[calls[stuck].first].name)));
}

}  // namespace ckptdiff
