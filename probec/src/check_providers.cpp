/* Providers: their declarations, and args[] by them and by the table of system calls.
 *
 *     provider name { probe start(int fd, char *path) : (string path, int fd); };
 *
 * The first list is what the probe passes, arg0 and so on; the second what clauses see as args[]: each of its
 * parameters is the one of the first list with that name, as it is or through a translator. */
#include <fnmatch.h>

#include <algorithm>
#include <cctype>

#include "probec/checker.hpp"
#include "probec/library.hpp"
#include "transport/syscalls.hpp"

namespace hp::probec {

namespace {

constexpr size_t kMaxName = 63;        /* of a provider or probe */
constexpr size_t kMaxParameters = 255; /* of one list */

bool matches(const std::string& pattern, const std::string& text) {
  return pattern.empty() || fnmatch(pattern.c_str(), text.c_str(), 0) == 0;
}

/* "mine", "mine*" and "mine1234" mean provider mine: instances carry a process ID. */
bool names_provider(const std::string& pattern, const std::string& provider) {
  if (matches(pattern, provider)) return true;
  return pattern.starts_with(provider) &&
         pattern.find_first_not_of("0123456789*?", provider.size()) == std::string::npos;
}

/* Two underscores in a declared name stand for a dash. */
std::string hyphenated(std::string name) {
  for (size_t at; (at = name.find("__")) != std::string::npos;) name.replace(at, 2, "-");
  return name;
}

}  // namespace

void Checker::provider(const ast::Provider& decl) {
  if (decl.name.size() > kMaxName)
    raise(Tag::D_PROV_BADNAME, decl.loc,
          "provider name may not exceed " + std::to_string(kMaxName) + " characters: " + decl.name);
  if (std::isdigit(static_cast<unsigned char>(decl.name.back())))
    raise(Tag::D_PROV_BADNAME, decl.loc, "provider name may not end with a digit: " + decl.name);
  DeclaredProvider made;
  ProviderDeclaration shown{decl.name, {}};
  auto before = providers_.find(decl.name);
  for (const ast::ProviderProbe& probe : decl.probes) {
    std::string name = hyphenated(probe.name);
    if (name.size() > kMaxName)
      raise(Tag::D_PROV_BADNAME, probe.loc,
            "probe name may not exceed " + std::to_string(kMaxName) + " characters: " + name);
    std::vector<ProbeArgument> arguments = probe_arguments(probe, decl.name);
    if (before != providers_.end() || provider_exists(decl.name)) {
      auto same = before == providers_.end() ? decltype(before->second.probes.end()){}
                                             : before->second.probes.find(name);
      bool known = before != providers_.end() && same != before->second.probes.end();
      if (!known || same->second != arguments)
        raise(Tag::D_PROV_INCOMPAT, probe.loc,
              "provider interface mismatch: " + decl.name + ": probe " + decl.name + ":" + name +
                  (known ? " has other arguments" : " is defined in redeclaration but not in") +
                  (known ? " than in previous declaration" : " previous declaration"));
    }
    shown.probes.push_back({name, {}});
    for (ast::TypeId parameter : probe.parameters)
      if (TypeId type = type_of(parameter); out_.types[type].kind != TypeKind::Void)
        shown.probes.back().arguments.push_back(type);
    if (!made.probes.emplace(name, std::move(arguments)).second)
      raise(Tag::D_PROV_PRDUP, probe.loc, "probe multiply defined: " + decl.name + ":" + name);
  }
  if (before != providers_.end()) return;
  providers_.emplace(decl.name, std::move(made));
  if (owner_at(decl.loc) == Owner::Program) out_.providers.push_back(std::move(shown));
}

std::vector<Checker::ProbeArgument> Checker::probe_arguments(const ast::ProviderProbe& probe,
                                                             const std::string& provider) {
  auto list = [&](const std::vector<ast::TypeId>& types, const std::vector<std::string>& names) {
    ast::Type made;
    made.loc = probe.loc;
    made.parameters = types;
    made.parameter_names = names;
    made.varargs = probe.varargs;
    return made;
  };
  auto bounded = [&](size_t given, const char* which) {
    if (given > kMaxParameters)
      raise(Tag::D_PROV_PRARGLEN, probe.loc,
            "probe " + probe.name + " " + which + " prototype exceeds " +
                std::to_string(kMaxParameters) + " parameters: " + std::to_string(given) +
                " parameters used");
  };
  size_t natives = check_prototype(list(probe.parameters, probe.parameter_names), "probe input",
                                   {.may_be_void = true});
  bounded(natives, "input");
  std::vector<ProbeArgument> made;
  if (!probe.translates) {
    for (unsigned i = 0; i < natives; ++i) {
      TypeId type = type_of(probe.parameters[i]);
      made.push_back({i, type, type, nullptr});
    }
    return made;
  }
  size_t outputs =
      check_prototype(list(probe.translated, probe.translated_names), "probe output",
                      {.may_be_void = true, .named = true, .formals = &probe.parameter_names});
  bounded(outputs, "output");
  for (size_t i = 0; i < outputs; ++i) {
    auto formal = std::find(probe.parameter_names.begin(), probe.parameter_names.end(),
                            probe.translated_names[i]);
    ProbeArgument argument;
    argument.native = static_cast<unsigned>(formal - probe.parameter_names.begin());
    argument.type = type_of(probe.parameters[argument.native]);
    argument.output = type_of(probe.translated[i]);
    const Type& to = out_.types[argument.output];
    const Type& from = out_.types[argument.type];
    argument.translation =
        look_up_translation(argument.type, to.is_pointer() ? to.target : argument.output);
    bool alike =
        out_.types.same(argument.type, argument.output) || (from.is_integer() && to.is_integer()) ||
        (from.is_pointer() && to.is_pointer() && out_.types.same(from.target, to.target)) ||
        (string_like(argument.type) && string_like(argument.output));
    if (!argument.translation && !alike)
      raise(Tag::D_PROV_PRXLATOR, probe.loc,
            "translator for " + provider + ":" + probe.name + " argument #" +
                std::to_string(i + 1) + " from " + out_.types.name(argument.type) + " to " +
                out_.types.name(argument.output) + " is not defined");
    made.push_back(argument);
  }
  return made;
}

/* args[N]: the N-th argument as the probe declares it. All probes that the clause may match have to agree
 * about it. */
Checker::ProbeArgument Checker::probe_argument(const ast::Expr& expr) {
  ExprId at = expr.args.size() == 1 ? value(expr.args[0]) : ExprId();
  if (!at.valid())
    raise(Tag::D_PROTO_LEN, expr.loc,
          "args[ ] prototype mismatch: " + std::to_string(expr.args.size()) +
              " args passed, 1 expected");
  if (!is_constant(at) || !type(at).is_integer())
    raise(Tag::D_PROTO_ARG, expr.loc,
          "args[ ] argument #1 is incompatible with prototype:\n\tprototype: integer constant\n"
          "\t argument: " +
              type_name(at));
  if (!clause_)
    raise(Tag::D_ARGS_NONE, expr.loc, "args[ ] may not be referenced outside of a probe clause");
  uses_name("associative array", "args", expr.loc);
  uint64_t number = out_[at].value;
  struct Candidate {
    std::string name;                        /* of the type, in the table of system calls */
    const ProbeArgument* declared = nullptr; /* by a provider */
    bool operator==(const Candidate& other) const {
      if (!declared || !other.declared) return declared == other.declared && name == other.name;
      return *declared == *other.declared;
    }
  };
  std::optional<Candidate> found;
  bool missing = false, different = false, others = false;
  auto consider = [&](std::optional<Candidate> candidate) {
    missing |= !candidate;
    if (!candidate) return;
    different |= found && !(*found == *candidate);
    if (!found) found = std::move(candidate);
  };
  for (const ProbeDesc& desc : clause_->descs) {
    bool entry = matches(desc.name, "entry"), exit = matches(desc.name, "return");
    if (desc.name == "BEGIN" || desc.name == "END" || desc.name == "ERROR") {
      consider(std::nullopt); /* dtrace's own have no typed arguments */
      continue;
    }
    bool known = false;
    for (const auto& [provider, declaration] : providers_) {
      if (desc.id != 0 || desc.provider.empty() || !names_provider(desc.provider, provider))
        continue;
      for (const auto& [name, arguments] : declaration.probes) {
        if (!matches(desc.name, name)) continue;
        known = true;
        if (number < arguments.size())
          consider(Candidate{"", &arguments[number]});
        else
          consider(std::nullopt);
      }
    }
    bool syscall = desc.id == 0 && matches(desc.provider, "syscall") &&
                   matches(desc.module, "vmlinux") && (entry || exit);
    if (!syscall) {
      others |= !known;
      continue;
    }
    if (exit) consider(number < 2 ? std::optional(Candidate{"long"}) : std::nullopt);
    if (!entry) continue;
    for (uint32_t nr = 0; nr < kMaxSyscall; ++nr) {
      const SyscallInfo* info = syscall_info(nr);
      if (info && info->name && matches(desc.function, info->name))
        consider(number < info->nargs ? std::optional(Candidate{info->args[number].type})
                                      : std::nullopt);
    }
  }
  const ProbeDesc& first = clause_->descs.front();
  const std::string shown =
      first.provider + ":" + first.module + ":" + first.function + ":" + first.name;
  if (!found)
    raise(Tag::D_ARGS_IDX, expr.loc,
          "index " + std::to_string(number) + " is out of range for " + shown + " args[ ]",
          "arg0 to arg9 are the untyped arguments");
  if (missing || different || others)
    raise(Tag::D_ARGS_MULTI, expr.loc,
          "args[ ] may not be referenced because probe description " + shown +
              " matches an unstable set of probes",
          "arg" + std::to_string(number) + " has the same value, untyped");
  if (found->declared) return *found->declared;
  TypeId type = named_type(found->name);
  return {static_cast<unsigned>(number), type, type, nullptr};
}

ExprId Checker::native_argument(const ProbeArgument& argument, Location loc) {
  if (argument.native > 9)
    raise(
        Tag::D_ARGS_IDX, loc,
        "index " + std::to_string(argument.native) + " is out of range: probes pass 10 arguments");
  return convert(builtin(Builtin::Arg, argument.native, loc), argument.type);
}

ExprId Checker::args_element(const ast::Expr& expr) {
  ProbeArgument argument = probe_argument(expr);
  if (argument.translation)
    raise(Tag::D_CG_DYN, expr.loc, "expression cannot evaluate to result of dynamic type",
          "use a member of it");
  return convert(native_argument(argument, expr.loc), argument.output);
}

}  // namespace hp::probec
