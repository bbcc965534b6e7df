#include "probec_run.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>

#include "handler/match.hpp"
#include "probec_command.hpp"
#include "probec_listing.hpp"
#include "probec_session.hpp"
#include "transport/fd.hpp"

namespace hp {

using probec::Option;

/* Room for what a program matches in Linux guests: all functions and tracepoints of a few kernels. It is
 * address space, memory only as far as it is used. */
constexpr uint32_t kGuestProbes = 1u << 18;

bool Run::only_in_guests(size_t desc) const {
  const Object& object = compilation_.object();
  return cli_.fleet && host::may_match_in_guests(host::pattern_of(object, object.descs()[desc]));
}

/* System call probes are there to be enabled whether or not a guest is: a program that names them
 * runs, and they fire when there is one. */
bool Run::match() {
  host::Universe universe;
  universe.any_target = cli_.command.empty();
  if (!cli_.command.empty()) {
    universe.name = cli_.command[0].substr(cli_.command[0].rfind('/') + 1);
    universe.hostname = guest::host_hostname();
  }
  const Object& object = compilation_.object();
  enabling_ = host::match_probes(object, table_, universe);
  if (!cli_.options.flag(Option::zdefs))
    for (size_t i = 0; i < enabling_.matches.size(); ++i)
      if (enabling_.matches[i] == 0 && !only_in_guests(i)) return match_failed(i);
  std::vector<Unit>& units = compilation_.units();
  for (size_t i = 0; i < enabling_.matches.size(); ++i) {
    const size_t unit = compilation_.unit_of(object.descs()[i].clause);
    if (unit < units.size()) units[unit].matches += enabling_.matches[i];
  }
  return true;
}

bool Run::match_failed(size_t desc) {
  const Object& object = compilation_.object();
  const host::ProbePattern pattern = host::pattern_of(object, object.descs()[desc]);
  std::string message =
      "probe description " + host::describe(pattern) + " does not match any probes";
  bool elsewhere = false;
  for (const hp_seg_probe* p : table_.matching(pattern))
    elsewhere |= host::ProbeTable::is_guest_probe(p->id);
  if (elsewhere && !cli_.command.empty())
    message += " of this command, whose name is " + cli_.command[0];
  if (const probec::Location* location = compilation_.location(desc)) {
    probec::Diagnostic d;
    d.tag = probec::Tag::D_PDESC_ZERO;
    d.loc = *location;
    /* A description on the command line is its own place; in a script, the line says which. */
    if (compilation_.sources()[d.loc.source].kind != probec::SourceKind::Script) d.loc.line = 0;
    d.message = message;
    report_.diagnostic(d, compilation_.sources());
  } else {
    report_.fatal(message);
  }
  return false;
}

void Run::report_matches(const Unit& u) const {
  report_.notice(u.what + " '" + u.name + "' matched " + std::to_string(u.matches) + " probe" +
                 (u.matches == 1 ? "" : "s"));
}

/* What the guests of the fleet have matched stands in the program's probe table now. */
Result<> Run::count_in_fleet(const Object& object, const handler::SegmentView& segment,
                             size_t guests) {
  std::vector<Unit>& units = compilation_.units();
  std::vector<uint32_t> matches(units.size());
  for (const hp_obj_desc& d : object.descs()) {
    uint32_t n = 0;
    for (uint32_t i = 0; i < segment.nprobes(); ++i)
      n += handler::matches_probe(object, d, segment.probes()[i]);
    if (n == 0 && guests != 0 && !cli_.options.flag(Option::zdefs))
      return fail(report_.tagged("D_PDESC_ZERO", "probe description " +
                                                     host::describe(host::pattern_of(object, d)) +
                                                     " does not match any probes"));
    if (const size_t unit = compilation_.unit_of(d.clause); unit < matches.size())
      matches[unit] += n;
  }
  for (size_t i = 0; i < units.size(); ++i) {
    if (counted_ && units[i].matches == matches[i]) continue;
    units[i].matches = matches[i];
    report_matches(units[i]);
  }
  counted_ = true;
  return {};
}

/* -x setenv=NAME=VALUE, -x unsetenv=NAME: of the command, and of what system() runs. */
void Run::set_environment() const {
  const auto each = [](std::string_view list, auto&& what) {
    for (size_t end; !list.empty(); list.remove_prefix(std::min(end + 1, list.size()))) {
      end = std::min(list.find('\n'), list.size());
      what(std::string(list.substr(0, end)));
    }
  };
  each(cli_.options.text(Option::unsetenv),
       [](const std::string& name) { ::unsetenv(name.c_str()); });
  each(cli_.options.text(Option::setenv), [](const std::string& text) {
    const size_t equals = text.find('=');
    const std::string value = equals == std::string::npos ? "" : text.substr(equals + 1);
    ::setenv(text.substr(0, equals).c_str(), value.c_str(), 1);
  });
}

int Run::run() {
  const probec::Options& options = cli_.options;
  for (const Unit& u : compilation_.units()) {
    if (!cli_.fleet) report_matches(u);
    if (!report_stability(cli_, report_, {u})) return 1;
  }
  bool possible = !enabling_.probes.empty();
  for (size_t i = 0; i < enabling_.matches.size(); ++i) possible |= only_in_guests(i);
  if (!possible && !options.flag(Option::zdefs)) return report_.fatal("no probes matched");
  if ((compilation_.object().header().flags & HP_OBJ_DESTRUCTIVE) &&
      !options.flag(Option::destructive))
    return report_.fatal("could not enable tracing: Destructive actions not allowed");
  if (!cli_.command.empty())
    if (const Result<> r = check_kvm(); !r) return report_.fatal(r.error().message);
  if (options.flag(Option::destructive)) report_.notice("allowing destructive actions");
  if (enabling_.any_guest_probe && cli_.command.empty() && !cli_.fleet &&
      ::isatty(STDERR_FILENO) == 1)
    report_.notice(
        "system call probes fire in guests: run a command with -c, or use -E for the fleet");
  set_environment();

  return ended(run_session());
}

int Run::ended(const Result<int>& status) const {
  if (status) return *status;
  /* A reader that went away is no news to a shell's pipe: end as other programs do. */
  if (status.error().code == EPIPE) std::raise(SIGPIPE);
  return report_.fatal(status.error().message);
}

/* running: the session, once there is one. */
host::SessionOptions Run::options_for(host::Session*& running) {
  host::SessionOptions so = session_options(cli_);
  so.set_option = [this, &running](const std::string& name, const std::string& value) -> Result<> {
    HP_TRYV(cli_.options.set(name, value, probec::OptionSetter::Running));
    running->sink()->set_options(text_options(cli_.options));
    running->set_switchrate(std::max(cli_.options.number(Option::switchrate), kShortestRound));
    return {};
  };
  return so;
}

Result<int> Run::run_session() {
  host::Session* running = nullptr;
  host::SessionOptions so = options_for(running);
  so.on_enabled = [&](const Object& object, const handler::SegmentView& segment, size_t guests) {
    return count_in_fleet(object, segment, guests);
  };
  for (size_t i = 0; i < enabling_.matches.size(); ++i)
    if (only_in_guests(i)) so.guest_probes = kGuestProbes;
  Object object = HP_TRY(Object::parse(compilation_.bytes()));
  host::Session session(std::move(object), compilation_.bytes(), std::move(enabling_),
                        std::move(so));
  running = &session;
  return session.run();
}

int Run::attach() {
  return ended(run_attached());
}

Result<int> Run::run_attached() {
  constexpr std::chrono::seconds kWait{5};
  std::unique_ptr<FleetClient> client = HP_TRY(FleetClient::connect(cli_.socket));
  AttachedProgram program = HP_TRY(client->attach(cli_.attach, kWait));
  std::string bytes =
      HP_TRY(read_file("/proc/self/fd/" + std::to_string(program.object.get()), Object::kMaxBytes));
  if (!compilation_.take_object(std::move(bytes), "program " + program.ident)) return 1;
  /* Not what runs anew here: system() and freopen() of the script act in this process. */
  if ((compilation_.object().header().flags & HP_OBJ_DESTRUCTIVE) &&
      !cli_.options.flag(Option::destructive))
    return fail("could not attach: the program has destructive actions; allow them with -w");
  host::Session* running = nullptr;
  host::SessionOptions so = options_for(running);
  Object object = HP_TRY(Object::parse(compilation_.bytes()));
  host::Session session(std::move(object), compilation_.bytes(), {}, std::move(so));
  running = &session;
  return session.run_attached(std::move(client), std::move(program));
}

}  // namespace hp
