// The report that people read: why first, then what no cause explains, then
// one line that counts. Nothing is said twice, nothing is wider than the
// terminal. All its sections share one idea of what has been said and
// how wide it may be.

#include "report/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/columns.h"
#include "base/text.h"
#include "report/paint.h"
#include "report/reporter.h"
#include "report/text_groups.h"

namespace ckptdiff {
namespace {

constexpr size_t kMostLines = 12;         // of one section, unless verbose
constexpr size_t kMostBesidePattern = 5;  // which says the rest
constexpr size_t kMostItems = 12;         // of one line
constexpr size_t kLeastRoom = 36;         // for text that needs several lines
constexpr size_t kRenamed = 7;            // the width of that word

class Writer {
 public:
  Writer(const Report& report, const Style& style)
      : report_(report),
        style_(style),
        paint_(style.color),
        width_(static_cast<size_t>(style.width)),
        is_diff_(report.command == "diff") {}

  std::string Write() {
    if (!style_.quiet) {
      Head();
      for (const Diagnosis& diagnosis : report_.diagnoses) Cause(diagnosis);
      Unexplained();
      if (report_.pairs) Pairs();
      out_ += '\n';
    }
    Verdict();
    return std::move(out_);
  }

 private:
  void Head() {
    std::string actual =
        report_.actual ? Described(report_.actual->source) : "";
    std::string expected =
        report_.expected ? Described(report_.expected->source) : "";
    if (expected.empty()) {
      AddHanging(0, "", actual, style_, &out_);
      return;
    }
    std::string between = is_diff_ ? "  →  " : "  against  ";
    if (DisplayWidth(actual + between + expected) <= width_) {
      out_ += paint_.Bold(actual) + between + paint_.Bold(expected) + "\n";
      return;
    }
    AddHanging(0, "", actual, style_, &out_);
    AddHanging(0, is_diff_ ? "→ " : "against ", expected, style_, &out_);
  }

  // "2 layers were renamed        [layers-renamed, 98 %]"
  void Title(std::string_view summary, const std::string& tag) {
    constexpr size_t kTagEnd = 80;  // on wide terminals too: the eye follows
    std::vector<std::string> lines = WrapText(summary, width_ - 2);
    for (size_t i = 0; i + 1 < lines.size(); ++i) {
      out_ += "  " + paint_.Bold(lines[i]) + "\n";
    }
    size_t used = 2 + DisplayWidth(lines.back()) + DisplayWidth(tag);
    out_ += "  " + paint_.Bold(lines.back());
    if (used + 1 <= width_) {
      size_t end = std::min(width_, kTagEnd);
      size_t gap = end > used ? end - used : 1;
      out_ += std::string(gap, ' ') + paint_.Dim(tag) + "\n";
      return;
    }
    out_ += '\n';
    for (const std::string& line : WrapText(tag, width_ - 4)) {
      out_ += "    " + paint_.Dim(line) + "\n";
    }
  }

  void Cause(const Diagnosis& diagnosis) {
    out_ += '\n';
    std::string tag = fmt::format("[{}, {}{:.0f} %]", diagnosis.cause,
                                  diagnosis.harmless ? "harmless, " : "",
                                  diagnosis.confidence * 100);
    Title(WithoutListing(diagnosis.summary), tag);
    std::vector<size_t> untold = Untold(diagnosis);
    for (const Pattern& pattern : diagnosis.patterns) {
      if (untold.empty()) break;  // said with the findings
      AddHanging(
          4, "",
          fmt::format("\"{}\" → \"{}\"   {}", Printable(pattern.from),
                      Printable(pattern.to), Count(pattern.count, "name")),
          style_, &out_);
    }
    Groups(FoldFindings(report_.findings, untold, is_diff_, !style_.verbose),
           diagnosis.patterns.empty() ? kMostLines : kMostBesidePattern);
    if (!is_diff_) Fix(WithoutSaid(diagnosis.fix));
  }

  // Code that stands above is not written out again.
  std::string WithoutSaid(const std::string& fix) {
    constexpr std::string_view kCode = "rename while loading: ";
    size_t code = fix.find(kCode);
    if (code == std::string::npos) return fix;
    bool is_new = said_code_.insert(fix.substr(code)).second;
    return is_new ? fix : fix.substr(0, code) + "rename while loading as above";
  }

  // What no diagnosis above has listed: nothing is said twice.
  std::vector<size_t> Untold(const Diagnosis& diagnosis) {
    std::vector<size_t> untold;
    for (size_t position : diagnosis.findings) {
      if (told_.insert(position).second) untold.push_back(position);
    }
    return untold;
  }

