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
#include "probec/pragmas.hpp"
#include "probec/preprocess.hpp"
#include "transport/fd.hpp"

namespace hp::probec {

namespace {

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

/* A program has to hold more than types and variables: a clause, an inline, a translator, a provider. */
bool declares_only(const ast::Tree& tree, size_t from) {
  return std::all_of(tree.items.begin() + static_cast<ptrdiff_t>(from), tree.items.end(),
                     [&](const ast::Item& item) {
                       return item.kind == ast::ItemKind::Declaration &&
                              !tree.declarations[item.index].is_inline;
                     });
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
  std::vector<Source>& sources = input.sources;
  Result<std::vector<Source>> libraries = libraries_of(sources, *input.options);
  if (!libraries) return fail_with({Tag::None, {}, libraries.error().message, {}, {}});
  /* Line markers may add sources while a text is being read: let nothing move. */
  sources.reserve(given + libraries->size() + 64);
  for (Source& library : *libraries) {
    if (given != 0) library.includer = 0;
    sources.push_back(std::move(library));
  }
  size_t with_libraries = sources.size();

  Pragmas pragmas(*input.options, tree, sources);
  Parser parser(tree, sources, macros, [&](Location loc, const std::vector<std::string>& words) {
    pragmas(loc, words);
    macros.set_default_arguments(input.options->flag(Option::defaultargs));
  });
  std::optional<Checker> made; /* by the options as they are when it is first needed */
  auto checker = [&]() -> Checker& {
    if (!made) made.emplace(tree, sources, *input.options, input.kernel, program);
    return *made;
  };
  try {
    for (size_t i = given; i < with_libraries; ++i) parser.parse(static_cast<uint32_t>(i));
    tree.clauses.clear(); /* libraries declare; they do not trace */
    std::erase_if(tree.items,
                  [](const ast::Item& item) { return item.kind == ast::ItemKind::Clause; });
    tree.library_items = tree.items.size();
    parser.set_options(input.options);
    parser.set_kernel(input.kernel);
    program.types.set_source(input.kernel);
    parser.on_declaration = [&] { checker().check_declarations(); };
    parser.on_call = [&](const std::string& name, Location loc) {
      checker().check_declarations();
      checker().check_called(name, loc);
    };
    for (uint32_t i = 0; i < given; ++i) {
      const size_t items = tree.items.size();
      macros.forget();
      parser.parse(i);
      if (i + 1 == given && input.parsed) *input.parsed = dump(tree, sources);
      check_ending(parser.end(), declares_only(tree, items), *input.options, macros);
      checker().check_clauses();
    }
    checker().find_unused_pragmas();
  } catch (CompileError& error) {
    std::string& region = error.diagnostic.region;
    if (region.empty() && made) region = made->region();
    if (region.empty()) region = parser.region();
    return fail_with(std::move(error.diagnostic));
  }
  program.types.set_source(nullptr);
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
