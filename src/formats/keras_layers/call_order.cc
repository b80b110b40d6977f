// How calls are numbered depends on who counts. A nested model's own
// construction is its call 0, which is not among its inbound nodes: throughout
// in Keras 2, in Keras 3 only where outputs are listed. Among the arguments of
// calls Keras 3.0 also counts what the layer was called for in other models.
// But every call that is listed is used, or is an output; so where the numbers
// are too high or leave one out, their order tells which is which.

#include <fmt/format.h>

#include <functional>
#include <queue>

#include "base/parse_error.h"
#include "base/text.h"
#include "formats/keras_layers/graph.h"

namespace ckptdiff {

namespace {

using Numbers = std::set<size_t>;

bool AreListed(const Numbers& numbers, size_t calls) {
  return numbers.empty() || *numbers.rbegin() < calls;
}

Numbers Union(Numbers a, const Numbers& b) {
  a.insert(b.begin(), b.end());
  return a;
}

// The outputs as positions: without the construction, where that is counted.
std::map<size_t, size_t> Outputs(const UsedCalls& used, size_t calls) {
  Numbers shifted;
  for (size_t call : used.as_outputs) shifted.insert(call > 0 ? call - 1 : 0);
  bool is_shifted = used.counts_itself && AreListed(shifted, calls);
  std::map<size_t, size_t> positions;
  for (size_t call : used.as_outputs) {
    positions[call] = is_shifted && call > 0 ? call - 1 : call;
  }
  return positions;
}

// Numbers in order as the positions that are not in `taken`.
std::map<size_t, size_t> InOrder(const Numbers& numbers, const Numbers& taken) {
  std::map<size_t, size_t> positions;
  size_t next = 0;
  for (size_t number : numbers) {
    while (taken.contains(next)) ++next;
    positions[number] = next++;
  }
  return positions;
}

}  // namespace

std::optional<CallNumbers> NumberCalls(const UsedCalls& used, size_t calls) {
  CallNumbers numbers;
  numbers.as_outputs = Outputs(used, calls);
  Numbers outputs;
  for (const auto& [call, position] : numbers.as_outputs) {
    outputs.insert(position);
  }
  bool outputs_fit = AreListed(outputs, calls);
  bool all_fit = outputs_fit && AreListed(used.in_calls, calls);
  Numbers all = Union(used.in_calls, outputs);
  bool is_apart = outputs_fit && used.in_calls.size() + outputs.size() == calls;
  if (all_fit && (all.size() == calls || !is_apart)) {
    for (size_t call : used.in_calls) numbers.in_calls[call] = call;
  } else if (is_apart) {
    numbers.in_calls = InOrder(used.in_calls, outputs);
  } else if (outputs_fit && used.in_calls.size() == calls) {
    numbers.in_calls = InOrder(used.in_calls, {});
  } else {
    all = Union(used.in_calls, used.as_outputs);
    if (all.size() != calls) return std::nullopt;
    numbers.in_calls = InOrder(all, {});
    numbers.as_outputs = numbers.in_calls;
  }
  return numbers;
}

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
