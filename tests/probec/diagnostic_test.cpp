#include "probec/diagnostic.hpp"

#include <doctest/doctest.h>

#include "probec/compiler.hpp"

using namespace hp::probec;

namespace {

std::string message(std::vector<Source> sources, DiagnosticStyle style,
                    std::vector<std::string> cpp = {}, bool preprocess = false) {
  Options options;
  CompileInput input;
  input.sources = std::move(sources);
  input.options = &options;
  input.cpp_arguments = std::move(cpp);
  input.preprocess = preprocess;
  auto checked = check(input);
  return checked ? "" : render(checked.error(), input.sources, style);
}

}  // namespace

TEST_CASE("diagnostics: one line as dtrace lays it out, with -xerrtags to the letter") {
  CHECK(message({{SourceKind::Script, "f.d", "BEGIN\n{\n  trace(foo);\n}\n"}}, {.tags = true}) ==
        "probec: failed to compile script f.d: [D_IDENT_UNDEF] line 3: failed to resolve foo: "
        "Unknown variable name\n");
  std::string text = "BEGIN { trace(foo); }";
  CHECK(message({{SourceKind::Clause, text, text}}, {.tags = true}) ==
        "probec: invalid probe specifier " + text +
            ": [D_IDENT_UNDEF] in action list: failed to resolve foo: Unknown variable name\n");
}

TEST_CASE("diagnostics: without tags line and column are told") {
  CHECK(
      message({{SourceKind::Script, "f.d", "BEGIN\n{\n  trace(foo);\n}\n"}}, {}) ==
      "probec: failed to compile script f.d: line 3: failed to resolve foo: Unknown variable name "
      "(column 9)\n");
  std::string text = "BEGIN /foo/ { }";
  CHECK(message({{SourceKind::Clause, text, text}}, {}) ==
        "probec: invalid probe specifier " + text +
            ": in predicate: failed to resolve foo: Unknown variable name (line 1, column 8)\n");
}

TEST_CASE("diagnostics: a caret and a hint on a terminal") {
  CHECK(message({{SourceKind::Script, "f.d", "BEGIN\n{\n\t@ = 3;\n}\n"}},
                {.tags = true, .carets = true}) ==
        "probec: failed to compile script f.d: [D_AGG_FUNC] line 3: @_ must be assigned the result "
        "of an aggregating function\n"
        " 3 | \t@ = 3;\n"
        "   | \t    ^\n"
        "   = hint: avg count llquantize lquantize max min quantize stddev sum\n");
}

TEST_CASE("diagnostics: a name close to a known one is suggested") {
  auto hint = [](const std::string& text) {
    std::string shown = message({{SourceKind::Clause, text, text}}, {.carets = true});
    size_t at = shown.find("hint: ");
    return at == std::string::npos ? "" : shown.substr(at + 6, shown.size() - at - 7);
  };
  CHECK(hint("BEGIN { trace(excename); }") == "did you mean execname?");
  CHECK(hint("BEGIN { prinft(\"x\"); }") == "did you mean printf( )?");
  CHECK(hint("BEGIN { @ = cuont(); }") == "did you mean count( )?");
  CHECK(hint("BEGIN { mine = 1; trace(mime); }") == "did you mean mine?");
  CHECK(hint("BEGIN { trace(nothing_like_it); }") == "");
}

TEST_CASE("diagnostics: several sources, the right one is named") {
  CHECK(
      message({{SourceKind::Clause, "BEGIN", "BEGIN"}, {SourceKind::Script, "g.d", "END { x; }"}},
              {.tags = true}) ==
      "probec: failed to compile script g.d: [D_IDENT_UNDEF] line 1: failed to resolve x: Unknown "
      "variable name\n");
}

TEST_CASE("preprocessor: macros, conditions and line numbers") {
  std::string text =
      "#!/usr/bin/env probec\n#ifdef WANTED\n#define BAD foo\n#else\n#define BAD 1\n#endif\n"
      "BEGIN\n{\n  trace(BAD);\n}\n";
  CHECK(message({{SourceKind::Script, "f.d", text}}, {}, {}, true) == "");
  CHECK(message({{SourceKind::Script, "f.d", text}}, {.tags = true}, {"-DWANTED"}, true) ==
        "probec: failed to compile script f.d: [D_IDENT_UNDEF] line 9: failed to resolve foo: "
        "Unknown variable name\n");
  CHECK(message({{SourceKind::Script, "f.d", "#include \"does/not/exist.h\"\nBEGIN{}\n"}}, {}, {},
                true) ==
        "probec: failed to compile script f.d: Preprocessor failed to process input program\n");
}

TEST_CASE("preprocessor: -x define, undef, incdir and cppargs reach it") {
  auto value = [](std::vector<const char*> settings) {
    Options options;
    for (const char* setting : settings) REQUIRE(options.set_assignment(setting));
    CompileInput input;
    input.sources = {
        {SourceKind::Clause, "t", "#ifdef X\nBEGIN { trace(X); }\n#else\nEND { }\n#endif\n"}};
    input.options = &options;
    input.preprocess = true;
    auto checked = check(input);
    REQUIRE(checked);
    return checked->clauses.at(0).descs.at(0).name;
  };
  CHECK(value({}) == "END");
  CHECK(value({"define=X=1"}) == "BEGIN");
  CHECK(value({"define=X=1", "undef=X"}) == "END");
  CHECK(value({"cppargs=-DX=2"}) == "BEGIN");
}

TEST_CASE("checker: inlines that double without end are refused, not expanded") {
  std::string text = "inline int a0 = pid + 1;\n";
  for (int i = 1; i < 60; ++i)
    text += "inline int a" + std::to_string(i) + " = a" + std::to_string(i - 1) + " + a" +
            std::to_string(i - 1) + ";\n";
  std::string found =
      message({{SourceKind::Script, "f.d", text + "BEGIN { trace(a59); }"}}, {.tags = true});
  CHECK(found.find("[D_CG_EXPR]") != std::string::npos);
}
