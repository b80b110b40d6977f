// What a path that no format claims seems to be, by its true name, and what
// to do about it. Files that were never downloaded, pages of an error, packed
// files, parts of a checkpoint and formats of other programs all come under
// the name of a checkpoint. Over 300 lines: most of it is the table of kinds.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "base/ascii.h"
#include "base/name_parts.h"
#include "base/parse_error.h"
#include "base/text.h"
#include "container/proto_wire.h"
#include "container/sstable.h"
#include "formats/format.h"
#include "formats/tf/prefix.h"

namespace ckptdiff {
namespace {

constexpr size_t kHeadBytes = 4096;

struct Kind {
  std::string_view what;
  std::string_view hint;
  ErrorCode code = ErrorCode::kUnrecognized;
};

struct Magic {
  size_t offset;
  std::string_view bytes;
  Kind kind;
};

using namespace std::string_view_literals;

constexpr Kind kUnpack = {"", "unpack it first"};

// Longer ones before their own beginnings.
constexpr std::array kMagics = {
    Magic{0,
          "version https://git-lfs"sv,
          {"is a Git LFS pointer: the file was never downloaded",
           "git lfs pull"}},
    Magic{0, "\x1f\x8b"sv, {"is compressed with gzip", "gunzip it first"}},
    Magic{0,
          "\xfd"
          "7zXZ\0"sv,
          {"is compressed with xz", "unxz it first"}},
    Magic{0,
          "\x28\xb5\x2f\xfd"sv,
          {"is compressed with zstd", "unzstd it first"}},
    Magic{0, "BZh"sv, {"is compressed with bzip2", "bunzip2 it first"}},
    Magic{0, "7z\xbc\xaf\x27\x1c"sv, {"is a 7z archive", kUnpack.hint}},
    Magic{0, "Rar!\x1a\x07"sv, {"is a RAR archive", kUnpack.hint}},
    Magic{257, "ustar"sv, {"is a tar archive", kUnpack.hint}},
    Magic{0, "\x89PNG\r\n"sv, {"is a PNG image", ""}},
    Magic{0, "\xff\xd8\xff"sv, {"is a JPEG image", ""}},
    Magic{0, "%PDF-"sv, {"is a PDF document", ""}},
    Magic{0,
          "\x7f"
          "ELF"sv,
          {"is a program or shared library (ELF)", ""}},
    Magic{0, "SQLite format 3"sv, {"is an SQLite database", ""}},
    Magic{4,
          "TFL3"sv,
          {"is a TensorFlow Lite model: its names no longer relate to a "
           "checkpoint's",
           "name the SavedModel or checkpoint that it was converted from"}},
    Magic{0,
          "\x89HDF\r\n\x1a\n"sv,
          {"is an HDF5 file, but no checkpoint of Keras", ""}},
    Magic{0, "IRPA"sv, {"is an IREE parameter archive, which is not read", ""}},
    Magic{0,
          "lmgg"sv,
          {"is a GGML file of before GGUF, which is not read",
           "convert it to GGUF"}},
    Magic{0,
          "\x12\x01\0\0\0\0\0\0"sv,
          {"is a parameter file of MXNet, which is not read", ""}},
    Magic{0,
          "\x0c\xdb\x20\xde"sv,
          {"is a part of an Orbax checkpoint (OCDBT node)",
           "name the checkpoint's directory", ErrorCode::kPart}},
    Magic{0,
          "\x08\x06\x12"sv,
          {"seems to be a Core ML model, which is not read", ""}},
    Magic{64,
          "\xef\xbe\xad\xde"sv,
          {"is the weight file of a Core ML model (.mlpackage), which is not "
           "read",
           "name the model that it was converted from"}},
    Magic{4,
          "TORT"sv,
          {"is an adapter of ONNX Runtime, which is not read",
           "name the adapter that it was exported from"}},
};

// A file of this name.
struct NamedPart {
  std::string_view name;
  Kind kind;
};
constexpr Kind kPartOfSavedModel = {"is a part of a SavedModel",
                                    "name the model's directory",
                                    ErrorCode::kPart};
constexpr std::array kNamedParts = {
    NamedPart{"fingerprint.pb", kPartOfSavedModel},
    NamedPart{"keras_metadata.pb", kPartOfSavedModel},
};

bool IsTextByte(char c) {
  auto byte = static_cast<unsigned char>(c);
  return byte >= 0x20 || c == '\n' || c == '\r' || c == '\t' || c == '\f';
}

bool IsHtml(std::string_view head) {
  size_t start = head.find_first_not_of(" \t\r\n\xef\xbb\xbf");
  if (start == head.npos) return false;
  std::string begin = Lower(head.substr(start, 64));
  return begin.starts_with("<!doctype html") || begin.starts_with("<html") ||
         begin.starts_with("<head");
}

// U+FFFD in many places of something that is no text: a binary file that was
// read and written as UTF-8.
bool WentThroughText(std::string_view head) {
  size_t replaced = 0;
  for (size_t at = head.find("\xef\xbf\xbd"); at != head.npos;
       at = head.find("\xef\xbf\xbd", at + 3)) {
    ++replaced;
  }
  return replaced >= 4 && replaced * 3 * 50 > head.size();
}

bool IsPickle(std::string_view head) {
  return head.size() > 2 && head[0] == '\x80' && head[1] >= 2 && head[1] <= 5;
}

// A frozen graph: nodes without end, each with a name and an op.
bool IsGraphDef(const Source& source) {
  try {
    ProtoFile graph(source.file(), "");
    for (int i = 0; i < 3; ++i) {
      if (!graph.Next()) return i > 0;
      if (graph.number() != 1 || graph.wire() != 2) return false;
      ProtoFile node = graph.Nested("");
      bool has_name = node.Next() && node.number() == 1 && node.wire() == 2;
      bool has_op = node.Next() && node.number() == 2 && node.wire() == 2;
      if (!has_name || !has_op) return false;
    }
    return true;
  } catch (const ParseError&) {
    return false;
  }
}

Kind ZipKind(const Source& source) {
  std::string tail = source.PeekTail(64 << 10);
  if (tail.find("PK\x05\x06") == tail.npos) {
    return {"is a zip archive without its end",
            "the download or copy was cut short: get the file again",
            ErrorCode::kCorrupt};
  }
  if (tail.find("_stable_baselines3_version") != tail.npos ||
      tail.find("policy.pth") != tail.npos) {
    return {"is a Stable-Baselines3 archive",
            "unpack it: policy.pth in it is a checkpoint"};
  }
  if (tail.find(".data/extern_modules") != tail.npos) {
    return {"is a torch.package: code and weights together, which is not read",
            "save the state_dict alone: torch.save(model.state_dict(), ...)"};
  }
  if (tail.find("MAR-INF/") != tail.npos) {
    return {"is a TorchServe archive (.mar)",
            "unpack it: the weights are a file in it"};
  }
  return {"is a zip archive that holds no checkpoint at its top", kUnpack.hint,
          ErrorCode::kPart};
}

// "[bytes] ... that begins with ..."
std::string Beginning(std::string_view head) {
  return Printable(head.substr(0, std::min<size_t>(head.find('\n'), 40)));
}

std::optional<Kind> KindByMagic(const Source& source, std::string_view head) {
  for (const Magic& magic : kMagics) {
    if (head.size() >= magic.offset &&
        head.substr(magic.offset).starts_with(magic.bytes)) {
      return magic.kind;
    }
  }
  if (head.starts_with("PK\x03\x04")) return ZipKind(source);
  if (head.starts_with("PK\x05\x06"))
    return Kind{"is an empty zip archive", ""};
  if (IsHtml(head)) {
    return Kind{"is a web page, not the file that it links to",
                "download the file itself (a raw or resolve link)"};
  }
  if (EndsLikeSsTable(source.PeekTail(8))) {
    return Kind{"is a LevelDB table, but no checkpoint of TensorFlow", ""};
  }
  if (IsPickle(head)) {
    return Kind{"is a pickle, but no checkpoint of PyTorch; it was not run",
                "save weights by torch.save, safetensors or numpy.savez"};
  }
  if (IsGraphDef(source)) {
    return Kind{
        "is a frozen TensorFlow graph (GraphDef): its weights are "
        "constants of the graph",
        "name the checkpoint or SavedModel that it was frozen from"};
  }
  if (WentThroughText(head)) {
    return Kind{
        "is a binary file that was converted as UTF-8 text: bytes are "
        "lost for good",
        "copy the original again, in binary mode", ErrorCode::kCorrupt};
  }
  return std::nullopt;
}

void Say(const Kind& kind, Error* error) {
  error->code = kind.code;
  error->what = kind.what;
  error->hint = kind.hint;
}

// "group1-shard2of5.bin" of TensorFlow.js: nothing but numbers.
bool SayTfjsShard(const Source& source, Error* error) {
  static const Glob shard("group*-shard*of*");
  if (!shard.Matches(source.name())) return false;
  error->code = ErrorCode::kPart;
  error->what =
      "is a part of a TensorFlow.js model, whose model.json says what is in it";
  error->hint = source.Sibling("model.json").is_file()
                    ? "name that model.json"
                    : "put that model.json beside it, and name it";
  return true;
}

// A shard, whose index is not beside it; a state file of nothing.
bool SayTensorFlowPart(const Source& source, std::string_view head,
                       Error* error) {
  if (std::optional<std::string> prefix = PrefixOfShard(source.path())) {
    error->code = ErrorCode::kMissingFile;
    error->what =
        "is a shard of a TensorFlow checkpoint, which cannot be read "
        "without its index";
    error->hint = fmt::format("put {}.index beside it", LastPart(*prefix, "/"));
    return true;
  }
  std::optional<CheckpointState> state = ParseCheckpointState(head);
  if (!state) return false;
  error->code = ErrorCode::kMissingFile;
  error->what = fmt::format(
      "is a TensorFlow state file; the checkpoint \"{}\" that it names is gone",
      Printable(state->latest));
  error->hint = fmt::format("put {}.index beside it",
                            Printable(LastPart(state->latest, "/\\")));
  return true;
}

void SayFile(const Source& source, Error* error) {
  std::string head = source.Peek(0, kHeadBytes);
  if (head.empty()) {
    error->code = ErrorCode::kCorrupt;
    error->what = "is empty";
    error->hint = "the save or the download did not finish";
    return;
  }
  for (const NamedPart& part : kNamedParts) {
    if (source.name() == part.name) return Say(part.kind, error);
  }
  if (SayTensorFlowPart(source, head, error)) return;
  if (std::optional<Kind> kind = KindByMagic(source, head)) {
    return Say(*kind, error);
  }
  if (SayTfjsShard(source, error)) return;
  error->hint = "ckptdiff formats lists what is read";
  bool is_text = std::all_of(head.begin(), head.end(), IsTextByte);
  size_t start = head.find_first_not_of(" \t\r\n");
  if (is_text && start != head.npos && head[start] == '{') {
    error->what = "is JSON, but none that describes a model or a checkpoint";
  } else if (is_text && head.find('/') != head.npos && head.size() < 256 &&
             head.find_first_of(" \t") == head.npos) {
    error->code = ErrorCode::kPart;
    error->what = fmt::format(
        "is text, the path \"{}\": a symbolic link that was copied as a file",
        Beginning(head));
    error->hint = "name that file";
  } else if (is_text) {
    error->what = fmt::format("is text that begins \"{}\", no checkpoint",
                              Beginning(head));
  } else if (head.find_first_not_of('\0') == head.npos) {
    error->code = ErrorCode::kCorrupt;
    error->what = "begins with nothing but zeros: it was never written";
    error->hint = "save or download it again";
  } else if (source.size() < 64) {
    error->code = ErrorCode::kCorrupt;
    error->what =
        fmt::format("has {} bytes, too few for any checkpoint", source.size());
  } else {
    error->what = "is no checkpoint and no model description that is known";
  }
}

// What begins as the path does: the prefix without its number, or without the
// index that makes it one.
void SayMissing(const Source& source, Error* error) {
  error->code = ErrorCode::kNotFound;
  error->what = "no such file, directory or checkpoint prefix";
  Source directory(source.files(), source.directory());
  std::string name = source.name(), nearest;
  for (const std::string& entry : directory.Entries()) {
    if (!entry.starts_with(name)) continue;
    std::optional<std::string> prefix = PrefixOfShard(entry);
    if (prefix == name) {
      error->code = ErrorCode::kMissingFile;
      error->what =
          fmt::format("{} is there, but {}.index is not", entry, name);
      error->hint = "copy the .index file, too";
      return;
    }
    if (nearest.empty() || NaturalLess(nearest, entry)) nearest = entry;
  }
  if (nearest.ends_with(".index")) nearest.resize(nearest.size() - 6);
  if (!nearest.empty()) error->hint = fmt::format("there is {}", nearest);
}

// Shards as the Hugging Face libraries write them, and no index.
bool SayShards(const Source& directory, Error* error) {
  static const Glob shard("*-0*-of-0*.{safetensors,bin}");
  constexpr std::string_view kNumbers = "-00001-of-00002";
  for (const std::string& name : directory.Entries()) {
    if (!shard.Matches(name)) continue;
    const size_t dot = name.rfind('.');
    error->code = ErrorCode::kMissingFile;
    error->what = fmt::format(
        "a directory of shards ({}, ...), which cannot be read without its "
        "index",
        Printable(name));
    error->hint = fmt::format("put {}{}.index.json beside them",
                              Printable(name.substr(0, dot - kNumbers.size())),
                              name.substr(dot));
    return true;
  }
  return false;
}

}  // namespace

Error UnrecognizedError(const Source& source) {
  Error error{ErrorCode::kUnrecognized, source.path(), {}, {}, {}};
  if (source.kind() == PathKind::kNone) {
    SayMissing(source, &error);
    return error;
  }
  if (!source.is_directory()) {
    SayFile(source, &error);
    return error;
  }
  Source state = source.Child("checkpoint");
  if (state.is_file() &&
      SayTensorFlowPart(state, state.Peek(0, kHeadBytes), &error)) {
    error.where = "checkpoint";
    return error;
  }
  if (SayShards(source, &error)) return error;
  error.code = ErrorCode::kPart;
  error.what = "a directory that holds no checkpoint at its top";
  error.hint = "name a file in it, or use: ckptdiff audit";
  return error;
}

}  // namespace ckptdiff
