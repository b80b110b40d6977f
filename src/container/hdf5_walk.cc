// One file, however long: nothing else may know libhdf5.

#include "container/hdf5_walk.h"

#include <hdf5.h>
#include <sys/resource.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <new>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/parse_error.h"
#include "container/hdf5_file.h"

namespace ckptdiff {
namespace {

// ---- A driver that reads a File: a byte range of an archive, bytes in memory.

struct DriverInfo {
  const File* file;
  uint64_t end;
};

struct DriverFile {
  H5FD_t base;  // first: libhdf5 sees this part only
  DriverInfo info;
  haddr_t eoa;
};

const DriverFile* Down(const H5FD_t* base) {
  return reinterpret_cast<const DriverFile*>(base);
}

H5FD_t* DriverOpen(const char*, unsigned flags, hid_t fapl, haddr_t) {
  static bool is_open = false;  // one file: nothing that it points to
  if (is_open || (flags & H5F_ACC_RDWR) != 0) return nullptr;
  const void* info = H5Pget_driver_info(fapl);
  if (info == nullptr) return nullptr;
  auto* opened = new (std::nothrow) DriverFile{};
  if (opened == nullptr) return nullptr;
  std::memcpy(&opened->info, info, sizeof(opened->info));
  is_open = true;
  return &opened->base;
}

herr_t DriverClose(H5FD_t* base) {
  delete reinterpret_cast<DriverFile*>(base);
  return 0;
}

haddr_t DriverEoa(const H5FD_t* base, H5FD_mem_t) { return Down(base)->eoa; }
herr_t DriverSetEoa(H5FD_t* base, H5FD_mem_t, haddr_t eoa) {
  reinterpret_cast<DriverFile*>(base)->eoa = eoa;
  return 0;
}
haddr_t DriverEof(const H5FD_t* base, H5FD_mem_t) {
  return Down(base)->info.end;
}

// A truncated file has no byte behind its end: zeros in their place would make
// libhdf5 run in circles.
herr_t DriverRead(H5FD_t* base, H5FD_mem_t, hid_t, haddr_t address, size_t size,
                  void* buffer) {
  const File& file = *Down(base)->info.file;
  try {
    file.ReadAt(address, {static_cast<std::byte*>(buffer), size});
  } catch (const ParseError&) {
    return -1;
  }
  return 0;
}

herr_t DriverWrite(H5FD_t*, H5FD_mem_t, hid_t, haddr_t, size_t, const void*) {
  return -1;
}

constexpr H5FD_class_t kDriver = {
    .name = "ckptdiff",
    .maxaddr = HADDR_MAX,
    .fc_degree = H5F_CLOSE_STRONG,
    .fapl_size = sizeof(DriverInfo),
    .open = DriverOpen,
    .close = DriverClose,
    .get_eoa = DriverEoa,
    .set_eoa = DriverSetEoa,
    .get_eof = DriverEof,
    .read = DriverRead,
    .write = DriverWrite,
    .fl_map = H5FD_FLMAP_DICHOTOMY,
};

// ---- Identifiers that close themselves.

class Id {
 public:
  Id(hid_t id, herr_t (*close)(hid_t)) : id_(id), close_(close) {}
  ~Id() {
    if (id_ >= 0) close_(id_);
  }
  Id(const Id&) = delete;
  Id& operator=(const Id&) = delete;
  operator hid_t() const { return id_; }
  bool ok() const { return id_ >= 0; }

 private:
  hid_t id_;
  herr_t (*close_)(hid_t);
};

// ---- Element types by their names.

std::string IntegerName(hid_t type) {
  bool is_signed = H5Tget_sign(type) == H5T_SGN_2;
  size_t size = H5Tget_size(type);
  if (size != 1 && size != 2 && size != 4 && size != 8) return {};
  return (is_signed ? "int" : "uint") + std::to_string(8 * size);
}

std::string FloatName(hid_t type) {
  size_t sign, exponent_at, exponent, mantissa_at, mantissa;
  if (H5Tget_fields(type, &sign, &exponent_at, &exponent, &mantissa_at,
                    &mantissa) < 0) {
    return {};
  }
  switch (H5Tget_size(type)) {
    case 8: return "float64";
    case 4: return "float32";
    case 2: return exponent == 8 ? "bfloat16" : "float16";
    case 1: return exponent == 5 ? "float8_e5m2" : "float8_e4m3fn";
    default: return {};
  }
}

// h5py writes complex numbers as {r, i} and booleans as {FALSE, TRUE}.
std::string TypeName(hid_t type) {
  size_t size = H5Tget_size(type);
  switch (H5Tget_class(type)) {
    case H5T_INTEGER: return IntegerName(type);
    case H5T_FLOAT: return FloatName(type);
    case H5T_STRING: return "string";
    case H5T_ENUM: return size == 1 && H5Tget_nmembers(type) == 2 ? "bool" : "";
    case H5T_COMPOUND:
      if (H5Tget_nmembers(type) != 2) return {};
      return size == 8 ? "complex64" : size == 16 ? "complex128" : "";
    default: return {};
  }
}

// ---- The walk. Nothing in it throws: C frames lie between its functions.

class Walk {
 public:
  Walk(const Hdf5WalkLimits& limits, const ForkSink& sink)
      : limits_(limits), sink_(sink) {}

