/* Providers: their declarations. check_arguments.cpp has what they are for.
 *
 *     provider name { probe start(int fd, char *path) : (string path, int fd); };
 *
 * The first list is what the probe passes, arg0 and so on; the second what clauses see as args[]: each of its
 * parameters is the one of the first list with that name, as it is or through a translator. */
#include <algorithm>
#include <cctype>

#include "probec/checker.hpp"
#include "probec/library.hpp"

namespace hp::probec {

namespace {

constexpr size_t kMaxName = 63;        /* of a provider or probe */
constexpr size_t kMaxParameters = 255; /* of one list */

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
    /* What is not looked into needs no types of a kernel. */
    bool alike =
        argument.translation || out_.types.same(argument.type, argument.output) ||
        (from.is_integer() && to.is_integer()) ||
        (from.is_pointer() && to.is_pointer() && out_.types.same(from.target, to.target)) ||
        (string_like(argument.output) && string_like(argument.type));
    if (!alike && to.is_integer()) {
      argument.translation = scalar_translation(argument.type, provider + "_" + probe.name);
      argument.scalar = argument.translation != nullptr;
    }
    if (!argument.translation && !alike)
      raise(Tag::D_PROV_PRXLATOR, probe.loc,
            "translator for " + provider + ":" + probe.name + " argument #" +
                std::to_string(i + 1) + " from " + out_.types.name(argument.type) + " to " +
                out_.types.name(argument.output) + " is not defined");
    made.push_back(argument);
  }
  return made;
}

}  // namespace hp::probec
