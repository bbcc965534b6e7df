/* Stability: what the names and descriptions of a clause amount to, #pragma D attributes and binding,
 * -x amin (the guide's Stability chapter). */
#include <fnmatch.h>

#include "probec/checker.hpp"
#include "transport/syscalls.hpp"

namespace hp::probec {

void Checker::apply_stability_pragmas() {
  for (; next_pragma_ < tree_.pragmas.size(); ++next_pragma_) {
    const ast::StabilityPragma& pragma = tree_.pragmas[next_pragma_];
    bool known = find(pragma.name) || aggregating_.contains(pragma.name);
    if (known && !own_names_.contains(pragma.name))
      raise(Tag::D_PRAGMA_SCOPE, pragma.loc,
            "#pragma " + pragma.directive + " cannot modify entity defined outside program scope");
    if (pragma.attributes) declared_[pragma.name] = *pragma.attributes;
  }
}

void Checker::find_unused_pragmas() const {
  for (const ast::StabilityPragma& pragma : tree_.pragmas)
    if (!globals_.contains(pragma.name))
      raise(Tag::D_PRAGMA_UNUSED, pragma.loc, "unused #pragma " + pragma.directive,
            "nothing that the program declares is called " + pragma.name);
}

void Checker::uses(const char* kind, const std::string& name, const Attributes& attributes,
                   Location loc) {
  if (expanding_ != 0) return; /* an inline counts as a whole */
  least_ = minimum(least_, attributes);
  const std::optional<Attributes>& amin = options_.least_attributes();
  if (!amin || !less_stable(attributes, *amin)) return;
  if (loc.source < sources_.size() && owner_at(loc) != Owner::Program) return;
  raise(Tag::D_ATTR_MIN, loc,
        "attributes for " + std::string(kind) + " " + name + " (" + to_string(attributes) +
            ") are less than predefined minimum");
}

void Checker::uses_name(const char* kind, const std::string& name, Location loc) {
  Attributes attributes = stability_of_name(name).attributes;
  if (name == "probeprov") attributes = provider_.provider;
  if (name == "probemod") attributes = provider_.module;
  if (name == "probefunc") attributes = provider_.function;
  if (name == "probename") attributes = provider_.name;
  if (name == "args") attributes = provider_.arguments;
  if (auto given = declared_.find(name); given != declared_.end()) attributes = given->second;
  uses(kind, name, attributes, loc);
}

namespace {

bool is_glob(const std::string& text) {
  return text.empty() || text.find_first_of("*?[\\") != std::string::npos;
}
bool matches(const std::string& pattern, const char* text) {
  return pattern.empty() || fnmatch(pattern.c_str(), text, 0) == 0;
}

/* How many probes of a provider a description matches: 2 stands for several. */
int matched(const ProbeDesc& desc, std::string_view provider) {
  int count = 0;
  if (!matches(desc.provider, std::string(provider).c_str())) return 0;
  if (provider == "dtrace") {
    if (!matches(desc.module, "") || !matches(desc.function, "")) return 0;
    for (const char* name : {"BEGIN", "END", "ERROR"}) count += matches(desc.name, name);
  } else if (provider == "profile") {
    if (!matches(desc.module, "") || !matches(desc.function, "")) return 0;
    if (!is_glob(desc.name))
      return desc.name.starts_with("tick-") || desc.name.starts_with("profile-");
    return matches(desc.name, "tick-1") || matches(desc.name, "profile-97") ? 2 : 0;
  } else if (matches(desc.module, "vmlinux")) {
    const int each = matches(desc.name, "entry") + matches(desc.name, "return");
    for (uint32_t nr = 0; each != 0 && nr < kMaxSyscall && count < 2; ++nr) {
      const SyscallInfo* info = syscall_info(nr);
      if (info && info->name && matches(desc.function, info->name)) count += each;
    }
  }
  return count;
}

bool vague(const Attributes& element, const std::string& text) {
  return element.name >= Stability::Evolving && is_glob(text);
}

}  // namespace

/* A description stands for its provider if it matches one probe; or several, when their arguments are
 * Evolving or better and every element that is that stable is written in full. Otherwise nothing is
 * known: Unstable. Elements that are written in full count, the others do not. */
Attributes Checker::description_attributes(const ProbeDesc& desc, ProviderAttributes& of) const {
  of = {};
  if (desc.id != 0) return of.provider;
  int total = 0;
  const char* first = nullptr;
  for (const char* provider : {"dtrace", "syscall", "profile"}) {
    const int count = matched(desc, provider);
    if (count != 0 && !first) first = provider;
    total += count;
  }
  if (!first && attributes_of_provider(desc.provider).provider != of.provider) {
    /* One that only guests have: which probes it has, nobody here knows. */
    first = desc.provider.c_str();
    const bool module = !is_glob(desc.module), function = !is_glob(desc.function),
               name = !is_glob(desc.name);
    const bool one = desc.provider == "fbt"                               ? function && name
                     : desc.provider == "sdt" || desc.provider == "rawtp" ? function || name
                     : attributes_of_provider(first).arguments.data >= Stability::Evolving
                         ? name
                         : module && function && name;
    total = one ? 1 : 2;
  }
  if (!first) return of.provider;
  const ProviderAttributes known = attributes_of_provider(first);
  if (total > 1 &&
      (known.arguments.data < Stability::Evolving || vague(known.module, desc.module) ||
       vague(known.function, desc.function) || vague(known.name, desc.name)))
    return of.provider;
  of = known;
  Attributes least = known.provider;
  if (!is_glob(desc.module)) least = minimum(least, known.module);
  if (!is_glob(desc.function)) least = minimum(least, known.function);
  if (!is_glob(desc.name)) least = minimum(least, known.name);
  return least;
}

void Checker::start_stability(const ast::Clause& clause, Clause& made) {
  least_ = kMostStable;
  region_ = "probe description";
  for (const ProbeDesc& desc : clause.descs) {
    const Attributes attributes = description_attributes(desc, provider_);
    uses("probe description",
         desc.id != 0 ? std::to_string(desc.id)
                      : desc.provider + ":" + desc.module + ":" + desc.function + ":" + desc.name,
         attributes, desc.loc);
    made.description = minimum(made.description, attributes);
  }
  least_ = kMostStable;
}

}  // namespace hp::probec
