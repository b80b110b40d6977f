// Documents against the JSON Schemas in schemas/.

#ifndef CKPTDIFF_TESTS_SUPPORT_SCHEMA_H_
#define CKPTDIFF_TESTS_SUPPORT_SCHEMA_H_

#include <nlohmann/json.hpp>
#include <string>

namespace ckptdiff {

// What is wrong with `document` by the schema that it names itself; a report
// inside of an audit by its own. Empty: nothing.
std::string SchemaErrors(const nlohmann::json& document);

// The document that a command wrote, parsed and held to its schema; a failure
// of the test where it does not.
nlohmann::json ExpectDocument(const std::string& text);
// The same for one document a line.
std::vector<nlohmann::json> ExpectDocuments(const std::string& lines);

}  // namespace ckptdiff

#endif  // CKPTDIFF_TESTS_SUPPORT_SCHEMA_H_