  void Run(hid_t file) {
    Id root(H5Gopen2(file, "/", H5P_DEFAULT), H5Gclose);
    if (!root.ok()) {
      Explain();
      return;
    }
    if (Group(root, "", 0)) Byte('Z');
  }
  // What libhdf5 says of the last failure, unless that was said already.
  void Explain();
  void Flush() {
    sink_(buffer_);
    buffer_.clear();
  }

 private:
  static herr_t OnLink(hid_t group, const char* name, const H5L_info_t* info,
                       void* walk) {
    return static_cast<Walk*>(walk)->Link(group, name, *info) ? 0 : -1;
  }
  static herr_t OnAttribute(hid_t group, const char* name, const H5A_info_t*,
                            void* walk) {
    return static_cast<Walk*>(walk)->Attribute(group, name) ? 0 : -1;
  }

  bool Group(hid_t group, std::string_view name, uint32_t depth);
  bool Link(hid_t group, const char* name, const H5L_info_t& info);
  bool SymbolicLink(hid_t group, const char* name, const H5L_info_t& info);
  bool Dataset(hid_t group, const char* name);
  bool Attribute(hid_t group, const char* name);
  std::vector<std::string> FixedTexts(hid_t attribute, hid_t type, size_t n);
  std::vector<std::string> VariableTexts(hid_t attribute, hid_t type,
                                         hid_t space, size_t n);
  std::string OpaqueName(hid_t dataset);
  std::string OutsideTarget(hid_t creation, H5D_layout_t layout);
  bool Stop(std::string_view what);

  void Byte(char byte) {
    buffer_ += byte;
    if (buffer_.size() > 65536) Flush();
  }
  void U32(uint64_t value) {
    for (int i = 0; i < 4; ++i) Byte(static_cast<char>(value >> (8 * i)));
  }
  void U64(uint64_t value) {
    for (int i = 0; i < 8; ++i) Byte(static_cast<char>(value >> (8 * i)));
  }
  void Text(std::string_view text) {
    U32(text.size());
    buffer_ += text;
  }

