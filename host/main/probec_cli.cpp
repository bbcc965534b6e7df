#include "probec_cli.hpp"

#include <getopt.h>

#include "probec_command.hpp"
#include "transport/control.h"

namespace hp {
namespace {

enum Long { kElf = 256, kGate, kSocket, kDetach, kAttach, kHelp, kVersion };

constexpr option kLongOptions[] = {
    {"elf", required_argument, nullptr, kElf},       {"gate", required_argument, nullptr, kGate},
    {"socket", required_argument, nullptr, kSocket}, {"detach", no_argument, nullptr, kDetach},
    {"attach", required_argument, nullptr, kAttach}, {"help", no_argument, nullptr, kHelp},
    {"version", no_argument, nullptr, kVersion},     {nullptr, 0, nullptr, 0}};
constexpr char kShortOptions[] = "+:2346aAb:c:CD:eEf:FGhHi:I:lL:m:n:o:p:P:qs:SU:vVwx:X:y:Y:Z";

tl::unexpected<CliError> fatal(std::string message) {
  return tl::make_unexpected(CliError{std::move(message) + "\n", 1, false});
}
tl::unexpected<CliError> misuse(std::string message, bool usage) {
  return tl::make_unexpected(CliError{std::move(message) + "\n", 2, usage});
}

std::string base_name(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? path : path.substr(slash + 1);
}

/* What cannot be meant together; empty: nothing. */
std::string conflict_of(const Cli& cli, int modes) {
  const bool program = !cli.sources.empty() || !cli.run_elf.empty();
  if (modes > 1) return "only one of the [-AGhlVy] options and --attach can be specified at a time";
  if (cli.fleet && !cli.command.empty())
    return "-c and -E cannot be combined: start the command with probevm exec";
  if (!cli.run_elf.empty() && !cli.sources.empty())
    return "-Y runs a compiled program: give no other program with it";
  if (cli.mode == Mode::Link && program)
    return "-y links a compiled program: give no other program with it";
  if (cli.mode == Mode::Link && (cli.fleet || !cli.command.empty()))
    return "-y only writes a program: run what it has written with -Y";
  if (cli.detach && cli.mode == Mode::Attach)
    return "--detach and --attach cannot be combined: a program that is attached to stays as it is";
  if (cli.detach && !cli.fleet) return "--detach needs -E: only the fleet keeps a program running";
  if (cli.detach && cli.mode != Mode::Run) return "--detach runs a program: -e, -h and -l do not";
  if (cli.mode == Mode::Attach && program)
    return "--attach shows a program that runs already: give no other program with it";
  if (cli.mode == Mode::Attach && (cli.fleet || !cli.command.empty()))
    return "--attach takes neither -E nor -c: the program runs in the fleet already";
  return "";
}

}  // namespace

std::string usage_text(const std::string& program) {
  return "Usage: " + program +
         " [-CeEFhHlqSvVwZ] [-b bufsz] [-c cmd] [-D name[=def]] [-I path]\n"
         "\t[-L path] [-o output] [-s script] [-U name] [-x opt[=val]] [-X a|c|s|t]\n"
         "\t[-y object] [-Y object] [--elf file] [--gate auto|doorbell|slot]\n"
         "\t[--detach] [--attach ident] [--socket path]\n\n"
         "\t[-P provider [[ predicate ] action ]]\n"
         "\t[-m [ provider: ] module [[ predicate ] action ]]\n"
         "\t[-f [[ provider: ] module: ] func [[ predicate ] action ]]\n"
         "\t[-n [target:] [[[ provider: ] module: ] func: ] name [[ predicate ] action ]]\n"
         "\t[-i probe-id [[ predicate ] action ]] [ args ... ]\n\n"
         "\tpredicate -> '/' D-expression '/'\n"
         "\t   action -> '{' D-statements '}'\n\n"
         "\t-b  set trace buffer size\n"
         "\t-c  run specified command as a process guest and exit upon its completion\n"
         "\t-C  run cpp(1) preprocessor on script files\n"
         "\t-D  define symbol when invoking preprocessor\n"
         "\t-e  exit after compiling request but prior to enabling probes\n"
         "\t-E  enable the program in every guest of the fleet that matches\n"
         "\t-f  enable or list probes matching the specified function name\n"
         "\t-F  coalesce trace output by function\n"
         "\t-h  write a C header of the probes that the script's providers declare\n"
         "\t-H  print included files when invoking preprocessor\n"
         "\t-i  enable or list probes matching the specified probe id\n"
         "\t-I  add include directory to preprocessor search path\n"
         "\t-l  list probes matching specified criteria\n"
         "\t-L  add library directory to library search path\n"
         "\t-m  enable or list probes matching the specified module name\n"
         "\t-n  enable or list probes matching the specified probe name\n"
         "\t-o  set output file\n"
         "\t-P  enable or list probes matching the specified provider name\n"
         "\t-q  set quiet mode (only output explicitly traced data)\n"
         "\t-s  enable or list probes according to the specified D script\n"
         "\t-S  print D compiler intermediate code\n"
         "\t-U  undefine symbol when invoking preprocessor\n"
         "\t-v  set verbose mode (report stability attributes, arguments)\n"
         "\t-V  report version\n"
         "\t-w  permit destructive actions\n"
         "\t-x  enable or modify compiler and tracing options\n"
         "\t-X  specify ISO C conformance settings for preprocessor\n"
         "\t-y  link a compiled program for one kernel\n"
         "\t-Y  run a compiled program\n"
         "\t-Z  permit probe descriptions that match zero probes\n"
         "\t--attach  show what a program that runs detached has found\n"
         "\t--detach  with -E, leave the program running in the fleet\n"
         "\t--elf     write the compiled program to a file\n"
         "\t--gate    how the command's system calls leave its virtual machine\n"
         "\t--socket  control socket of the coordinator\n";
}

tl::expected<Cli, CliError> parse_cli(int argc, char** argv) {
  using probec::SourceKind;
  Cli cli;
  cli.program = argc > 0 && argv[0][0] != 0 ? base_name(argv[0]) : "probec";
  cli.arguments.push_back(argc > 0 ? argv[0] : "probec");
  const std::string me = cli.program + ": ";
  if (argc <= 1) return tl::make_unexpected(CliError{"", 2, true});
  if (Result<> r = cli.options.set_from_environment(); !r)
    return fatal(me + "failed to set option: " + r.error().message);

  int modes = 0;
  const auto set = [&](const char* name, std::optional<std::string_view> value,
                       const std::string& flag) -> tl::expected<void, CliError> {
    if (Result<> r = cli.options.set(name, value); !r)
      return fatal(me + "failed to set " + flag + ": " + r.error().message);
    return {};
  };
  const auto source = [&](SourceKind kind) { cli.sources.push_back({kind, optarg, optarg}); };

  optind = 0; /* starts anew, whatever was parsed before (glibc) */
  opterr = 0;
  while (optind < argc) {
    const int c = ::getopt_long(argc, argv, kShortOptions, kLongOptions, nullptr);
    tl::expected<void, CliError> ok;
    switch (c) {
      case -1:
        if (optind < argc) cli.arguments.emplace_back(argv[optind++]);
        break;
      case '6': /* -64: what there is */
      case '4':
        break;
      case '3':
      case '2':
        return fatal(me + "-32: programs and what they trace are 64-bit here");
      case 'a':
      case 'A':
        return fatal(me + "-" + static_cast<char>(c) +
                     ": there is no anonymous tracing: probes fire in guests that are running");
      case 'b':
        ok = set("bufsize", optarg, std::string("-b ") + optarg);
        break;
      case 'c': {
        if (!cli.command.empty()) return misuse(me + "-c may be given only once", false);
        Result<std::vector<std::string>> words = split_command(optarg);
        if (!words) return fatal(me + words.error().message);
        cli.command = std::move(*words);
        break;
      }
      case 'C':
        cli.preprocess = true;
        break;
      case 'D':
      case 'U':
      case 'I':
        cli.cpp_arguments.push_back(std::string("-") + static_cast<char>(c) + optarg);
        break;
      case 'e':
        cli.mode = Mode::Compile;
        break;
      case 'E':
        cli.fleet = true;
        break;
      case 'f':
        source(SourceKind::Function);
        break;
      case 'F':
        ok = set("flowindent", std::nullopt, "-F");
        break;
      case 'H':
        cli.show_includes = true;
        break;
      case 'G':
        return fatal(me +
                     "-G is not needed: a program that includes the header of -h has its probes, "
                     "without an object of their own");
      case 'h':
        cli.mode = Mode::Header;
        ++modes;
        break;
      case 'i':
        source(SourceKind::ProbeId);
        break;
      case 'l':
        cli.mode = Mode::List;
        ++modes;
        break;
      case 'L':
        ok = set("libdir", optarg, std::string("-L ") + optarg);
        break;
      case 'm':
        source(SourceKind::Module);
        break;
      case 'n':
        source(SourceKind::Clause);
        break;
      case 'o':
        cli.output = optarg;
        break;
      case 'p':
        cli.grab = optarg;
        break;
      case 'P':
        source(SourceKind::Provider);
        break;
      case 'q':
        ok = set("quiet", std::nullopt, "-q");
        break;
      case 's':
        source(SourceKind::Script);
        break;
      case 'S':
        cli.show_code = true;
        break;
      case 'v':
        ++cli.verbose;
        break;
      case kVersion:
      case 'V':
        cli.mode = Mode::Version;
        ++modes;
        break;
      case 'w':
        ok = set("destructive", std::nullopt, "-w");
        break;
      case 'x':
        if (Result<> r = cli.options.set_assignment(optarg); !r) {
          const std::string text = optarg;
          return fatal(me + "failed to set -x " + text.substr(0, text.find('=')) + ": " +
                       r.error().message);
        }
        break;
      case 'X':
        ok = set("stdc", optarg, std::string("-X ") + optarg);
        break;
      case 'y':
        cli.link_elf = optarg;
        cli.mode = Mode::Link;
        ++modes;
        break;
      case 'Y':
        cli.run_elf = optarg;
        break;
      case 'Z':
        ok = set("zdefs", std::nullopt, "-Z");
        break;
      case kElf:
        cli.elf = optarg;
        break;
      case kSocket:
        cli.socket = optarg;
        break;
      case kDetach:
        cli.detach = true;
        break;
      case kAttach:
        cli.attach = optarg;
        cli.mode = Mode::Attach;
        ++modes;
        break;
      case kGate: {
        const std::string_view gate = optarg;
        if (gate == "auto")
          cli.gate = HP_GATE_AUTO;
        else if (gate == "doorbell")
          cli.gate = HP_GATE_DOORBELL;
        else if (gate == "slot")
          cli.gate = HP_GATE_SLOT;
        else
          return misuse(me + "--gate is auto, doorbell or slot", false);
        break;
      }
      case kHelp:
        cli.mode = Mode::Help;
        return cli;
      case ':':
        return misuse(me + "option requires an argument -- '" +
                          (optopt < 256 ? std::string(1, static_cast<char>(optopt))
                                        : std::string(argv[optind - 1] + 2)) +
                          "'",
                      true);
      default:
        return misuse(me + "invalid option -- '" +
                          (optopt > 0 && optopt < 256 ? std::string(1, static_cast<char>(optopt))
                                                      : std::string(argv[optind - 1])) +
                          "'",
                      true);
    }
    if (!ok) return tl::make_unexpected(ok.error());
  }
  if (const std::string conflict = conflict_of(cli, modes); !conflict.empty())
    return misuse(me + conflict, false);
  if (cli.options.flag(probec::Option::cpp)) cli.preprocess = true;
  if (cli.options.flag(probec::Option::cpphdrs)) cli.show_includes = true;
  return cli;
}

}  // namespace hp
