#include "probec/diagnostic.hpp"

#include <iterator>

namespace hp::probec {

const char* name_of(Tag tag) {
  static constexpr const char* kNames[] = {
#define HP_DIAGNOSTIC(tag) #tag,
#include "probec/diagnostics.def"
#undef HP_DIAGNOSTIC
  };
  auto index = static_cast<size_t>(tag);
  return index < std::size(kNames) ? kNames[index] : "";
}

namespace {

std::string excerpt(const Source& source, Location loc, const std::string& hint) {
  if (loc.offset > source.text.size() || loc.line == 0) return {};
  size_t start = loc.offset == 0 ? std::string::npos : source.text.rfind('\n', loc.offset - 1);
  start = start == std::string::npos ? 0 : start + 1;
  size_t end = source.text.find('\n', loc.offset);
  if (end == std::string::npos) end = source.text.size();
  std::string line = source.text.substr(start, end - start);
  std::string margin(loc.offset - start, ' ');
  for (size_t i = 0; i < margin.size(); ++i)
    if (line[i] == '\t') margin[i] = '\t';
  std::string number = std::to_string(loc.line);
  std::string gutter(number.size(), ' ');
  std::string out = " " + number + " | " + line + "\n " + gutter + " | " + margin + "^\n";
  if (!hint.empty()) out += " " + gutter + " = hint: " + hint + "\n";
  return out;
}

}  // namespace

std::string render(const Diagnostic& diagnostic, const std::vector<Source>& sources,
                   const DiagnosticStyle& style, const std::string& program) {
  const Location& loc = diagnostic.loc;
  std::string out = program + ": ";
  if (loc.source >= sources.size()) return out + diagnostic.message + "\n";
  const Source* source = &sources[loc.source];
  /* An included file belongs to the script that included it. */
  const Source* owner = source->includer ? &sources[*source->includer] : source;
  bool script = owner->kind == SourceKind::Script;
  out += script ? "failed to compile script " : "invalid probe specifier ";
  out += owner->name + ": ";
  if (style.tags && diagnostic.tag != Tag::None)
    out += std::string("[") + name_of(diagnostic.tag) + "] ";
  if ((script || source != owner) && loc.line != 0) {
    if (source != owner) out += "\"" + source->name + "\", ";
    out += "line " + std::to_string(loc.shown != 0 ? loc.shown : loc.line) + ": ";
  } else if (!diagnostic.region.empty()) {
    out += "in " + diagnostic.region + ": ";
  }
  out += diagnostic.message;
  /* With tags the line is dtrace(1)'s to the letter; otherwise the column is told too. */
  if (!style.tags && loc.line != 0 && loc.column != 0) {
    out += script ? " (column " : " (line " + std::to_string(loc.line) + ", column ";
    out += std::to_string(loc.column) + ")";
  }
  out += "\n";
  if (style.carets && source == owner) out += excerpt(*source, loc, diagnostic.hint);
  return out;
}

}  // namespace hp::probec