  const Hdf5WalkLimits& limits_;
  const ForkSink& sink_;
  std::string buffer_;
  std::string path_;          // of the group that is open
  std::set<haddr_t> groups_;  // that were entered: links may form cycles
  uint64_t objects_ = 0;
  uint32_t depth_ = 0;
  bool explained_ = false;
};

bool Walk::Stop(std::string_view what) {
  if (explained_) return false;
  explained_ = true;
  Byte('X');
  Text(path_);
  Text(what);
  return false;
}

void Walk::Explain() {
  std::string deepest = "libhdf5 gives no reason";
  auto keep = [](unsigned, const H5E_error2_t* error, void* out) -> herr_t {
    if (error->desc != nullptr) {
      *static_cast<std::string*>(out) = std::string("libhdf5: ") + error->desc;
    }
    return 0;
  };
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_DOWNWARD, keep, &deepest);
  Stop(deepest);
}

bool Walk::Group(hid_t group, std::string_view name, uint32_t depth) {
  if (depth > limits_.depth) return Stop("groups nest too deep");
  Byte('G');
  Text(name);
  if (H5Aiterate2(group, H5_INDEX_NAME, H5_ITER_INC, nullptr, OnAttribute,
                  this) < 0) {
    Explain();
    return false;
  }
  size_t length = path_.size();
  if (!path_.empty()) path_ += '/';
  path_ += name;
  uint32_t outer = depth_;
  depth_ = depth;
  if (H5Literate(group, H5_INDEX_NAME, H5_ITER_INC, nullptr, OnLink, this) <
      0) {
    Explain();
    return false;
  }
  depth_ = outer;
  path_.resize(length);
  Byte('E');
  return true;
}

bool Walk::Link(hid_t group, const char* name, const H5L_info_t& info) {
  if (++objects_ > limits_.objects) {
    return Stop("holds more objects than a file of its size can");
  }
  if (info.type != H5L_TYPE_HARD) return SymbolicLink(group, name, info);
  H5O_info_t object;
  if (H5Oget_info_by_name2(group, name, &object, H5O_INFO_BASIC, H5P_DEFAULT) <
      0) {
    Explain();
    return false;
  }
  if (object.type == H5O_TYPE_DATASET) return Dataset(group, name);
  if (object.type == H5O_TYPE_GROUP && groups_.insert(object.addr).second) {
    Id child(H5Gopen2(group, name, H5P_DEFAULT), H5Gclose);
    if (child.ok()) return Group(child, name, depth_ + 1);
    Explain();
    return false;
  }
  Byte('L');
  Byte(static_cast<char>(Hdf5Node::Kind::kOther));
  Text(name);
  Text("");
  return true;
}

bool Walk::SymbolicLink(hid_t group, const char* name, const H5L_info_t& info) {
  bool is_external = info.type == H5L_TYPE_EXTERNAL;
  std::string target;
  size_t size = std::min<size_t>(info.u.val_size, 65536);
  std::vector<char> value(size + 1, '\0');
  if (size > 0 &&
      H5Lget_val(group, name, value.data(), size, H5P_DEFAULT) >= 0) {
    const char *file = nullptr, *path = nullptr;
    if (!is_external) {
      target = value.data();
    } else if (H5Lunpack_elink_val(value.data(), size, nullptr, &file, &path) >=
               0) {
      target = std::string(file) + ":" + path;
    }
  }
  Byte('L');
  Byte(static_cast<char>(is_external ? Hdf5Node::Kind::kExternalLink
                                     : Hdf5Node::Kind::kSoftLink));
  Text(name);
  Text(target);
  return true;
}

// bfloat16 as Keras writes it: two opaque bytes and an attribute that says so.
std::string Walk::OpaqueName(hid_t dataset) {
  if (H5Aexists(dataset, "dtype") <= 0) return {};
  Id attribute(H5Aopen(dataset, "dtype", H5P_DEFAULT), H5Aclose);
  if (!attribute.ok()) return {};
  Id type(H5Aget_type(attribute), H5Tclose);
  Id space(H5Aget_space(attribute), H5Sclose);
  if (!type.ok() || !space.ok() || H5Tget_class(type) != H5T_STRING ||
      H5Sget_simple_extent_npoints(space) != 1) {
    return {};
  }
  std::vector<std::string> texts =
      H5Tis_variable_str(type) > 0 ? VariableTexts(attribute, type, space, 1)
                                   : FixedTexts(attribute, type, 1);
  return texts.empty() ? "" : texts[0];
}

std::string Walk::OutsideTarget(hid_t creation, H5D_layout_t layout) {
  if (layout == H5D_VIRTUAL) return "a virtual data set";
  if (H5Pget_external_count(creation) <= 0) return {};
  char name[1024] = "";
  off_t offset = 0;
  hsize_t size = 0;
  H5Pget_external(creation, 0, sizeof(name) - 1, name, &offset, &size);
  return name[0] == '\0' ? "another file" : name;
}

bool Walk::Dataset(hid_t group, const char* name) {
  Id dataset(H5Dopen2(group, name, H5P_DEFAULT), H5Dclose);
  if (!dataset.ok()) {
    path_ += std::string(path_.empty() ? "" : "/") + name;
    Explain();
    return false;
  }
  Id type(H5Dget_type(dataset), H5Tclose);
  Id creation(H5Dget_create_plist(dataset), H5Pclose);
  if (!type.ok() || !creation.ok()) return Stop("a data set without a type");
  H5D_layout_t layout = H5Pget_layout(creation);
  std::string target = OutsideTarget(creation, layout);
  hsize_t dims[H5S_MAX_RANK] = {};
  int rank = 0;
  if (layout != H5D_VIRTUAL) {
    Id space(H5Dget_space(dataset), H5Sclose);
    rank = H5Sget_simple_extent_dims(space, dims, nullptr);
    if (H5Sget_simple_extent_type(space) == H5S_NULL) {
      rank = 1;  // no element at all
    }
    if (rank < 0) return Stop("a data set without a shape");
  }
  std::string dtype = TypeName(type);
  if (H5Tget_class(type) == H5T_OPAQUE) dtype = OpaqueName(dataset);
  bool is_number =
      H5Tget_class(type) == H5T_INTEGER || H5Tget_class(type) == H5T_FLOAT;
  double scalar = 0;
  bool has_scalar = rank == 0 && is_number && target.empty() &&
                    H5Dread(dataset, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL,
                            H5P_DEFAULT, &scalar) >= 0;
  haddr_t offset = H5Dget_offset(dataset);
  Byte('D');
  Text(name);
  Text(dtype);
  Text(target);
  Byte(static_cast<char>((layout == H5D_CONTIGUOUS ? kHdf5Contiguous : 0) |
                         (target.empty() ? 0 : kHdf5Outside) |
                         (has_scalar ? kHdf5HasScalar : 0)));
  U64(layout == H5D_VIRTUAL ? 0 : H5Dget_storage_size(dataset));
  U64(layout == H5D_CONTIGUOUS && target.empty() && offset != HADDR_UNDEF
          ? offset
          : kHdf5NoOffset);
  U64(std::bit_cast<uint64_t>(scalar));
  Byte(static_cast<char>(rank));
  for (int i = 0; i < rank; ++i) U64(dims[i]);
  return true;
}

std::vector<std::string> Walk::FixedTexts(hid_t attribute, hid_t type,
                                          size_t n) {
  size_t size = H5Tget_size(type);
  std::optional<uint64_t> bytes = CheckedMul(n, size);
  if (!bytes || *bytes > (uint64_t{64} << 20)) return {};
  std::string raw(static_cast<size_t>(*bytes), '\0');
  if (H5Aread(attribute, type, raw.data()) < 0) return {};
  bool is_padded = H5Tget_strpad(type) == H5T_STR_SPACEPAD;
  std::vector<std::string> texts;
  for (size_t i = 0; i < n; ++i) {
    std::string_view text = std::string_view(raw).substr(i * size, size);
    text = text.substr(0, text.find('\0'));
    while (is_padded && text.ends_with(' ')) text.remove_suffix(1);
    texts.emplace_back(text);
  }
  return texts;
}

std::vector<std::string> Walk::VariableTexts(hid_t attribute, hid_t type,
                                             hid_t space, size_t n) {
  std::vector<char*> pointers(n, nullptr);
  if (H5Aread(attribute, type, pointers.data()) < 0) return {};
  std::vector<std::string> texts;
  texts.reserve(n);
  for (const char* text : pointers) texts.emplace_back(text ? text : "");
  H5Dvlen_reclaim(type, space, H5P_DEFAULT, pointers.data());
  return texts;
}

bool Walk::Attribute(hid_t group, const char* name) {
  Id attribute(H5Aopen(group, name, H5P_DEFAULT), H5Aclose);
  Id type(attribute.ok() ? H5Aget_type(attribute) : -1, H5Tclose);
  Id space(attribute.ok() ? H5Aget_space(attribute) : -1, H5Sclose);
  if (!type.ok() || !space.ok()) {
    Explain();
    return false;
  }
  hssize_t count = H5Sget_simple_extent_npoints(space);
  if (count < 0 || count > (1 << 22)) return Stop("an attribute is too long");
  auto n = static_cast<size_t>(count);
  std::vector<std::string> texts;
  std::vector<double> numbers;
  H5T_class_t kind = H5Tget_class(type);
  if (kind == H5T_STRING && n > 0) {
    texts = H5Tis_variable_str(type) > 0
                ? VariableTexts(attribute, type, space, n)
                : FixedTexts(attribute, type, n);
  } else if ((kind == H5T_INTEGER || kind == H5T_FLOAT) && n <= 4096) {
    numbers.resize(n);
    if (n > 0 && H5Aread(attribute, H5T_NATIVE_DOUBLE, numbers.data()) < 0) {
      numbers.clear();
    }
  }
  Byte('A');
  Text(name);
  U32(texts.size());
  for (const std::string& text : texts) Text(text);
  U32(numbers.size());
  for (double number : numbers) U64(std::bit_cast<uint64_t>(number));
  return true;
}

// No link, storage or virtual data set opens another file from here on.
void CloseDoors() {
  struct rlimit none = {0, 0};
  setrlimit(RLIMIT_NOFILE, &none);
}

}  // namespace

void WalkHdf5(const File& file, const Hdf5WalkLimits& limits,
              const ForkSink& sink) {
  CloseDoors();
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  Walk walk(limits, sink);
  hid_t driver = H5FDregister(&kDriver);
  hid_t access = H5Pcreate(H5P_FILE_ACCESS);
  DriverInfo info = {&file, limits.end};
  H5Pset_driver(access, driver, &info);
  hid_t opened = H5Fopen("checkpoint", H5F_ACC_RDONLY, access);
  if (opened < 0) {
    walk.Explain();
  } else {
    walk.Run(opened);
  }
  walk.Flush();  // the process ends here: nothing is worth closing
}

}  // namespace ckptdiff
