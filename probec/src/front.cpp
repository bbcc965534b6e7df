/* The front of the compiler: preprocess, parse, check. */
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "probec/checker.hpp"
#include "probec/compiler.hpp"
#include "probec/library.hpp"
#include "probec/parser.hpp"
#include "probec/preprocess.hpp"
#include "transport/fd.hpp"

namespace hp::probec {

namespace {

/* #pragma, #ident and #error lines. */
class Pragmas {
 public:
  explicit Pragmas(Options& options) : options_(options) {}

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
  static void expect(Location loc, const std::string& name, size_t given, size_t wanted) {
    if (given < wanted)
      raise(Tag::D_PRAGMA_MALFORM, loc, "malformed #pragma D " + name + ": arguments are missing");
    if (given > wanted)
      raise(Tag::D_PRAGMA_UNUSED, loc, "superfluous arguments specified for #pragma D " + name);
  }

  /* attributes NAME/DATA/CLASS identifier; binding VERSION identifier */
  static void stability(Location loc, const std::vector<std::string>& words, size_t args) {
    const std::string& name = words[2];
    if (args < 2) return expect(loc, name, args, 2);
    std::string text = words[3];
    bool valid = true;
    if (name == "attributes") {
      int parts = 0;
      for (size_t from = 0; from <= text.size(); ++parts) {
        size_t end = std::min(text.find('/', from), text.size());
        valid &= parts < 3 && is_stability(text.substr(from, end - from), parts == 2);
        from = end + 1;
      }
      valid &= parts == 3;
    } else {
      valid = !text.empty() && text.find_first_not_of("0123456789.") == std::string::npos;
    }
    if (!valid)
      raise(Tag::D_PRAGMA_INVAL, loc,
            "invalid " + std::string(name == "binding" ? "version" : "attributes") +
                " specified by #pragma D " + name + ": " + text);
    expect(loc, name, args, 2);
  }

  static bool is_stability(const std::string& word, bool dependency_class) {
    if (dependency_class) {
      for (const char* known : {"Unknown", "CPU", "Platform", "Group", "ISA", "Common"})
        if (word == known) return true;
      return false;
    }
    for (const char* known : {"Internal", "Private", "Obsolete", "External", "Unstable", "Evolving",
                              "Stable", "Standard"})
      if (word == known) return true;
    return false;
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
    Result<> done = options_.set_assignment(text);
    if (done) return;
    raise(Tag::D_PRAGMA_OPTSET, loc,
          "failed to set option '" + name + "'" +
              (equals == std::string::npos ? "" : " to '" + text.substr(equals + 1) + "'") + ": " +
              done.error().message);
  }

  static void depends_on(Location loc, const std::vector<std::string>& words, size_t args) {
    expect(loc, "depends_on", args, 2);
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
      raise(Tag::D_PRAGMA_INVAL, loc, "invalid class for #pragma D depends_on: " + kind);
    }
  }

  Options& options_;
};

void settle_options(const Options& options, CheckedProgram& program) {
  for (size_t i = 0; i < static_cast<size_t>(Option::kCount); ++i) {
    auto option = static_cast<Option>(i);
    if (!options.is_set(option)) continue;
    std::string value = options.text(option);
    if (value.empty() && option_info(option).kind == OptionKind::Flag)
      value = options.flag(option) ? "1" : "0";
    program.options.push_back({option_info(option).name, std::move(value), {}});
  }
  program.strsize = static_cast<uint32_t>(options.number(Option::strsize));
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

  Parser parser(tree, sources, macros, Pragmas(*input.options));
  try {
    parser.parse(library);
    parser.set_options(input.options);
    for (uint32_t i = 0; i < given; ++i) parser.parse(i);
    Location end = parser.end(); /* what is missing is missed there */
    end.column = 0;
    size_t unused = macros.first_unused();
    if (tree.clauses.empty() && !input.options->flag(Option::empty))
      raise(Tag::D_EMPTY, end, "empty D program translation unit");
    if (unused != 0 && given != 0 && !input.options->flag(Option::argref))
      raise(Tag::D_MACRO_UNUSED, end,
            "extraneous argument '" + macros.text(unused) + "' ($" + std::to_string(unused) +
                " is not referenced)");
    Checker checker(tree, sources, *input.options, program);
    try {
      checker.check_items();
    } catch (CompileError& error) {
      if (error.diagnostic.region.empty()) error.diagnostic.region = checker.region();
      throw;
    }
  } catch (CompileError& error) {
    if (error.diagnostic.region.empty()) error.diagnostic.region = parser.region();
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
