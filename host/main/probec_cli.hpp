/* probec's command line: dtrace(1)'s flags, plus the long ones that are Hyprobe's own.
 *
 * Options and operands may be mixed, as dtrace(1) has it; operands become $1 ... of the program. */
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "probec/options.hpp"
#include "probec/source.hpp"
#include "transport/result.hpp"

namespace hp {

enum class Mode { Run, Compile, List, Header, Link, Attach, Version, Help };

struct Cli {
  Mode mode = Mode::Run;
  std::string program = "probec";      /* argv[0] without directories */
  int verbose = 0;                     /* -v */
  bool show_code = false;              /* -S */
  bool preprocess = false;             /* -C */
  bool show_includes = false;          /* -H */
  bool fleet = false;                  /* -E */
  bool detach = false;                 /* --detach */
  probec::Options options;             /* environment, -x, -b -F -q -w -Z */
  std::vector<probec::Source> sources; /* scripts are named here and read later */
  std::vector<std::string> cpp_arguments;
  std::vector<std::string> arguments; /* [0] the program's name, then operands */
  std::vector<std::string> command;   /* -c, split */
  std::string grab;                   /* -p: a process ID, as it was given */
  std::string output;                 /* -o */
  std::string elf;                    /* --elf: write the object */
  std::string run_elf;                /* -Y: run one */
  std::string link_elf;               /* -y: link one for a kernel */
  std::string attach;                 /* --attach: ident of a program that runs detached */
  std::string socket;                 /* --socket */
  uint32_t gate = 0;                  /* --gate: HP_GATE_* */
};

struct CliError {
  std::string message; /* with newline; empty: only the usage text */
  int status = 2;      /* 1: fatal, 2: usage */
  bool usage = false;  /* print the usage text after it */
};

tl::expected<Cli, CliError> parse_cli(int argc, char** argv);
std::string usage_text(const std::string& program);

}  // namespace hp