  // The groups below list what a summary lists behind its colon.
  static std::string WithoutListing(const std::string& summary) {
    size_t colon = summary.find(": ");
    bool lists = colon != std::string::npos &&
                 summary.find(" → ", colon) != std::string::npos;
    std::string said = lists ? summary.substr(0, colon) : summary;
    if (said.ends_with('.') && said.find(". ") == std::string::npos) {
      said.pop_back();
    }
    return Printable(said);
  }

  void Groups(const std::vector<FindingGroup>& groups,
              size_t most = kMostLines) {
    size_t shown =
        style_.verbose ? groups.size() : std::min(groups.size(), most);
    if (groups.size() == shown + 1) shown = groups.size();
    size_t word_width = 0, label_width = 0;
    bool has_renamed = false;  // a word that is said beside others only
    for (size_t i = 0; i < shown; ++i) {
      word_width = std::max(word_width, DisplayWidth(groups[i].word));
      has_renamed = has_renamed || groups[i].word.empty();
      size_t wide = DisplayWidth(Printable(groups[i].label));
      if (wide <= width_ / 2) label_width = std::max(label_width, wide);
    }
    if (has_renamed && word_width > 0) {
      word_width = std::max(word_width, kRenamed);
    }
    for (size_t i = 0; i < shown; ++i) {
      GroupLine(groups[i], word_width, label_width);
    }
    if (shown < groups.size()) {
      out_ += fmt::format("    … and {} more (--verbose shows all)\n",
                          groups.size() - shown);
    }
  }

  void GroupLine(const FindingGroup& group, size_t word_width,
                 size_t label_width) {
    std::string head;
    if (word_width > 0) {
      head = PadRight(group.word.empty() ? "renamed" : group.word, word_width);
      head += "  ";
    }
    std::string contents = Printable(Contents(Cut(group)));
    if (group.places > 1) {
      contents = fmt::format("{} ×{}{}", group.places,
                             contents.empty() ? "" : " ", contents);
    }
    std::string label = Printable(group.label);
    if (label.empty()) return AddHanging(4, head, contents, style_, &out_);
    size_t column = 4 + DisplayWidth(head) + label_width + 3;
    bool fits = column + DisplayWidth(contents) <= width_ ||
                column + kLeastRoom <= width_;
    if (DisplayWidth(label) <= label_width && fits) {
      head += PadRight(label, label_width) + "   ";
      if (contents.empty()) head.erase(head.find_last_not_of(' ') + 1);
      return AddHanging(4, head, contents, style_, &out_);
    }
    AddHanging(4, head, label, style_, &out_);
    if (!contents.empty()) AddHanging(8, "", contents, style_, &out_);
  }

  FindingGroup Cut(const FindingGroup& group) const {
    FindingGroup cut = group;
    if (style_.verbose || cut.items.size() <= kMostItems) return cut;
    size_t more = cut.items.size() - (kMostItems - 2);
    cut.items.resize(kMostItems - 2);
    cut.items.push_back(fmt::format("… {} more", more));
    return cut;
  }

  void Fix(std::string_view fix) {
    if (!fix.empty()) AddHanging(4, "fix  ", Printable(fix), style_, &out_);
  }

  // What no diagnosis explains, by severity and rule.
  void Unexplained() {
    std::map<std::pair<int, std::string>, std::vector<size_t>> sections;
    for (size_t i = 0; i < report_.findings.size(); ++i) {
      if (told_.contains(i)) continue;
      const Finding& finding = report_.findings[i];
      sections[{-static_cast<int>(finding.severity), finding.rule}].push_back(
          i);
    }
    for (const auto& [key, positions] : sections) Section(positions);
  }

  std::string Tag(const Finding& finding) const {
    std::string tag =
        fmt::format("{}[{}]", ToString(finding.severity), finding.rule);
    return paint_.As(finding.severity, tag);
  }

  void Section(const std::vector<size_t>& positions) {
    const Finding& first = report_.findings[positions[0]];
    out_ += '\n';
    if (positions.size() == 1) return One(first);
    std::vector<FindingGroup> groups =
        FoldFindings(report_.findings, positions, is_diff_, !style_.verbose);
    out_ += fmt::format("  {} {}\n", Tag(first),
                        Count(positions.size(), "finding"));
    for (FindingGroup& group : groups) {
      if (!is_diff_) group.word.clear();  // the tag has said it
    }
    Groups(groups);
    if (!is_diff_) Fix(first.hint);
  }

