/* probec: compiles a D program, runs it and prints what it traces: the dtrace(1) of Hyprobe.
 *
 *     1 command line and environment        probec_cli
 *     2 sources -> checked program          probec/compiler     \ probec_compilation
 *     3 checked program -> ELF object       probec/codegen      /  (or -Y: an object from a file)
 *     4 descriptions -> probes              host/enabling       \ probec_run
 *     5 run, print, exit status             host/session        /
 *       or only shown: -l, -h, -v           probec_listing
 * --attach begins at 4 with an object that the coordinator has; -y makes an object of an object (probec_link).
 *
 * Exit status, as dtrace(1): 0, or what exit() was given; 1 after a fatal error; 2 for a command line
 * that makes no sense. */
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "host/standard_descriptors.hpp"
#include "probec_cli.hpp"
#include "probec_command.hpp"
#include "probec_compilation.hpp"
#include "probec_link.hpp"
#include "probec_listing.hpp"
#include "probec_report.hpp"
#include "probec_run.hpp"

using namespace hp;

namespace {

/* -p names a process that cannot become a guest. */
int grab_failed(const Cli& cli, const Report& report) {
  char* end = nullptr;
  const long pid = std::strtol(cli.grab.c_str(), &end, 10);
  if (*end != 0 || pid <= 0) return report.fatal("invalid pid: " + cli.grab);
  const std::string why =
      ::kill(static_cast<pid_t>(pid), 0) != 0 && errno == ESRCH
          ? "No such process"
          : "a process that runs already is not a guest: start it with -c, or with probevm exec";
  return report.fatal(report.tagged("D_PROC_GRAB", "failed to grab pid " + cli.grab + ": " + why));
}

int run(Cli& cli) {
  const Report report(cli);
  if (!cli.grab.empty()) return grab_failed(cli, report);
  if (!cli.command.empty())
    if (const Result<> r = check_command(cli.command[0]); !r)
      return report.fatal(report.tagged("D_PROC_CREATEFAIL", r.error().message));
  if (cli.mode == Mode::Link) return link_object(cli, report);
  if (cli.mode == Mode::Attach) {
    Compilation compilation(cli, report);
    return Run(cli, report, compilation).attach();
  }
  if (cli.sources.empty() && cli.run_elf.empty() && cli.mode != Mode::Header &&
      cli.mode != Mode::List)
    return report.fatal("no probes specified");

  Compilation compilation(cli, report);
  if (!compilation.read_sources()) return 1;
  if (cli.mode == Mode::Header) return write_header(cli, report, compilation);
  if (cli.mode == Mode::List) return list_probes(cli, report, compilation);
  if (!compilation.make_object()) return 1;
  Run run(cli, report, compilation);
  if (!run.match()) return 1;
  const Object& object = compilation.object();
  report.debug("the object has " + std::to_string(compilation.bytes().size()) + " bytes, " +
               std::to_string(object.clauses().size()) + " clauses and " +
               std::to_string(object.aggs().size()) + " aggregations; its descriptions match " +
               std::to_string(run.probes()) + " probes");
  if (!cli.elf.empty())
    if (const Result<> r = write_object(cli.elf, compilation.bytes()); !r)
      return report.fatal(r.error().message);
  if (cli.mode == Mode::Compile) return report_stability(cli, report, compilation.units()) ? 0 : 1;
  return run.run();
}

}  // namespace

int main(int argc, char** argv) {
  host::occupy_standard_descriptors();
  tl::expected<Cli, CliError> cli = parse_cli(argc, argv);
  if (!cli) {
    std::fputs(cli.error().message.c_str(), stderr);
    if (cli.error().usage) std::fputs(usage_text("probec").c_str(), stderr);
    return cli.error().status;
  }
  if (cli->mode == Mode::Help) {
    std::fputs(usage_text(cli->program).c_str(), stdout);
    return 0;
  }
  if (cli->mode == Mode::Version) {
    /* The language first, as dtrace(1) has it; -v adds which program this is. */
    std::printf("%s: Hyprobe D %u.%u\n", cli->program.c_str(), probec::kLatestVersion >> 24,
                probec::kLatestVersion >> 12 & 0xfff);
    if (cli->verbose > 0) std::printf("This is Hyprobe %s\n", HP_VERSION);
    return 0;
  }
  return run(*cli);
}
