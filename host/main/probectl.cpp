/* probectl: asks and steers the coordinator: guests, programs, kill, status. */
#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>

#include "host/fleet_client.hpp"
#include "transport/json.hpp"
#include "transport/rpc.hpp"

using namespace hp;
using namespace std::chrono_literals;

namespace {

constexpr auto kAnswerLimit = 10000ms;
constexpr size_t kScriptColumn = 60;

using Rows = std::vector<std::vector<std::string>>;

/* Columns as wide as their widest cell; numbers to the right. rows[0] is the heading. */
void print_table(const Rows& rows, const std::vector<bool>& right) {
  std::vector<size_t> width(rows[0].size());
  for (const auto& row : rows)
    for (size_t i = 0; i < row.size(); i++) width[i] = std::max(width[i], row[i].size());
  for (const auto& row : rows) {
    std::string line;
    for (size_t i = 0; i < row.size(); i++) {
      std::string pad(width[i] - row[i].size(), ' ');
      line += i == 0 ? "" : "  ";
      line += right[i] ? pad + row[i] : row[i] + pad;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    std::puts(line.c_str());
  }
}

std::string text(const Json& v, const char* key) {
  const Json* m = v.find(key);
  if (!m || m->kind() != Json::String) return "?";
  return m->string().empty() ? "-" : m->string();
}

uint64_t number(const Json& v, const char* key) {
  const Json* m = v.find(key);
  return m && m->kind() == Json::Unsigned ? m->number() : 0;
}

const std::vector<Json>& list(const Json& v, const char* key) {
  static const std::vector<Json> empty;
  const Json* m = v.find(key);
  return m ? m->items() : empty;
}

std::string since(uint64_t seconds) {
  char buffer[32];
  if (seconds < 100)
    std::snprintf(buffer, sizeof buffer, "%us", static_cast<unsigned>(seconds));
  else if (seconds < 6000)
    std::snprintf(buffer, sizeof buffer, "%um", static_cast<unsigned>(seconds / 60));
  else
    std::snprintf(buffer, sizeof buffer, "%uh%02um", static_cast<unsigned>(seconds / 3600),
                  static_cast<unsigned>(seconds / 60 % 60));
  return buffer;
}

uint64_t age(uint64_t start) {
  uint64_t now = static_cast<uint64_t>(std::time(nullptr));
  return now > start ? now - start : 0;
}

void print_guests(const Json& d) {
  Rows rows = {{"VMID", "NAME", "KIND", "HOSTNAME", "OS", "DOORBELL", "PID", "UP", "PROGRAMS"}};
  for (const Json& g : list(d, "guests"))
    rows.push_back({std::to_string(number(g, "vmid")), text(g, "name"), text(g, "kind"),
                    text(g, "hostname"), text(g, "osversion"), text(g, "doorbell"),
                    std::to_string(number(g, "pid")), since(number(g, "uptime_s")),
                    std::to_string(number(g, "programs"))});
  print_table(rows, {true, false, false, false, false, false, true, true, true});
}

void print_programs(const Json& d) {
  Rows rows = {{"IDENT", "STATE", "PID", "UP", "GUESTS", "PROBES", "SCRIPT"}};
  for (const Json& p : list(d, "programs")) {
    uint64_t probes = 0, guests = 0;
    for (const Json& g : list(p, "guests")) {
      guests++;
      probes += number(g, "probes");
    }
    std::string script = text(p, "script");
    if (script.size() > kScriptColumn) script = script.substr(0, kScriptColumn - 3) + "...";
    rows.push_back({text(p, "ident"), text(p, "state"), std::to_string(number(p, "pid")),
                    since(age(number(p, "since"))), std::to_string(guests), std::to_string(probes),
                    script});
  }
  print_table(rows, {false, false, true, true, true, true, false});
}

void print_status(const Json& d) {
  std::printf(
      "socket       %s\npid          %llu\nup           %s\nguests       %llu\nprograms     %llu\n",
      text(d, "socket").c_str(), static_cast<unsigned long long>(number(d, "pid")),
      since(age(number(d, "since"))).c_str(), static_cast<unsigned long long>(number(d, "guests")),
      static_cast<unsigned long long>(number(d, "programs")));
}

int complain(const Error& error) {
  std::fprintf(stderr, "probectl: %s\n", error.message.c_str());
  return 1;
}

int ask(const std::string& socket, const std::string& method, const std::string& params, bool json,
        void (*print)(const Json&)) {
  auto fleet = FleetClient::connect(socket);
  if (!fleet) return complain(fleet.error());
  auto answer = (*fleet)->call(method, params, kAnswerLimit);
  if (!answer) return complain(answer.error());
  if (json) {
    std::puts(answer->c_str());
  } else {
    auto parsed = Json::parse(*answer);
    if (!parsed) return complain({"the coordinator's answer is not understood", 0});
    print(*parsed);
  }
  return std::fflush(stdout) == 0 && !std::ferror(stdout)
             ? 0
             : complain(Error::from_errno("cannot write to standard output"));
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"probectl: asks and steers the Hyprobe coordinator"};
  app.require_subcommand(1);
  app.set_version_flag("-V,--version", "probectl: Hyprobe 0.1.0");
  std::string socket, ident;
  bool json = false;
  app.add_option("--socket", socket, "control socket of the coordinator");
  auto* guests = app.add_subcommand("guests", "list the registered guests");
  auto* programs = app.add_subcommand("programs", "list the programs that run in the fleet");
  auto* kill = app.add_subcommand("kill", "end a program in every guest");
  kill->add_option("ident", ident, "of the program, or how it begins")->required();
  auto* status = app.add_subcommand("status", "about the coordinator itself");
  for (auto* sub : {guests, programs, kill, status}) {
    sub->add_flag("--json", json, "print the answer as JSON");
    sub->add_option("--socket", socket, "control socket of the coordinator");
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : 2;
  }
  if (*guests) return ask(socket, "guest.list", "{}", json, print_guests);
  if (*programs) return ask(socket, "program.list", "{}", json, print_programs);
  if (*status) return ask(socket, "status", "{}", json, print_status);
  return ask(
      socket, "program.kill", rpc::Object().text("ident", ident).json(), json,
      [](const Json& d) { std::printf("program %s has ended\n", text(d, "ident").c_str()); });
}