  void One(const Finding& finding) {
    size_t tag_width =
        ToString(finding.severity).size() + finding.rule.size() + 2;
    std::string subject = Printable(SubjectOf(finding));
    if (2 + tag_width + 1 + DisplayWidth(subject) <= width_) {
      out_ += fmt::format("  {} {}\n", Tag(finding), paint_.Bold(subject));
    } else {
      out_ += fmt::format("  {}\n", Tag(finding));
      AddHanging(4, "", subject, style_, &out_);
    }
    bool is_pair = finding.actual && finding.expected;
    bool tells_sides = is_pair || finding.rule.ends_with("-variable") ||
                       finding.rule.ends_with("-slot");
    if (tells_sides) {
      Side(is_diff_ ? "new       " : "expected  ", finding.expected, finding);
      Side(is_diff_ ? "old       " : "found     ", finding.actual, finding);
      if (!finding.candidates.empty()) Candidates(finding);
    }
    bool needs_words = !tells_sides || finding.rule == "untracked-variable";
    if (needs_words)
      AddHanging(4, "", Printable(finding.message), style_, &out_);
    if (style_.verbose) Evidence(finding);
    if (!is_diff_) Fix(finding.hint);
  }

  void Side(std::string_view head, const std::optional<FindingSide>& side,
            const Finding& finding) {
    if (!side) return;
    std::string text = side->dtype.empty() ? "" : side->dtype + " ";
    text += ToString(side->shape);
    bool other_name = finding.actual && finding.expected &&
                      finding.actual->name != finding.expected->name;
    if (other_name) text = Printable(side->name) + "  " + text;
    bool shows_key =
        style_.verbose && !side->key.empty() && side->key != side->name;
    if (shows_key) text += "  (" + Printable(side->key) + ")";
    AddHanging(4, head, text, style_, &out_);
  }

  void Candidates(const Finding& finding) {
    std::vector<std::string> names;
    for (const Candidate& candidate : finding.candidates) {
      if (!style_.verbose && names.size() == 4) {
        names.push_back(
            fmt::format("{} more", finding.candidates.size() - names.size()));
        break;
      }
      names.push_back(Printable(candidate.name));
    }
    AddHanging(4, "could be  ", fmt::format("{}", fmt::join(names, ", ")),
               style_, &out_);
  }

  void Evidence(const Finding& finding) {
    if (finding.evidence.empty()) return;
    std::string text = fmt::format("{}", fmt::join(finding.evidence, ", "));
    if (finding.confidence) {
      text = fmt::format("{:.0f} %: {}", *finding.confidence * 100, text);
    }
    AddHanging(4, "because   ", text, style_, &out_);
  }

  void Pairs() {
    out_ += "\n  pairs\n";
    for (const ReportPair& pair : *report_.pairs) {
      std::string text = Printable(pair.actual);
      if (pair.actual != pair.expected) {
        text += " → " + Printable(pair.expected);
      }
      if (pair.how != "exact") text += fmt::format("   {}", pair.how);
      if (!pair.transform.empty()) text += fmt::format(", {}", pair.transform);
      if (pair.confidence < 0.995) {
        text += fmt::format(", {:.0f} %", pair.confidence * 100);
      }
      AddHanging(4, "", text, style_, &out_);
    }
  }

  std::string Comparison() const {
    const ReportSummary& sum = report_.summary;
    std::vector<std::string> parts = {
        fmt::format("{} of {} match", sum.matched,
                    Count(report_.expected->variables, "variable"))};
    auto add = [&parts](uint64_t count, std::string_view word) {
      if (count > 0) parts.push_back(fmt::format("{} {}", count, word));
    };
    add(sum.renamed, "renamed");
    add(sum.missing, is_diff_ ? "added" : "missing");
    add(sum.untracked, "untracked");
    add(sum.unexpected, is_diff_ ? "removed" : "unexpected");
    add(sum.shape, "of another shape");
    add(sum.dtype, "of another dtype");
    add(sum.ignored, "ignored");
    std::string line = fmt::format("{}", fmt::join(parts, ", "));
    if (sum.slots > 0) {
      line += fmt::format("; {} about slots", Count(sum.slots, "finding"));
    }
    return line;
  }

  void Verdict() {
    std::string line = report_.expected ? Comparison() + ". " : "";
    std::string counts = CountsOf(report_.summary);
    if (counts.empty()) {
      counts = is_diff_           ? "no difference"
               : report_.expected ? "clean"
                                  : "nothing wrong was found";
    }
    for (const std::string& part : WrapText(line + counts, width_)) {
      Severity worst = WorstSeverity(report_);
      out_ +=
          worst == Severity::kOff ? paint_.Good(part) : paint_.As(worst, part);
      out_ += '\n';
    }
  }

  const Report& report_;
  const Style& style_;
  const Paint paint_;
  const size_t width_;
  const bool is_diff_;
  std::set<std::string> said_code_;
  std::set<size_t> told_;  // positions of findings that a diagnosis listed
  std::string out_;
};

}  // namespace

std::string ReportAsText(const Report& report, const Style& style) {
  return Writer(report, style).Write();
}

}  // namespace ckptdiff
