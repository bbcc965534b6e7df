#include "probec/pragmas.hpp"

#include "probec/library.hpp"

namespace hp::probec {

namespace {

/* The names are followed by nothing else. */
void exactly(Location loc, const std::string& name, size_t given, size_t wanted, const char* form) {
  if (given < wanted) raise(Tag::D_PRAGMA_MALFORM, loc, "malformed #pragma D " + name + form);
  if (given > wanted)
    raise(Tag::D_PRAGMA_MALFORM, loc, "superfluous arguments specified for #pragma D " + name);
}

[[noreturn]] void error(Location loc, const std::vector<std::string>& words, size_t from) {
  std::string text = "#error:";
  for (size_t i = from; i < words.size(); ++i) text += " " + words[i];
  raise(Tag::D_PRAGERR, loc, text);
}

}  // namespace

bool Pragmas::in_library(Location loc) const {
  SourceKind kind = sources_[loc.source].kind;
  return kind == SourceKind::Library || kind == SourceKind::Foundation;
}

void Pragmas::operator()(Location loc, const std::vector<std::string>& words) {
  if (words[0] == "ident") return;
  if (words[0] == "error") return error(loc, words, 1);
  if (words.size() < 2) raise(Tag::D_PRAGMA_MALFORM, loc, "malformed #pragma: it names nothing");
  if (words[1] != "D") { /* other compilers' pragmas are theirs */
    if (words[1] == "ident" || words[1] == "line") return;
    if (words[1] == "error") error(loc, words, 2);
    return;
  }
  if (words.size() < 3) raise(Tag::D_PRAGMA_MALFORM, loc, "malformed #pragma D: it names nothing");
  const std::string& name = words[2];
  size_t args = words.size() - 3;
  if (name == "option")
    option(loc, words, args);
  else if (name == "attributes" || name == "binding")
    stability(loc, words, args);
  else if (name == "depends_on")
    depends_on(loc, words, args);
  else if (name == "error")
    error(loc, words, 3);
  else if (name != "ident" && name != "line")
    raise(Tag::D_PRAGMA_INVAL, loc, "invalid control directive: #pragma D " + name);
}

/* attributes NAME/DATA/CLASS identifier
 * attributes NAME/DATA/CLASS provider NAME provider|module|function|name|args
 * binding VERSION identifier */
void Pragmas::stability(Location loc, const std::vector<std::string>& words, size_t args) {
  const std::string& directive = words[2];
  if (in_library(loc)) return; /* theirs are not reported */
  ast::StabilityPragma made{loc, "D " + directive, {}, {}};
  if (directive == "attributes") {
    if (args < 2) exactly(loc, directive, args, 2, " <attributes> <ident>");
    made.attributes = parse_attributes(words[3]);
    if (!made.attributes)
      raise(Tag::D_PRAGMA_INVAL, loc, "invalid attributes specified by #pragma D attributes");
    if (words[4] == "provider" && args > 2) {
      exactly(loc, directive, args, 4, " <attributes> provider <name> <part>");
      for (const char* part : {"provider", "module", "function", "name", "args"})
        if (words[6] == part) return;
      raise(Tag::D_PRAGMA_INVAL, loc,
            "invalid component \"" + words[6] + "\" in attribute #pragma for provider " + words[5]);
    }
  } else {
    if (args < 2) exactly(loc, directive, args, 2, " <version> <ident>");
    const std::optional<Version> version = parse_version(words[3]);
    if (!version)
      raise(Tag::D_PRAGMA_INVAL, loc, "invalid version string specified by #pragma D binding");
  }
  exactly(loc, directive, args, 2, "");
  made.name = words[4];
  tree_.pragmas.push_back(std::move(made));
}

void Pragmas::option(Location loc, const std::vector<std::string>& words, size_t args) {
  if (args == 0) raise(Tag::D_PRAGMA_MALFORM, loc, "malformed #pragma D option <option>=<val>");
  if (args > 1)
    raise(Tag::D_PRAGMA_MALFORM, loc, "superfluous arguments specified for #pragma D option");
  const std::string& text = words[3];
  size_t equals = text.find('=');
  std::string name = text.substr(0, equals);
  Result<> done = options_.set_assignment(text, OptionSetter::Program);
  if (done) return;
  raise(Tag::D_PRAGMA_OPTSET, loc,
        "failed to set option '" + name + "'" +
            (equals == std::string::npos ? "" : " to '" + text.substr(equals + 1) + "'") + ": " +
            done.error().message);
}

void Pragmas::depends_on(Location loc, const std::vector<std::string>& words, size_t args) {
  exactly(loc, "depends_on", args, 2, " <class> <name>");
  const std::string& kind = words[3];
  const std::string& name = words[4];
  if (kind != "library" && kind != "module" && kind != "provider")
    raise(Tag::D_PRAGMA_INVAL, loc, "invalid class " + kind + " specified by #pragma D depends_on");
  if (in_library(loc)) return; /* settled before it was read */
  if (kind == "library")
    raise(Tag::D_PRAGMA_DEPEND, loc, "main program may not explicitly depend on a library");
  if (kind == "module" ? !module_exists(name) : !provider_exists(name))
    raise(Tag::D_PRAGMA_DEPEND, loc, "program requires " + kind + " " + name);
}

}  // namespace hp::probec
