/* probec's command line: flags, operands, and how a command is split. */
#include <doctest/doctest.h>

#include "probec_cli.hpp"
#include "probec_command.hpp"
#include "transport/control.h"

using namespace hp;

namespace {

tl::expected<Cli, CliError> parse(std::vector<std::string> words) {
  words.insert(words.begin(), "/usr/bin/probec");
  std::vector<char*> argv;
  for (std::string& w : words) argv.push_back(w.data());
  argv.push_back(nullptr);
  return parse_cli(static_cast<int>(words.size()), argv.data());
}

Cli parsed(std::vector<std::string> words) {
  auto cli = parse(std::move(words));
  REQUIRE_MESSAGE(cli.has_value(), cli.error().message);
  return std::move(*cli);
}

CliError refused(std::vector<std::string> words) {
  auto cli = parse(std::move(words));
  REQUIRE_FALSE(cli.has_value());
  return cli.error();
}

std::vector<std::string> split(const char* text) {
  auto words = split_command(text);
  REQUIRE_MESSAGE(words.has_value(), words.error().message);
  return *words;
}

}  // namespace

TEST_CASE("programs keep their kind and order, operands may stand anywhere") {
  using probec::SourceKind;
  const Cli c = parsed({"-n", "BEGIN", "one", "-s", "f.d", "-P", "syscall", "two", "-m", "vmlinux",
                        "-f", "read", "-i", "7", "three"});
  REQUIRE(c.sources.size() == 6);
  CHECK(c.sources[0].kind == SourceKind::Clause);
  CHECK(c.sources[0].text == "BEGIN");
  CHECK(c.sources[1].kind == SourceKind::Script);
  CHECK(c.sources[1].name == "f.d");
  CHECK(c.sources[2].kind == SourceKind::Provider);
  CHECK(c.sources[3].kind == SourceKind::Module);
  CHECK(c.sources[4].kind == SourceKind::Function);
  CHECK(c.sources[5].kind == SourceKind::ProbeId);
  CHECK(c.arguments == std::vector<std::string>{"/usr/bin/probec", "one", "two", "three"});
  CHECK(c.program == "probec");
}

TEST_CASE("options by flag") {
  using probec::Option;
  const Cli c =
      parsed({"-qwZF", "-b", "16k", "-x", "aggsortkey", "-x", "switchrate=10hz", "-n", "BEGIN"});
  CHECK(c.options.flag(Option::quiet));
  CHECK(c.options.flag(Option::destructive));
  CHECK(c.options.flag(Option::zdefs));
  CHECK(c.options.flag(Option::flowindent));
  CHECK(c.options.flag(Option::aggsortkey));
  CHECK(c.options.number(Option::bufsize) == 16384);
  CHECK(c.options.number(Option::switchrate) == 100000000);
}

TEST_CASE("modes and files") {
  CHECK(parsed({"-e", "-n", "BEGIN"}).mode == Mode::Compile);
  CHECK(parsed({"-l"}).mode == Mode::List);
  CHECK(parsed({"-V"}).mode == Mode::Version);
  CHECK(parsed({"--help"}).mode == Mode::Help);
  const Cli c = parsed({"-o", "out", "--elf", "f.o", "--gate=slot", "--socket", "s", "-E", "-CH",
                        "-DX=1", "-UY", "-I", "dir", "-n", "BEGIN"});
  CHECK(c.output == "out");
  CHECK(c.elf == "f.o");
  CHECK(c.gate == HP_GATE_SLOT);
  CHECK(c.socket == "s");
  CHECK(c.fleet);
  CHECK(c.preprocess);
  CHECK(c.show_includes);
  CHECK(c.cpp_arguments == std::vector<std::string>{"-DX=1", "-UY", "-Idir"});
}

TEST_CASE("what makes no sense is refused: 2 for usage, 1 for values") {
  CHECK(refused({}).status == 2);
  CHECK(refused({}).usage);
  CHECK(refused({"-?"}).status == 2);
  CHECK(refused({"-n"}).message == "probec: option requires an argument -- 'n'\n");
  CHECK(refused({"--nosuch"}).status == 2);
  CHECK(refused({"-lV"}).status == 2);
  CHECK(refused({"-E", "-c", "ls"}).status == 2);
  CHECK(refused({"-Y", "f.o", "-n", "BEGIN"}).status == 2);
  CHECK(refused({"--gate=none"}).status == 2);
  CHECK(refused({"--detach", "-n", "BEGIN"}).message.find("--detach needs -E") !=
        std::string::npos);
  CHECK(refused({"--attach", "12ab", "-E"}).status == 2);
  CHECK(refused({"--attach", "12ab", "-n", "BEGIN"}).status == 2);
  CHECK(refused({"--attach", "12ab", "--detach", "-E"}).status == 2);
  CHECK(refused({"--attach", "12ab", "-l"}).status == 2);
  CHECK(refused({"-E", "--detach", "-l"}).status == 2);
  CHECK(refused({"-y", "f.o", "-n", "BEGIN"}).status == 2);
  CHECK(refused({"-y", "f.o", "-Y", "f.o"}).status == 2);
  CHECK(refused({"-y", "f.o", "-E"}).status == 2);
  CHECK(refused({"-x", "nosuch"}).message ==
        "probec: failed to set -x nosuch: Invalid option name\n");
  CHECK(refused({"-x", "nosuch"}).status == 1);
  CHECK(refused({"-b", "x"}).status == 1);
  CHECK(parsed({"-p", "1", "-n", "BEGIN"}).grab == "1");
  CHECK(refused({"-c", "ls", "-c", "ls"}).status == 2);
}

TEST_CASE("a command splits at white space, unless quoted") {
  using V = std::vector<std::string>;
  CHECK(split("ls -l  /etc") == V{"ls", "-l", "/etc"});
  CHECK(split("sh -c 'a b; c'") == V{"sh", "-c", "a b; c"});
  CHECK(split("sh -c \"a 'b' \\\"c\\\"\"") == V{"sh", "-c", "a 'b' \"c\""});
  CHECK(split("a\\ b '' x''y") == V{"a b", "", "xy"});
  CHECK(split("find -name '*.h' $HOME") == V{"find", "-name", "*.h", "$HOME"});
  CHECK(split("'a\\b'") == V{"a\\b"});
  CHECK_FALSE(split_command("  ").has_value());
  CHECK_FALSE(split_command("sh -c 'x").has_value());
}
