/* probec: compiles a D program, runs it and prints what it traces: the dtrace(1) of Hyprobe.
 *
 *     1 command line and environment        probec_cli
 *     2 sources -> checked program          probec/compiler
 *     3 checked program -> ELF object       probec/codegen      (or -Y: an object from a file)
 *     4 descriptions -> probes              host/enabling
 *     5 run, print, exit status             host/session
 *
 * Exit status, as dtrace(1): 0, or what exit() was given; 1 after a fatal error; 2 for a command line
 * that makes no sense. */
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "handler/match.hpp"
#include "host/standard_descriptors.hpp"
#include "probec/codegen.hpp"
#include "probec/compiler.hpp"
#include "probec/dump.hpp"
#include "probec/usdt_header.hpp"
#include "probec_cli.hpp"
#include "probec_command.hpp"
#include "probec_disassembly.hpp"
#include "probec_kernel.hpp"
#include "probec_session.hpp"

using namespace hp;
using probec::Option;

namespace {

/* -x tree: what the parser made, before names mean anything, and what the checker made of that. */
enum TreeParts : unsigned { kParseTree = 1, kCheckedTree = 2 };
/* -x disasm, with DisassemblyParts: the LLVM IR that code generation made. */
constexpr unsigned kListIr = 2;

/* Room for what a program matches in Linux guests: all functions and tracepoints of a few kernels. It is
 * address space, memory only as far as it is used. */
constexpr uint32_t kGuestProbes = 1u << 18;

/* What one -n, -s ... became; objects from -Y are one unit without a source. */
struct Unit {
  std::string what, name; /* "description" or "script", and its name in messages */
  uint32_t matches = 0;
  probec::Attributes description, statements; /* for -v */
};

class Probec {
 public:
  explicit Probec(Cli cli) : cli_(std::move(cli)), options_(cli_.options) {}
  int main();

 private:
  bool read_sources();
  tl::expected<probec::CheckedProgram, probec::Diagnostic> check(std::string* tree = nullptr);
  bool compile();
  bool load_elf();
  bool write_elf();
  bool adopt_object(std::string bytes);
  bool show_code() const;
  /* -S, and which listings: -x disasm, the clauses' code when not given. */
  bool shows_code() const { return cli_.show_code || options_.flag(Option::verbose); }
  unsigned listings() const {
    return options_.is_set(Option::disasm) ? static_cast<unsigned>(options_.number(Option::disasm))
                                           : +kDisassembleClauses;
  }
  bool match();
  bool only_in_guests(size_t desc) const {
    return cli_.fleet &&
           host::may_match_in_guests(host::pattern_of(object_, object_.descs()[desc]));
  }
  bool match_failed(size_t desc);
  void report_matches(const Unit&) const;
  Result<> count_in_fleet(const Object&, const handler::SegmentView&, size_t guests);
  int list();
  int header();
  bool list_pattern(const host::ProbePattern&, std::string& out) const;
  bool list_out(const std::string& text);
  bool report_stability(const std::vector<Unit>& units);
  void set_environment() const;
  int run();
  Result<int> run_session();

  /* -p names a process that cannot become a guest. */
  int grab_failed() const {
    char* end = nullptr;
    const long pid = std::strtol(cli_.grab.c_str(), &end, 10);
    if (*end != 0 || pid <= 0) return fatal("invalid pid: " + cli_.grab);
    const std::string why =
        ::kill(static_cast<pid_t>(pid), 0) != 0 && errno == ESRCH
            ? "No such process"
            : "a process that runs already is not a guest: start it with -c, or with probevm exec";
    return fatal(tagged("D_PROC_GRAB", "failed to grab pid " + cli_.grab + ": " + why));
  }
  std::string tagged(const char* tag, const std::string& message) const {
    return options_.flag(Option::errtags) ? std::string("[") + tag + "] " + message : message;
  }
  int fatal(const std::string& message) const {
    std::fprintf(stderr, "%s: %s\n", cli_.program.c_str(), message.c_str());
    return 1;
  }
  /* -x debug: what is done, step by step. */
  void debug(const std::string& message) const {
    if (options_.flag(Option::debug))
      std::fprintf(stderr, "%s DEBUG: %s\n", cli_.program.c_str(), message.c_str());
  }
  void notice(const std::string& message) const {
    if (!options_.flag(Option::quiet))
      std::fprintf(stderr, "%s: %s\n", cli_.program.c_str(), message.c_str());
  }
  void report(const probec::Diagnostic& d) const {
    const probec::DiagnosticStyle style{options_.flag(Option::errtags),
                                        ::isatty(STDERR_FILENO) == 1};
    std::fputs(probec::render(d, sources_, style, cli_.program).c_str(), stderr);
  }

