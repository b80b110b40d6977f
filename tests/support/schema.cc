#include "support/schema.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <sstream>
// valijson's own headers are no model of warnings.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wunused-parameter"
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>
#pragma GCC diagnostic pop

#include "support/fixture.h"

namespace ckptdiff {
namespace {

using Json = nlohmann::json;
using Adapter = valijson::adapters::NlohmannJsonAdapter;

// "ckptdiff/layout/v1" is described by schemas/layout-v1.schema.json.
const valijson::Schema& SchemaNamed(const std::string& id) {
  static std::map<std::string, std::unique_ptr<valijson::Schema>> schemas;
  std::unique_ptr<valijson::Schema>& schema = schemas[id];
  if (schema) return *schema;
  size_t first = id.find('/'), second = id.rfind('/');
  std::string kind = id.substr(first + 1, second - first - 1);
  std::string path = Root() + "/schemas/" + kind + "-" + id.substr(second + 1) +
                     ".schema.json";
  schema = std::make_unique<valijson::Schema>();
  Json document = Json::parse(ReadTextFile(path));
  valijson::SchemaParser().populateSchema(Adapter(document), *schema);
  return *schema;
}

}  // namespace

std::string SchemaErrors(const Json& document) {
  if (!document.is_object() || !document.contains("schema")) {
    return "names no schema";
  }
  valijson::ValidationResults results;
  valijson::Validator validator(valijson::Validator::kStrongTypes);
  validator.validate(SchemaNamed(document["schema"]), Adapter(document),
                     &results);
  std::ostringstream errors;
  valijson::ValidationResults::Error error;
  while (results.popError(error)) {
    for (const std::string& part : error.context) errors << part;
    errors << ": " << error.description << "\n";
  }
  if (document["schema"] == "ckptdiff/audit/v1") {
    for (const Json& report : document["reports"]) {
      errors << SchemaErrors(report);
    }
  }
  return errors.str();
}

Json ExpectDocument(const std::string& text) {
  Json document = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  EXPECT_FALSE(document.is_discarded()) << text;
  if (!document.is_discarded()) {
    EXPECT_EQ(SchemaErrors(document), "") << text;
  }
  return document;
}

std::vector<Json> ExpectDocuments(const std::string& lines) {
  std::vector<Json> documents;
  std::istringstream stream(lines);
  for (std::string line; std::getline(stream, line);) {
    documents.push_back(ExpectDocument(line));
  }
  return documents;
}

}  // namespace ckptdiff
