// JSON with limits, and typed access that names the place. The only home of
// the parsing half of nlohmann_json.

#ifndef CKPTDIFF_CONTAINER_JSON_DOC_H_
#define CKPTDIFF_CONTAINER_JSON_DOC_H_

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace ckptdiff {

// Members are ordered by name: an object of a million members is no attack. A
// reader to whom the order matters (safetensors) uses the SAX interface.
using Json = nlohmann::json;

// Throws ParseError(kCorrupt) naming `where` and the offset: bad syntax, bad
// UTF-8, more than 200 levels, a name twice in one object.
Json ParseJson(std::string_view text, std::string_view where);

// The same for detectors and sidecars: nullopt instead of an error.
std::optional<Json> TryParseJson(std::string_view text);

// The member, or nullptr: absent, or `object` is none.
const Json* Member(const Json& object, std::string_view name);
// The member if it is of that kind; else the fallback.
std::string StringOr(const Json& object, std::string_view name,
                     std::string_view fallback = {});
int64_t IntOr(const Json& object, std::string_view name, int64_t fallback);
bool BoolOr(const Json& object, std::string_view name, bool fallback);

}  // namespace ckptdiff

#endif  // CKPTDIFF_CONTAINER_JSON_DOC_H_
