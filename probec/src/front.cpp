/* The front of the compiler: preprocess, parse, check. */
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <optional>

#include "probec/checker.hpp"
#include "probec/compiler.hpp"
#include "probec/dump_tree.hpp"
#include "probec/library.hpp"
#include "probec/parser.hpp"
#include "probec/preprocess.hpp"
#include "transport/fd.hpp"

namespace hp::probec {

namespace {

/* #pragma, #ident and #error lines. */
class Pragmas {
 public:
  Pragmas(Options& options, ast::Tree& tree) : options_(options), tree_(tree) {}

  void operator()(Location loc, const std::vector<std::string>& words) {
    if (words[0] == "ident") return;
    if (words[0] == "error") return error(loc, words, 1);
    if (words.size() < 2) raise(Tag::D_PRAGMA_MALFORM, loc, "malformed #pragma: it names nothing");
    if (words[1] != "D") { /* other compilers' pragmas are theirs */
      if (words[1] == "ident" || words[1] == "line") return;
      if (words[1] == "error") error(loc, words, 2);
      return;
    }
    if (words.size() < 3)
      raise(Tag::D_PRAGMA_MALFORM, loc, "malformed #pragma D: it names nothing");
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

 private:
  /* The names are followed by nothing else. */
  static void exactly(Location loc, const std::string& name, size_t given, size_t wanted,
                      const char* form) {
    if (given < wanted) raise(Tag::D_PRAGMA_MALFORM, loc, "malformed #pragma D " + name + form);
    if (given > wanted)
      raise(Tag::D_PRAGMA_MALFORM, loc, "superfluous arguments specified for #pragma D " + name);
  }

  /* attributes NAME/DATA/CLASS identifier
   * attributes NAME/DATA/CLASS provider NAME provider|module|function|name|args
   * binding VERSION identifier */
  void stability(Location loc, const std::vector<std::string>& words, size_t args) {
    const std::string& directive = words[2];
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
        raise(
            Tag::D_PRAGMA_INVAL, loc,
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

  [[noreturn]] static void error(Location loc, const std::vector<std::string>& words, size_t from) {
    std::string text = "#error:";
    for (size_t i = from; i < words.size(); ++i) text += " " + words[i];
    raise(Tag::D_PRAGERR, loc, text);
  }

  void option(Location loc, const std::vector<std::string>& words, size_t args) {
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

  static void depends_on(Location loc, const std::vector<std::string>& words, size_t args) {
    exactly(loc, "depends_on", args, 2, " <class> <name>");
    const std::string& kind = words[3];
    const std::string& name = words[4];
    if (kind == "library")
      raise(Tag::D_PRAGMA_DEPEND, loc, "main program may not explicitly depend on a library");
    if (kind == "module") {
      if (name != "vmlinux" && name != "kernel")
        raise(Tag::D_PRAGMA_DEPEND, loc, "program requires module " + name);
    } else if (kind == "provider") {
      for (const char* known : {"dtrace", "profile", "syscall"})
        if (name == known) return;
      raise(Tag::D_PRAGMA_DEPEND, loc, "program requires provider " + name);
    } else {
      raise(Tag::D_PRAGMA_INVAL, loc,
            "invalid class " + kind + " specified by #pragma D depends_on");
    }
  }

  Options& options_;
  ast::Tree& tree_;
};

void settle_options(const Options& options, CheckedProgram& program) {
  for (size_t i = 0; i < static_cast<size_t>(Option::kCount); ++i) {
    auto option = static_cast<Option>(i);
    if (!options.is_set(option)) continue;
    std::string value = options.text(option);
    if (value.empty() && option_info(option).kind == OptionKind::Flag)
      value = options.flag(option) ? "on" : "off";
    program.options.push_back({option_info(option).name, std::move(value), {}});
  }
  program.strsize = static_cast<uint32_t>(options.number(Option::strsize));
}

/* What can be missing only when a source ends. Each is a program of its own in this. */
void check_ending(Location at, bool empty, const Options& options, const Macros& macros) {
  at.column = 0;
  const size_t extraneous = macros.extraneous();
  if (extraneous != 0 && !options.flag(Option::argref))
    raise(Tag::D_MACRO_UNUSED, at,
          "extraneous argument '" + macros.text(extraneous) + "' ($" + std::to_string(extraneous) +
              " is not referenced)");
  if (empty && !options.flag(Option::empty))
    raise(Tag::D_EMPTY, at, "empty D program translation unit");
}

}  // namespace

tl::expected<CheckedProgram, Diagnostic> check(CompileInput& input) {
  HP_CHECK(input.options);
  CheckedProgram program;
  ast::Tree tree;
  Macros macros(input.arguments, input.target, input.options->flag(Option::defaultargs));
  size_t given = input.sources.size();
  auto fail_with = [](Diagnostic diagnostic) { return tl::make_unexpected(std::move(diagnostic)); };

  if (input.preprocess || input.options->flag(Option::cpp))
    for (uint32_t i = 0; i < given; ++i) {
      Result<std::string> text =
          preprocess(input.sources[i], *input.options, input.cpp_arguments, input.show_includes);
      if (!text) return fail_with({Tag::None, {i, 0, 0, 0}, text.error().message, {}, {}});
      input.sources[i].text = std::move(*text);
    }
  /* Line markers may add sources while a text is being read: let nothing move. */
  std::vector<Source>& sources = input.sources;
  sources.reserve(given + 64);
  sources.push_back({SourceKind::Library, "<built-in>", library_text()});
  auto library = static_cast<uint32_t>(given);

  Pragmas pragmas(*input.options, tree);
  Parser parser(tree, sources, macros, [&](Location loc, const std::vector<std::string>& words) {
    pragmas(loc, words);
    macros.set_default_arguments(input.options->flag(Option::defaultargs));
  });
  std::optional<Checker> made; /* by the options as they are when it is first needed */
  auto checker = [&]() -> Checker& {
    if (!made) made.emplace(tree, sources, *input.options, program);
    return *made;
  };
  try {
    parser.parse(library);
    parser.set_options(input.options);
    parser.on_declaration = [&] { checker().check_declarations(); };
    parser.on_call = [&](const std::string& name, Location loc) {
      checker().check_declarations();
      checker().check_called(name, loc);
    };
    for (uint32_t i = 0; i < given; ++i) {
      const size_t clauses = tree.clauses.size();
      macros.forget();
      parser.parse(i);
      if (i + 1 == given && input.parsed) *input.parsed = dump(tree, sources);
      check_ending(parser.end(), tree.clauses.size() == clauses, *input.options, macros);
      checker().check_clauses();
    }
    checker().find_unused_pragmas();
  } catch (CompileError& error) {
    std::string& region = error.diagnostic.region;
    if (region.empty() && made) region = made->region();
    if (region.empty()) region = parser.region();
    return fail_with(std::move(error.diagnostic));
  }
  settle_options(*input.options, program);
  return program;
}

Result<Source> read_script(const std::string& path) {
  Source source{SourceKind::Script, path, {}};
  FILE* file = path == "-" ? stdin : std::fopen(path.c_str(), "re");
  if (!file) return fail_errno("failed to open " + path);
  char buffer[65536];
  size_t n;
  while ((n = std::fread(buffer, 1, sizeof buffer, file)) > 0) source.text.append(buffer, n);
  bool bad = std::ferror(file) != 0;
  int error = errno;
  if (file != stdin) std::fclose(file);
  if (bad) return fail_errno("failed to read " + path, error);
  return source;
}

}  // namespace hp::probec
