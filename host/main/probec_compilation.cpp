#include "probec_compilation.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "probec/codegen.hpp"
#include "probec/dump.hpp"
#include "probec_disassembly.hpp"
#include "probec_kernel.hpp"
#include "transport/fd.hpp"

namespace hp {

using probec::Option;

namespace {

/* -x tree: what the parser made, before names mean anything, and what the checker made of that. */
enum TreeParts : unsigned { kParseTree = 1, kCheckedTree = 2 };
/* -x disasm, with DisassemblyParts: the LLVM IR that code generation made. */
constexpr unsigned kListIr = 2;

}  // namespace

bool Compilation::read_sources() {
  for (probec::Source& s : cli_.sources) {
    Unit unit;
    if (s.kind == probec::SourceKind::Script) {
      Result<probec::Source> script = probec::read_script(s.name);
      if (!script) return report_.fatal(script.error().message), false;
      s = std::move(*script);
      unit = {"script", s.name};
      cli_.arguments[0] = s.name; /* $0 */
    } else {
      unit = {"description", s.text.substr(0, s.text.find_first_of("{/;"))};
    }
    report_.debug(unit.what + " " + unit.name + ": " + std::to_string(s.text.size()) + " bytes");
    units_.push_back(unit);
  }
  return true;
}

bool Compilation::make_object() {
  return cli_.run_elf.empty() ? compile() : load_object();
}

tl::expected<probec::CheckedProgram, probec::Diagnostic> Compilation::check(std::string* tree) {
  probec::KernelTypes kernel([this] { return kernel_of(cli_); });
  probec::CompileInput input;
  input.sources = cli_.sources;
  input.options = &cli_.options;
  input.arguments = cli_.arguments;
  /* An object that is kept learns its target when it runs. */
  input.target = cli_.command.empty() && cli_.elf.empty() ? 0 : probec::kTargetAtRunTime;
  input.preprocess = cli_.preprocess;
  input.show_includes = cli_.show_includes;
  input.cpp_arguments = cli_.cpp_arguments;
  input.kernel = &kernel;
  if (cli_.options.number(Option::tree) & kParseTree) input.parsed = tree;
  auto checked = probec::check(input);
  sources_ = std::move(input.sources);
  if (!kernel.problem().empty() && (!checked || cli_.options.is_set(Option::kernelbtf)))
    std::fprintf(stderr, "%s: no types of a kernel: %s\n", cli_.program.c_str(),
                 kernel.problem().c_str());
  return checked;
}

bool Compilation::compile() {
  std::string parsed;
  const auto checked = check(&parsed);
  if (!checked) {
    std::fputs(parsed.c_str(), stderr);
    return report_.diagnostic(checked.error(), sources_), false;
  }
  report_.debug("checked: " + std::to_string(checked->clauses.size()) + " clauses, " +
                std::to_string(checked->variables.size()) + " variables, " +
                std::to_string(checked->exprs.size()) + " expressions");
  for (const probec::Clause& c : checked->clauses) {
    unit_of_clause_.push_back(sources_[c.loc.source].includer.value_or(c.loc.source));
    Unit& unit = units_[unit_of_clause_.back()];
    unit.description = minimum(unit.description, c.description);
    unit.statements = minimum(unit.statements, c.statements);
    for (const probec::ProbeDesc& d : c.descs) locations_.push_back(d.loc);
  }
  const probec::Options& options = cli_.options;
  probec::CodegenOptions codegen;
  codegen.stack_frames = static_cast<uint32_t>(options.number(Option::stackframes));
  codegen.ustack_frames = static_cast<uint32_t>(options.number(Option::ustackframes));
  codegen.print_size =
      static_cast<uint32_t>(std::clamp<uint64_t>(options.number(Option::printsize), 1, 1u << 20));
  codegen.packet_size =
      static_cast<uint32_t>(std::clamp<uint64_t>(options.number(Option::pcapsize), 1, 1u << 16));
  const uint64_t tree = options.number(Option::tree);
  if (tree & kParseTree) std::fputs(parsed.c_str(), stderr);
  if (tree & kCheckedTree) std::fputs(probec::dump(*checked).c_str(), stderr);
  if (shows_code() && (listings() & kListIr)) {
    codegen.dump_ir = true;
    const tl::expected<std::string, probec::Diagnostic> ir = probec::emit_object(*checked, codegen);
    if (!ir) return report_.diagnostic(ir.error(), sources_), false;
    std::fputs(ir->c_str(), stderr);
    codegen.dump_ir = false;
  }
  tl::expected<std::string, probec::Diagnostic> object = probec::emit_object(*checked, codegen);
  if (!object) return report_.diagnostic(object.error(), sources_), false;
  return adopt_object(std::move(*object), "internal error");
}

bool Compilation::load_object() {
  Result<std::string> bytes = read_file(cli_.run_elf, Object::kMaxBytes);
  if (!bytes) return report_.fatal(bytes.error().message), false;
  return take_object(std::move(*bytes), cli_.run_elf);
}

bool Compilation::take_object(std::string bytes, const std::string& name) {
  if (!adopt_object(std::move(bytes), name)) return false;
  for (const hp_obj_option& o : object_.options()) {
    const std::optional<Option> known = probec::find_option(object_.str(o.name));
    if (known && cli_.options.is_set(*known)) continue; /* given again, or in the environment */
    const std::string_view value = object_.str(o.value);
    const Result<> set = cli_.options.set(
        object_.str(o.name), value.empty() ? std::nullopt : std::optional<std::string_view>(value));
    if (!set)
      return report_.fatal(name + ": option " + object_.str(o.name) + ": " + set.error().message),
             false;
  }
  units_.push_back({"object", name});
  unit_of_clause_.assign(object_.clauses().size(), 0);
  return true;
}

bool Compilation::adopt_object(std::string bytes, const std::string& name) {
  Result<Object> object = Object::parse(bytes);
  if (!object) return report_.fatal(name + ": " + object.error().message), false;
  object_ = std::move(*object);
  bytes_ = std::move(bytes);
  return !shows_code() || show_code();
}

/* -S, and which listings: -x disasm, the clauses' code when not given. */
bool Compilation::shows_code() const {
  return cli_.show_code || cli_.options.flag(Option::verbose);
}

unsigned Compilation::listings() const {
  return cli_.options.is_set(Option::disasm)
             ? static_cast<unsigned>(cli_.options.number(Option::disasm))
             : +kDisassembleClauses;
}

bool Compilation::show_code() const {
  const Result<std::string> text = disassemble(object_, listings());
  if (!text) return report_.fatal(text.error().message), false;
  std::fputs(text->c_str(), stderr);
  return true;
}

size_t Compilation::unit_of(uint32_t clause) const {
  return clause < unit_of_clause_.size() ? unit_of_clause_[clause] : 0;
}

const probec::Location* Compilation::location(size_t desc) const {
  return desc < locations_.size() ? &locations_[desc] : nullptr;
}

Result<> write_object(const std::string& path, const std::string& bytes) {
  const Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  size_t at = 0;
  while (fd && at < bytes.size()) {
    const ssize_t n = ::write(fd.get(), bytes.data() + at, bytes.size() - at);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    at += static_cast<size_t>(n);
  }
  if (fd && at == bytes.size() && ::fsync(fd.get()) != 0 && errno != EINVAL && errno != EROFS)
    at = 0; /* the disk was full after all */
  if (!fd || at != bytes.size()) return fail_errno("cannot write " + path);
  return {};
}

}  // namespace hp
