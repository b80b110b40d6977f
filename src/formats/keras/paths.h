// Names and paths of Keras: components with "/" between them.

#ifndef CKPTDIFF_FORMATS_KERAS_PATHS_H_
#define CKPTDIFF_FORMATS_KERAS_PATHS_H_

#include <string>
#include <string_view>

namespace ckptdiff {

// "scope/name"; the name alone where the scope is empty.
inline std::string JoinScope(std::string_view scope, std::string_view name) {
  if (scope.empty()) return std::string(name);
  std::string joined(scope);
  joined += '/';
  joined += name;
  return joined;
}

}  // namespace ckptdiff

#endif  // CKPTDIFF_FORMATS_KERAS_PATHS_H_