  Cli cli_;
  probec::Options& options_;
  std::vector<probec::Source> sources_; /* what locations refer to: also files that were included */
  std::vector<Unit> units_;
  std::vector<uint32_t> unit_of_clause_;
  std::vector<probec::Location> locations_; /* of descriptions, in order; empty with -Y */
  std::string bytes_;
  Object object_;
  host::ProbeTable table_;
  host::Enabling enabling_;
  bool counted_ = false; /* with -E: what matched has been told */
};

int Probec::main() {
  if (!cli_.grab.empty()) return grab_failed();
  if (!cli_.command.empty())
    if (const Result<> r = check_command(cli_.command[0]); !r)
      return fatal(tagged("D_PROC_CREATEFAIL", r.error().message));
  if (cli_.sources.empty() && cli_.run_elf.empty()) {
    if (cli_.mode == Mode::Header) return header();
    if (cli_.mode == Mode::List) return list();
    return fatal("no probes specified");
  }
  if (!read_sources()) return 1;
  if (cli_.mode == Mode::Header) return header();
  if (cli_.mode == Mode::List) return list();
  if (!(cli_.run_elf.empty() ? compile() : load_elf())) return 1;
  if (!match()) return 1;
  debug("the object has " + std::to_string(bytes_.size()) + " bytes, " +
        std::to_string(object_.clauses().size()) + " clauses and " +
        std::to_string(object_.aggs().size()) + " aggregations; its descriptions match " +
        std::to_string(enabling_.probes.size()) + " probes");
  if (!cli_.elf.empty() && !write_elf()) return 1;
  if (cli_.mode == Mode::Compile) return report_stability(units_) ? 0 : 1;
  return run();
}

bool Probec::read_sources() {
  for (probec::Source& s : cli_.sources) {
    Unit unit;
    if (s.kind == probec::SourceKind::Script) {
      Result<probec::Source> script = probec::read_script(s.name);
      if (!script) return fatal(script.error().message), false;
      s = std::move(*script);
      unit = {"script", s.name};
      cli_.arguments[0] = s.name; /* $0 */
    } else {
      unit = {"description", s.text.substr(0, s.text.find_first_of("{/;"))};
    }
    debug(unit.what + " " + unit.name + ": " + std::to_string(s.text.size()) + " bytes");
    units_.push_back(unit);
  }
  return true;
}

/* The sources given, checked. tree: gets what the parser made, if -x tree asks for it. */
tl::expected<probec::CheckedProgram, probec::Diagnostic> Probec::check(std::string* tree) {
  probec::KernelTypes kernel([this] { return kernel_of(cli_); });
  probec::CompileInput input;
  input.sources = cli_.sources;
  input.options = &options_;
  input.arguments = cli_.arguments;
  /* An object that is kept learns its target when it runs. */
  input.target = cli_.command.empty() && cli_.elf.empty() ? 0 : probec::kTargetAtRunTime;
  input.preprocess = cli_.preprocess;
  input.show_includes = cli_.show_includes;
  input.cpp_arguments = cli_.cpp_arguments;
  input.kernel = &kernel;
  if (options_.number(Option::tree) & kParseTree) input.parsed = tree;
  auto checked = probec::check(input);
  sources_ = std::move(input.sources);
  if (!kernel.problem().empty() && (!checked || options_.is_set(Option::kernelbtf)))
    std::fprintf(stderr, "%s: no types of a kernel: %s\n", cli_.program.c_str(),
                 kernel.problem().c_str());
  return checked;
}

bool Probec::compile() {
  std::string parsed;
  const auto checked = check(&parsed);
  if (!checked) {
    std::fputs(parsed.c_str(), stderr);
    return report(checked.error()), false;
  }
  debug("checked: " + std::to_string(checked->clauses.size()) + " clauses, " +
        std::to_string(checked->variables.size()) + " variables, " +
        std::to_string(checked->exprs.size()) + " expressions");
  for (const probec::Clause& c : checked->clauses) {
    unit_of_clause_.push_back(sources_[c.loc.source].includer.value_or(c.loc.source));
    Unit& unit = units_[unit_of_clause_.back()];
    unit.description = minimum(unit.description, c.description);
    unit.statements = minimum(unit.statements, c.statements);
    for (const probec::ProbeDesc& d : c.descs) locations_.push_back(d.loc);
  }
  probec::CodegenOptions codegen;
  codegen.stack_frames = static_cast<uint32_t>(options_.number(Option::stackframes));
  codegen.ustack_frames = static_cast<uint32_t>(options_.number(Option::ustackframes));
  codegen.print_size =
      static_cast<uint32_t>(std::clamp<uint64_t>(options_.number(Option::printsize), 1, 1u << 20));
  codegen.packet_size =
      static_cast<uint32_t>(std::clamp<uint64_t>(options_.number(Option::pcapsize), 1, 1u << 16));
  const uint64_t tree = options_.number(Option::tree);
  if (tree & kParseTree) std::fputs(parsed.c_str(), stderr);
  if (tree & kCheckedTree) std::fputs(probec::dump(*checked).c_str(), stderr);
  if (shows_code() && (listings() & kListIr)) {
    codegen.dump_ir = true;
    const tl::expected<std::string, probec::Diagnostic> ir = probec::emit_object(*checked, codegen);
    if (!ir) return report(ir.error()), false;
    std::fputs(ir->c_str(), stderr);
    codegen.dump_ir = false;
  }
  tl::expected<std::string, probec::Diagnostic> object = probec::emit_object(*checked, codegen);
  if (!object) return report(object.error()), false;
  return adopt_object(std::move(*object));
}

bool Probec::load_elf() {
  Result<std::string> bytes = read_file(cli_.run_elf, Object::kMaxBytes);
  if (!bytes) return fatal(bytes.error().message), false;
  if (!adopt_object(std::move(*bytes))) return false;
  for (const hp_obj_option& o : object_.options()) {
    const std::optional<Option> known = probec::find_option(object_.str(o.name));
    if (known && options_.is_set(*known)) continue; /* given again, or in the environment */
    const std::string_view value = object_.str(o.value);
    const Result<> set = options_.set(
        object_.str(o.name), value.empty() ? std::nullopt : std::optional<std::string_view>(value));
    if (!set)
      return fatal(cli_.run_elf + ": option " + object_.str(o.name) + ": " + set.error().message),
             false;
  }
  units_.push_back({"object", cli_.run_elf});
  unit_of_clause_.assign(object_.clauses().size(), 0);
  return true;
}

bool Probec::adopt_object(std::string bytes) {
  Result<Object> object = Object::parse(bytes);
  if (!object)
    return fatal((cli_.run_elf.empty() ? std::string("internal error") : cli_.run_elf) + ": " +
                 object.error().message),
           false;
  object_ = std::move(*object);
  bytes_ = std::move(bytes);
  return !shows_code() || show_code();
}

bool Probec::show_code() const {
  const Result<std::string> text = disassemble(object_, listings());
  if (!text) return fatal(text.error().message), false;
  std::fputs(text->c_str(), stderr);
  return true;
}

bool Probec::write_elf() {
  Fd fd(::open(cli_.elf.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  size_t at = 0;
  while (fd && at < bytes_.size()) {
    const ssize_t n = ::write(fd.get(), bytes_.data() + at, bytes_.size() - at);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    at += static_cast<size_t>(n);
  }
  if (fd && at == bytes_.size() && ::fsync(fd.get()) != 0 && errno != EINVAL && errno != EROFS)
    at = 0; /* the disk was full after all */
  if (!fd || at != bytes_.size())
    return fatal(Error::from_errno("cannot write " + cli_.elf).message), false;
  return true;
}

/* System call probes are there to be enabled whether or not a guest is: a program that names them
 * runs, and they fire when there is one. */
bool Probec::match() {
  host::Universe universe;
  universe.any_target = cli_.command.empty();
  if (!cli_.command.empty()) {
    universe.name = cli_.command[0].substr(cli_.command[0].rfind('/') + 1);
    universe.hostname = guest::host_hostname();
  }
  enabling_ = host::match_probes(object_, table_, universe);
  if (!options_.flag(Option::zdefs))
    for (size_t i = 0; i < enabling_.matches.size(); ++i)
      if (enabling_.matches[i] == 0 && !only_in_guests(i)) return match_failed(i);
  for (size_t i = 0; i < enabling_.matches.size(); ++i) {
    const uint32_t clause = object_.descs()[i].clause;
    const uint32_t unit = clause < unit_of_clause_.size() ? unit_of_clause_[clause] : 0;
    if (unit < units_.size()) units_[unit].matches += enabling_.matches[i];
  }
  return true;
}

bool Probec::match_failed(size_t desc) {
  const host::ProbePattern pattern = host::pattern_of(object_, object_.descs()[desc]);
  std::string message =
      "probe description " + host::describe(pattern) + " does not match any probes";
  bool elsewhere = false;
  for (const hp_seg_probe* p : table_.matching(pattern))
    elsewhere |= host::ProbeTable::is_guest_probe(p->id);
  if (elsewhere && !cli_.command.empty())
    message += " of this command, whose name is " + cli_.command[0];
  if (desc < locations_.size()) {
    probec::Diagnostic d;
    d.tag = probec::Tag::D_PDESC_ZERO;
    d.loc = locations_[desc];
    /* A description on the command line is its own place; in a script, the line says which. */
    if (sources_[d.loc.source].kind != probec::SourceKind::Script) d.loc.line = 0;
    d.message = message;
    report(d);
  } else {
    fatal(message);
  }
  return false;
}

bool Probec::list_pattern(const host::ProbePattern& pattern, std::string& out) const {
  const std::vector<const hp_seg_probe*> probes = table_.matching(pattern);
  for (const hp_seg_probe* p : probes) {
    out += host::listing_line(*p);
    if (cli_.verbose > 0) out += host::listing_details(*p);
  }
  if (probes.empty())
    fatal("failed to match " + host::describe(pattern) + ": No probe matches description");
  return !probes.empty();
}

bool Probec::list_out(const std::string& text) {
  Result<host::Output> output =
      cli_.output.empty() ? Result<host::Output>(host::Output()) : host::Output::open(cli_.output);
  if (!output) return fatal(output.error().message), false;
  output->write(text);
  if (const Result<> r = output->flush(); !r) return fatal(r.error().message), false;
  return true;
}

int Probec::list() {
  std::string out = host::listing_header();
  bool all = true;
  if (!cli_.run_elf.empty()) {
    if (!load_elf()) return 1;
    for (const hp_obj_desc& d : object_.descs()) table_.add_timers(host::pattern_of(object_, d));
    for (const hp_obj_desc& d : object_.descs())
      all &= list_pattern(host::pattern_of(object_, d), out);
  } else if (cli_.sources.empty()) {
    list_pattern({}, out);
  } else {
    (void)options_.set("zdefs", std::nullopt);
    const auto checked = check();
    if (!checked) return report(checked.error()), 1;
    const auto pattern = [](const probec::ProbeDesc& d) {
      return host::ProbePattern{d.target, d.provider, d.module, d.function, d.name, d.id};
    };
    for (const probec::Clause& c : checked->clauses)
      for (const probec::ProbeDesc& d : c.descs) table_.add_timers(pattern(d));
    for (const probec::Clause& c : checked->clauses)
      for (const probec::ProbeDesc& d : c.descs) all &= list_pattern(pattern(d), out);
  }
  return list_out(out) && all ? 0 : 1;
}

/* -h: FILE.d to FILE.h in the current directory, or to what -o names. */
int Probec::header() {
  if (cli_.sources.empty() || cli_.sources[0].kind != probec::SourceKind::Script)
    return fatal("-h needs a script with provider declarations: -s FILE");
  std::string name = cli_.sources[0].name;
  name = name.substr(name.rfind('/') + 1);
  if (size_t dot = name.rfind('.'); dot != std::string::npos) name.resize(dot);
  (void)options_.set("zdefs", std::nullopt);
  (void)options_.set("empty", std::nullopt);
  const auto checked = check();
  if (!checked) return report(checked.error()), 1;
  const Result<std::string> text = probec::usdt_header(*checked, name);
  if (!text) return fatal("failed to create a header: " + text.error().message);
  const std::string path = cli_.output.empty() ? name + ".h" : cli_.output;
  FILE* file = std::fopen(path.c_str(), "we");
  if (!file) return fatal("failed to open " + path + ": " + std::strerror(errno));
  const bool written = std::fputs(text->c_str(), file) >= 0;
  if (std::fclose(file) != 0 || !written)
    return fatal("failed to write " + path + ": " + std::strerror(errno));
  return 0;
}

/* -v: what the guide's Stability chapter calls the stability report. */
bool Probec::report_stability(const std::vector<Unit>& units) {
  if (cli_.verbose == 0 || !cli_.run_elf.empty()) return true; /* an object does not say */
  std::string out;
  for (const Unit& u : units) {
    out += "\nStability attributes for " + u.what + " " + u.name + ":\n";
    out += host::listing_attributes("Minimum Probe Description Attributes", u.description);
    out += host::listing_attributes("Minimum Statement Attributes", u.statements) + "\n";
  }
  return list_out(out);
}

/* -x setenv=NAME=VALUE, -x unsetenv=NAME: of the command, and of what system() runs. */
void Probec::set_environment() const {
  const auto each = [](std::string_view list, auto&& what) {
    for (size_t end; !list.empty(); list.remove_prefix(std::min(end + 1, list.size()))) {
      end = std::min(list.find('\n'), list.size());
      what(std::string(list.substr(0, end)));
    }
  };
  each(options_.text(Option::unsetenv), [](const std::string& name) { ::unsetenv(name.c_str()); });
  each(options_.text(Option::setenv), [](const std::string& text) {
    const size_t equals = text.find('=');
    const std::string value = equals == std::string::npos ? "" : text.substr(equals + 1);
    ::setenv(text.substr(0, equals).c_str(), value.c_str(), 1);
  });
}

void Probec::report_matches(const Unit& u) const {
  notice(u.what + " '" + u.name + "' matched " + std::to_string(u.matches) + " probe" +
         (u.matches == 1 ? "" : "s"));
}

/* What the guests of the fleet have matched stands in the program's probe table now. */
Result<> Probec::count_in_fleet(const Object& object, const handler::SegmentView& segment,
                                size_t guests) {
  std::vector<uint32_t> matches(units_.size());
  for (const hp_obj_desc& d : object.descs()) {
    uint32_t n = 0;
    for (uint32_t i = 0; i < segment.nprobes(); ++i)
      n += handler::matches_probe(object, d, segment.probes()[i]);
    if (n == 0 && guests != 0 && !options_.flag(Option::zdefs))
      return fail(tagged("D_PDESC_ZERO", "probe description " +
                                             host::describe(host::pattern_of(object, d)) +
                                             " does not match any probes"));
    if (d.clause < unit_of_clause_.size()) matches[unit_of_clause_[d.clause]] += n;
  }
  for (size_t i = 0; i < units_.size(); ++i) {
    if (counted_ && units_[i].matches == matches[i]) continue;
    units_[i].matches = matches[i];
    report_matches(units_[i]);
  }
  counted_ = true;
  return {};
}

int Probec::run() {
  for (const Unit& u : units_) {
    if (!cli_.fleet) report_matches(u);
    if (!report_stability({u})) return 1;
  }
  bool possible = !enabling_.probes.empty();
  for (size_t i = 0; i < enabling_.matches.size(); ++i) possible |= only_in_guests(i);
  if (!possible && !options_.flag(Option::zdefs)) return fatal("no probes matched");
  if ((object_.header().flags & HP_OBJ_DESTRUCTIVE) && !options_.flag(Option::destructive))
    return fatal("could not enable tracing: Destructive actions not allowed");
  if (!cli_.command.empty())
    if (const Result<> r = check_kvm(); !r) return fatal(r.error().message);
  if (options_.flag(Option::destructive)) notice("allowing destructive actions");
  if (enabling_.any_guest_probe && cli_.command.empty() && !cli_.fleet &&
      ::isatty(STDERR_FILENO) == 1)
    notice("system call probes fire in guests: run a command with -c, or use -E for the fleet");
  set_environment();

  const Result<int> status = run_session();
  if (status) return *status;
  /* A reader that went away is no news to a shell's pipe: end as other programs do. */
  if (status.error().code == EPIPE) std::raise(SIGPIPE);
  return fatal(status.error().message);
}

Result<int> Probec::run_session() {
  host::SessionOptions so = session_options(cli_);
  host::Session* running = nullptr;
  so.set_option = [&](const std::string& name, const std::string& value) -> Result<> {
    HP_TRYV(options_.set(name, value, probec::OptionSetter::Running));
    running->sink()->set_options(text_options(options_));
    running->set_switchrate(std::max(options_.number(Option::switchrate), kShortestRound));
    return {};
  };
  so.on_enabled = [&](const Object& object, const handler::SegmentView& segment, size_t guests) {
    return count_in_fleet(object, segment, guests);
  };
  for (size_t i = 0; i < enabling_.matches.size(); ++i)
    if (only_in_guests(i)) so.guest_probes = kGuestProbes;
  host::Session session(std::move(object_), std::move(bytes_), std::move(enabling_), std::move(so));
  running = &session;
  return session.run();
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
  return Probec(std::move(*cli)).main();
}
