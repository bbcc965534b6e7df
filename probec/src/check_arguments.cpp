/* args[]: what a probe passes, as its provider, the table of system calls or the types of a kernel say.
 *
 *   syscall        the table of system calls
 *   fbt            the function's prototype; at its return 0 and the result
 *   sdt, rawtp     the prototype of btf_trace_NAME, without the first parameter, which is the kernel's own
 *   vmm            the reason, KVM_EXIT_*
 *   others         provider declarations: the program's, or the libraries' for proc, sched, io, tcp */
#include <fnmatch.h>

#include <algorithm>

#include "probec/checker.hpp"
#include "transport/syscalls.hpp"

namespace hp::probec {

namespace {

bool matches(const std::string& pattern, const std::string& text) {
  return pattern.empty() || fnmatch(pattern.c_str(), text.c_str(), 0) == 0;
}

/* "mine", "mine*" and "mine1234" mean provider mine: instances carry a process ID. */
bool names_provider(const std::string& pattern, const std::string& provider) {
  if (matches(pattern, provider)) return true;
  return pattern.starts_with(provider) &&
         pattern.find_first_not_of("0123456789*?", provider.size()) == std::string::npos;
}

bool is_glob(const std::string& text) {
  return text.empty() || text.find_first_of("*?[\\") != std::string::npos;
}

}  // namespace

/* An argument that is an integer to scripts and a structure to the kernel: the translator to
 * struct PROVIDER_PROBE, whose member `value` it is. */
const Checker::Translation* Checker::scalar_translation(TypeId from, const std::string& tag) const {
  std::string name = tag;
  for (size_t at; (at = name.find("__")) != std::string::npos;) name.replace(at, 2, "_");
  auto found = structs_.find(name);
  return found == structs_.end() ? nullptr : look_up_translation(from, found->second);
}

/* What the types of a kernel say of a probe's arguments; an invalid type is one that D has no values of.
 * No value: nothing is known, or the description may mean several. */
std::optional<std::vector<Checker::ProbeArgument>> Checker::kernel_arguments(const ProbeDesc& desc,
                                                                             bool returns) {
  if (desc.id != 0) return std::nullopt;
  TypeTable& types = out_.types;
  auto argument = [&](unsigned native, TypeId type) {
    const bool passed = types[type].is_scalar();
    return ProbeArgument{native, passed ? type : TypeId(), passed ? type : TypeId()};
  };
  std::vector<ProbeArgument> made;
  if (desc.provider == "vmm") return {{argument(0, types.int_type)}};
  const bool tracepoint = desc.provider == "sdt" || desc.provider == "rawtp";
  if (!kernel_ || !(tracepoint || desc.provider == "fbt")) return std::nullopt;
  std::string name = desc.function;
  if (tracepoint && is_glob(name)) name = desc.name;
  if (is_glob(name)) return std::nullopt;
  TypeId function;
  if (tracepoint) {
    TypeId pointer = kernel_->find_typedef("btf_trace_" + name, types);
    if (pointer.valid() && types[pointer].is_pointer()) function = types[pointer].target;
  } else if (is_glob(desc.module) || desc.module == "vmlinux") {
    function = kernel_->find_function(name, types);
  }
  if (!function.valid() || types[function].kind != TypeKind::Function) return std::nullopt;
  const std::vector<TypeId> parameters = types[function].parameters;
  if (returns) {
    made.push_back(argument(0, types.int_type));
    if (types[types[function].target].kind != TypeKind::Void)
      made.push_back(argument(1, types[function].target));
    return made;
  }
  for (unsigned i = tracepoint ? 1 : 0; i < parameters.size(); ++i)
    made.push_back(argument(static_cast<unsigned>(made.size()), parameters[i]));
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
    std::string name;                      /* of the type, in the table of system calls */
    std::optional<ProbeArgument> declared; /* by a provider, or by a kernel's types */
    bool operator==(const Candidate&) const = default;
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
          consider(Candidate{"", arguments[number]});
        else
          consider(std::nullopt);
      }
    }
    bool syscall = desc.id == 0 && matches(desc.provider, "syscall") &&
                   matches(desc.module, "vmlinux") && (entry || exit);
    for (bool returns : {false, true}) {
      if (desc.provider == "fbt" && !(returns ? exit : entry)) continue;
      if (desc.provider != "fbt" && returns) continue; /* the others' probes are one */
      const std::optional<std::vector<ProbeArgument>> arguments = kernel_arguments(desc, returns);
      known |= arguments.has_value();
      if (!arguments) continue;
      if (number < arguments->size() && (*arguments)[number].type.valid())
        consider(Candidate{"", (*arguments)[number]});
      else
        consider(std::nullopt);
    }
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
  if (argument.scalar)
    return convert(translated(*argument.translation, "value", native_argument(argument, expr.loc)),
                   argument.output);
  if (argument.translation)
    raise(Tag::D_CG_DYN, expr.loc, "expression cannot evaluate to result of dynamic type",
          "use a member of it");
  return convert(native_argument(argument, expr.loc), argument.output);
}

}  // namespace hp::probec
