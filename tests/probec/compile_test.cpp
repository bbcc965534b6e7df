#include <doctest/doctest.h>

#include <filesystem>

#include "probec/compiler.hpp"
#include "transport/object.hpp"

using namespace hp;
using namespace hp::probec;

namespace {

std::string compiled(std::vector<Source> sources, Options& options,
                     std::vector<std::string> arguments = {"test"}) {
  CompileInput input;
  input.sources = std::move(sources);
  input.options = &options;
  input.arguments = std::move(arguments);
  auto program = compile(input);
  if (!program) {
    FAIL(render(program.error(), input.sources, {.tags = true, .carets = true}));
    return {};
  }
  return std::move(program->object);
}

}  // namespace

TEST_CASE("compiler: every construct of the golden programs has code") {
  int count = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::string(HP_SOURCE_DIR) + "/tests/probec/trees")) {
    if (entry.path().extension() != ".d") continue;
    CAPTURE(entry.path().string());
    auto source = read_script(entry.path().string());
    REQUIRE(source);
    Options options;
    auto object = Object::parse(compiled({*source}, options));
    if (!object) FAIL(object.error().message);
    CHECK(object->clauses().size() > 0);
    ++count;
  }
  CHECK(count >= 7);
}

TEST_CASE("compiler: sources of one command line are one program, clauses in order") {
  Options options;
  auto object = Object::parse(compiled({{SourceKind::Clause, "a", "BEGIN { x = 1; }"},
                                        {SourceKind::Provider, "b", "syscall /x/ { }"},
                                        {SourceKind::ProbeId, "c", "3"},
                                        {SourceKind::Script, "d", "END { trace(x); }"}},
                                       options, {"test"}));
  REQUIRE(object);
  REQUIRE(object->clauses().size() == 4);
  REQUIRE(object->descs().size() == 4);
  CHECK(std::string_view(object->str(object->descs()[0].name)) == "BEGIN");
  CHECK(std::string_view(object->str(object->descs()[1].prov)) == "syscall");
  CHECK(object->descs()[2].id == 3);
  CHECK(std::string_view(object->str(object->descs()[3].name)) == "END");
}

TEST_CASE("compiler: options of the command line and of pragmas travel in the object") {
  Options options;
  CHECK(options.set_assignment("aggsize=1m"));
  auto object =
      Object::parse(compiled({{SourceKind::Script, "f.d",
                               "#pragma D option quiet\n#pragma D option strsize=64\nBEGIN { }"}},
                             options));
  REQUIRE(object);
  CHECK(options.flag(Option::quiet));
  std::string all;
  for (const hp_obj_option& option : object->options())
    all +=
        std::string(object->str(option.name)) + "=" + std::string(object->str(option.value)) + " ";
  CHECK(all == "aggsize=1m quiet=on strsize=64 ");
  CHECK(object->header().strsize == 64);
}
