/* probectl: asks and steers the coordinator. */
#include <signal.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>

#include "host/fleet_client.hpp"
#include "probectl_commands.hpp"
#include "probectl_text.hpp"

namespace hp::probectl {

int ask(const Options& options, const std::string& method, const std::string& params,
        void (*print)(const Json&)) {
  constexpr std::chrono::seconds limit{10};
  auto fleet = FleetClient::connect(options.socket);
  if (!fleet) return complain(fleet.error());
  const auto answer = (*fleet)->call(method, params, limit);
  if (!answer) return complain(answer.error());
  if (options.json) {
    std::puts(answer->c_str());
    return finish();
  }
  const auto parsed = Json::parse(*answer);
  if (!parsed) return complain({"the coordinator's answer is not understood", 0});
  print(*parsed);
  return finish();
}

}  // namespace hp::probectl

int main(int argc, char** argv) {
  using namespace hp;
  CLI::App app{"probectl: asks and steers the Hyprobe coordinator"};
  app.require_subcommand(1);
  app.set_version_flag("-V,--version", std::string("probectl: Hyprobe ") + control::release());
  probectl::Options options;
  probectl::LogOptions log_options;
  std::string ident;
  auto* guests = app.add_subcommand("guests", "list the registered guests");
  auto* programs = app.add_subcommand("programs", "list the programs that run in the fleet");
  auto* show = app.add_subcommand("show", "everything about one program");
  auto* kill = app.add_subcommand("kill", "end a program in every guest");
  auto* log = app.add_subcommand("log", "what has happened in the fleet");
  auto* status = app.add_subcommand("status", "about the coordinator itself");
  for (auto* command : {show, kill})
    command->add_option("ident", ident, "of the program, or how it begins: 4 digits at least")
        ->required();
  log->add_option("-n,--lines", log_options.last, "the last so many events")
      ->capture_default_str()
      ->check(CLI::Range(1u, 10'000u));
  log->add_flag("-f,--follow", log_options.follow, "then those that come");
  for (CLI::App* command : {&app, guests, programs, show, kill, log, status}) {
    command->add_flag("--json", options.json, "print JSON");
    command->add_option("--socket", options.socket, "control socket of the coordinator");
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : 2;
  }
  ::signal(SIGPIPE, SIG_DFL); /* `probectl log -f | head` */
  if (*guests) return probectl::guests(options);
  if (*programs) return probectl::programs(options);
  if (*show) return probectl::show(options, ident);
  if (*kill) return probectl::kill(options, ident);
  if (*log) return probectl::log(options, log_options);
  return probectl::status(options);
}
