// Data, not code: the words that frameworks and model libraries use for one
// and the same thing. A pair of words belongs here when two libraries write
// them for the same tensor; `source` says which. Words that one model alone
// uses do not: those are learned from the pair at hand.

#include "match/vocabulary.h"

#include <array>
#include <utility>

namespace ckptdiff {
namespace {

using Words = std::span<const std::string_view>;

template <size_t N>
using List = std::array<std::string_view, N>;

// Keras, TensorFlow, Flax: kernel, gamma, scale, embeddings. PyTorch: weight.
constexpr std::pair<std::string_view, LeafKind> kLeaves[] = {
    {"b", LeafKind::kBias},
    {"beta", LeafKind::kBias},
    {"bias", LeafKind::kBias},
    {"biases", LeafKind::kBias},
    {"offset", LeafKind::kBias},
    {"gamma", LeafKind::kWeight},
    {"kernel", LeafKind::kWeight},
    {"scale", LeafKind::kWeight},
    {"w", LeafKind::kWeight},
    {"weight", LeafKind::kWeight},
    {"weights", LeafKind::kWeight},
    {"embedding", LeafKind::kWeight},
    {"embeddings", LeafKind::kWeight},
    {"mean", LeafKind::kMean},
    {"var", LeafKind::kVariance},
    {"variance", LeafKind::kVariance},
    {"tracked", LeafKind::kCount},
};

constexpr List<8> kWeight = {"weight", "kernel",  "gamma",      "scale",
                             "w",      "weights", "embeddings", "embedding"};
constexpr List<4> kBias = {"bias", "beta", "b", "biases"};
constexpr List<2> kRunning = {"running", "moving"};
constexpr List<2> kVariance = {"variance", "var"};
constexpr List<6> kAttention = {"attention", "attn",  "mha",
                                "att",       "atten", "sa"};
constexpr List<4> kQuery = {"query", "q", "queries", "wq"};
constexpr List<4> kKey = {"key", "k", "keys", "wk"};
constexpr List<4> kValue = {"value", "v", "values", "wv"};
constexpr List<4> kOutput = {"output", "out", "o", "wo"};
constexpr List<5> kProjection = {"proj", "projection", "projector", "project",
                                 "projections"};
constexpr List<7> kNorm = {
    "norm", "ln", "bn", "layernorm", "batchnorm", "normalization", "rmsnorm"};
constexpr List<6> kMlp = {"mlp",         "ffn",          "ff",
                          "feedforward", "intermediate", "ffw"};
constexpr List<4> kDense = {"dense", "fc", "linear", "lin"};
constexpr List<4> kEmbed = {"embed", "embedding", "embeddings", "emb"};
constexpr List<3> kPosition = {"position", "pos", "positional"};
constexpr List<2> kWordTable = {"word", "token"};
constexpr List<2> kSegment = {"segment", "type"};
constexpr List<5> kLayer = {"layer", "layers", "block", "blocks", "h"};
constexpr List<3> kStage = {"stage", "stages", "stack"};
constexpr List<2> kEncoder = {"encoder", "enc"};
constexpr List<2> kDecoder = {"decoder", "dec"};
constexpr List<3> kCross = {"cross", "crossattention", "ca"};
constexpr List<6> kHead = {"head",   "classifier", "predictions",
                           "logits", "heads",      "prediction"};
constexpr List<2> kConv = {"conv", "convolution"};
constexpr List<4> kShortcut = {"shortcut", "downsample", "skip", "residual"};
constexpr List<2> kReduction = {"reduction", "reduce"};
constexpr List<3> kVision = {"vision", "visual", "image"};
constexpr List<3> kText = {"text", "language", "lm"};
constexpr List<2> kDepthwise = {"depthwise", "dw"};
constexpr List<2> kPointwise = {"pointwise", "pw"};
constexpr List<3> kExperts = {"experts", "expert", "moe"};
constexpr List<2> kRouter = {"router", "gate"};
constexpr List<3> kPooler = {"pooler", "pool", "pooling"};
constexpr List<2> kFinal = {"final", "f"};
constexpr List<2> kFirst = {"before", "pre"};
constexpr List<2> kAfter = {"after", "post"};

constexpr Synonyms kVocabulary[] = {
    {"torch, Keras, Flax, haiku", kWeight},
    {"torch, Keras, Flax", kBias},
    {"torch, Keras", kRunning},
    {"torch, Keras", kVariance},
    {"transformers, timm, keras-hub, flax.linen", kAttention},
    {"transformers, llama, keras-hub", kQuery},
    {"transformers, llama, keras-hub", kKey},
    {"transformers, llama, keras-hub", kValue},
    {"transformers, torch.nn.MultiheadAttention, llama", kOutput},
    {"transformers, timm", kProjection},
    {"torch, Keras, transformers, gpt-2", kNorm},
    {"transformers, timm, keras-hub, t5", kMlp},
    {"torch, Keras, transformers", kDense},
    {"transformers, timm", kEmbed},
    {"transformers, timm", kPosition},
    {"transformers, keras-hub", kWordTable},
    {"transformers, keras-hub", kSegment},
    {"transformers, timm, gpt-2", kLayer},
    {"torchvision, timm, keras-hub", kStage},
    {"fairseq, transformers", kEncoder},
    {"fairseq, transformers", kDecoder},
    {"transformers", kCross},
    {"timm, transformers, keras", kHead},
    {"torch, transformers", kConv},
    {"torchvision, keras.applications, timm", kShortcut},
    {"transformers, keras", kReduction},
    {"transformers", kVision},
    {"transformers", kText},
    {"Keras, timm", kDepthwise},
    {"Keras, timm", kPointwise},
    {"transformers, keras-hub", kExperts},
    {"mixtral, qwen-moe", kRouter},
    {"transformers", kPooler},
    {"gpt-2, llama", kFinal},
    {"transformers, vit", kFirst},
    {"transformers, vit", kAfter},
};

constexpr Compound kCompounds[] = {
    {"layer", "norm", "norm"},
    {"layer", "normalization", "norm"},
    {"batch", "norm", "norm"},
    {"batch", "normalization", "norm"},
    {"group", "norm", "norm"},
    {"rms", "norm", "norm"},
    {"self", "attention", "attention"},
    {"self", "attn", "attention"},
    {"cross", "attention", "crossattention"},
    {"cross", "attn", "crossattention"},
    {"encoder", "attention", "crossattention"},
    {"encoder", "attn", "crossattention"},
    {"post", "attention", "postattention"},
    {"post", "attn", "postattention"},
    {"feed", "forward", "mlp"},
    {"multi", "head", "attention"},
};

constexpr std::string_view kOrdinals[] = {"first",  "second", "third",
                                          "fourth", "fifth",  "sixth"};

// Vaswani et al., Attention Is All You Need, figure 1; the words as in
// transformers, fairseq, keras-hub and timm. Words of one group (above) are
// listed once.
constexpr Step kSteps[] = {
    {"input", 5, 0},          {"in", 5, 0},      {"attention", 10, 0},
    {"postattention", 10, 1}, {"cross", 20, 0},  {"mlp", 30, 0},
    {"experts", 30, 0},       {"up", 30, 0},     {"wi", 30, 0},
    {"down", 35, 0},          {"output", 40, 0}, {"final", 40, 0},
    {"last", 40, 0},          {"before", 0, -1}, {"after", 0, 1},
};

}  // namespace

int64_t OrdinalOf(std::string_view word) {
  for (size_t i = 0; i < std::size(kOrdinals); ++i) {
    if (kOrdinals[i] == word) return static_cast<int64_t>(i) + 1;
  }
  return -1;
}

std::span<const Step> Steps() { return kSteps; }

bool Contradict(LeafKind a, LeafKind b) {
  const auto is_open = [](LeafKind kind) {
    return kind == LeafKind::kOther || kind == LeafKind::kNumber;
  };
  return a != b && !is_open(a) && !is_open(b);
}

LeafKind LeafKindOf(std::string_view word) {
  for (const auto& [leaf, kind] : kLeaves) {
    if (leaf == word) return kind;
  }
  return LeafKind::kOther;
}

// A weight of PyTorch is [out, in], a kernel of any other framework [in, out];
// a table of embeddings has a row for each word everywhere.
Orientation OrientationBetween(std::string_view a, std::string_view b) {
  if (a == b) return Orientation::kUpright;
  if (b == "weight") std::swap(a, b);
  if (a != "weight") return Orientation::kUnknown;
  if (b == "kernel") return Orientation::kTurned;
  return b == "embedding" || b == "embeddings" ? Orientation::kUpright
                                               : Orientation::kUnknown;
}

std::span<const Synonyms> Vocabulary() { return kVocabulary; }

std::span<const Compound> Compounds() { return kCompounds; }

}  // namespace ckptdiff
