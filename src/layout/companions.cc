#include "layout/companions.h"

#include <algorithm>
#include <array>
#include <string>

namespace ckptdiff {
namespace {

constexpr std::array<std::string_view, 32> kCompanions = {
    "lora_A",
    "lora_B",
    "lora_a",
    "lora_b",
    "lora_down",
    "lora_up",
    "lora_embedding_A",
    "lora_embedding_B",
    "lora_magnitude_vector",
    "lora_kernel_a",
    "lora_kernel_b",
    "lora_embeddings_a",
    "lora_embeddings_b",
    "ia3_l",
    "hada_w1_a",
    "lokr_w1",
    "prompt_embeddings",
    "parametrizations",
    "weight_g",
    "weight_v",
    "weight_orig",
    "weight_u",
    "weight_mask",
    "qweight",
    "qzeros",
    "scales",
    "g_idx",
    "absmax",
    "quant_map",
    "quant_state",
    "SCB",
    "kernel_scale"};

}  // namespace

bool IsCompanion(std::string_view name) {
  for (size_t start = 0; start <= name.size();) {
    const size_t end = std::min(name.find_first_of("/.", start), name.size());
    const std::string_view part = name.substr(start, end - start);
    if (std::find(kCompanions.begin(), kCompanions.end(), part) !=
        kCompanions.end()) {
      return true;
    }
    start = end + 1;
  }
  return false;
}

bool IsOfCompanions(const Layout& layout) {
  bool has_any = false;
  for (const Variable& variable : layout.variables) {
    if (variable.role != Role::kWeight) continue;
    if (!IsCompanion(variable.name)) return false;
    has_any = true;
  }
  return has_any;
}

}  // namespace ckptdiff
