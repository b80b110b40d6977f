// The documents that programs read. Field names and meanings are the
// contract's, described by the JSON Schemas in schemas/, and detached from the
// types of the program.

#ifndef CKPTDIFF_REPORT_JSON_DOCUMENTS_H_
#define CKPTDIFF_REPORT_JSON_DOCUMENTS_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ckptdiff/layout.h"
#include "ckptdiff/report.h"
#include "report/json_writer.h"

namespace ckptdiff {

// "ckptdiff/layout/v1". Read again, it gives an equal layout (but for the
// path, format and resolved file, which are then the document's).
void WriteLayoutDocument(const Layout& layout, JsonWriter* json);

// "ckptdiff/report/v1".
void WriteReportDocument(const Report& report, JsonWriter* json);

// Parts that both documents and the audit's share.
void WriteSchemaAndTool(std::string_view schema, JsonWriter* json);
// The members of an object that say what was read.
void WriteSourceMembers(const SourceInfo& source, JsonWriter* json);
void WriteTexts(const std::vector<std::string>& texts, JsonWriter* json);
void WriteShape(const Shape& shape, JsonWriter* json);
void WriteSlot(const Slot& slot, JsonWriter* json);

}  // namespace ckptdiff

#endif  // CKPTDIFF_REPORT_JSON_DOCUMENTS_H_
