#include "match/part_words.h"

#include <algorithm>
#include <iterator>

namespace ckptdiff {
namespace {

constexpr uint32_t kLstm =
    1U << kInputGate | 1U << kForgetGate | 1U << kCellGate | 1U << kOutputGate;
constexpr uint32_t kGru = 1U << kResetGate | 1U << kUpdateGate | 1U << kNewGate;

// A new kind of fusing is a row here.
constexpr Fusing kFusings[] = {
    {"qkv", 1U << kQuery | 1U << kKey | 1U << kValue},
    {"kv", 1U << kKey | 1U << kValue},
    {"gate-up", 1U << kGate | 1U << kUp},
    {"lstm", kLstm},
    {"lstm-input", kLstm},
    {"lstm-recurrent", kLstm},
    {"gru", kGru},
    {"gru-input", kGru},
    {"gru-recurrent", kGru},
};

// The second is the number that belongs to the word ("w1", "wi_0"), or -1. The
// reference code of llama and mixtral calls gate, down and up w1, w2 and w3,
// t5 calls gate and up wi_0 and wi_1; keras-hub says intermediate for up.
constexpr struct {
  std::string_view word;
  int64_t number;
  uint32_t roles;
} kSaid[] = {
    {"query", -1, 1U << kQuery},
    {"key", -1, 1U << kKey},
    {"value", -1, 1U << kValue},
    {"gate", -1, 1U << kGate},
    {"up", -1, 1U << kUp},
    {"intermediate", -1, 1U << kUp},
    {"down", -1, 1U << kDown},
    {"w", 1, 1U << kGate},
    {"w", 2, 1U << kDown},
    {"w", 3, 1U << kUp},
    {"wi", 0, 1U << kGate},
    {"wi", 1, 1U << kUp},
    {"qkv", -1, kFusings[0].roles},
    {"wqkv", -1, kFusings[0].roles},
    {"kv", -1, kFusings[1].roles},
    {"wkv", -1, kFusings[1].roles},
    {"gateup", -1, kFusings[2].roles},
};

// Papers and PyTorch's documentation call the gates i, f, g (or c), o and r,
// z, n (or h); Flax puts i or h in front for what they are applied to, others
// x or h.
constexpr Gate kGates[] = {
    {"i", "lstm", kInputGate, ""},
    {"f", "lstm", kForgetGate, ""},
    {"g", "lstm", kCellGate, ""},
    {"c", "lstm", kCellGate, ""},
    {"o", "lstm", kOutputGate, ""},
    {"ii", "lstm-input", kInputGate, "ih"},
    {"if", "lstm-input", kForgetGate, "ih"},
    {"ig", "lstm-input", kCellGate, "ih"},
    {"io", "lstm-input", kOutputGate, "ih"},
    {"xi", "lstm-input", kInputGate, "ih"},
    {"xf", "lstm-input", kForgetGate, "ih"},
    {"xc", "lstm-input", kCellGate, "ih"},
    {"xg", "lstm-input", kCellGate, "ih"},
    {"xo", "lstm-input", kOutputGate, "ih"},
    {"hi", "lstm-recurrent", kInputGate, "hh"},
    {"hf", "lstm-recurrent", kForgetGate, "hh"},
    {"hg", "lstm-recurrent", kCellGate, "hh"},
    {"hc", "lstm-recurrent", kCellGate, "hh"},
    {"ho", "lstm-recurrent", kOutputGate, "hh"},
    {"r", "gru", kResetGate, ""},
    {"z", "gru", kUpdateGate, ""},
    {"n", "gru", kNewGate, ""},
    {"ir", "gru-input", kResetGate, "ih"},
    {"iz", "gru-input", kUpdateGate, "ih"},
    {"in", "gru-input", kNewGate, "ih"},
    {"xr", "gru-input", kResetGate, "ih"},
    {"xz", "gru-input", kUpdateGate, "ih"},
    {"hr", "gru-recurrent", kResetGate, "hh"},
    {"hz", "gru-recurrent", kUpdateGate, "hh"},
    {"hn", "gru-recurrent", kNewGate, "hh"},
};

}  // namespace

std::span<const Fusing> Fusings() { return kFusings; }

const Fusing* FindFusing(std::string_view id) {
  const auto* found =
      std::find_if(std::begin(kFusings), std::end(kFusings),
                   [id](const Fusing& fusing) { return fusing.id == id; });
  return found == std::end(kFusings) ? nullptr : found;
}

Saying SayingAt(const Name& name, size_t at, const WordTable& words) {
  const std::string_view text = words.Text(name.tokens[at].word);
  const std::string_view read_as =
      words.Text(words.Group(name.tokens[at].word));
  for (const auto& [word, number, roles] : kSaid) {
    if (text != word && read_as != word) continue;
    if (number < 0) return {roles, 1};
    if (at + 1 < name.tokens.size() && name.tokens[at + 1].is_number &&
        name.tokens[at + 1].number == number) {
      return {roles, 2};
    }
  }
  return {};
}

std::span<const Gate> Gates() { return kGates; }

}  // namespace ckptdiff
