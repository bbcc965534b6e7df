#include "host/probe_table.hpp"

#include <algorithm>
#include <cstring>

#include "handler/match.hpp"
#include "host/local_probes.hpp"
#include "host/text.hpp"
#include "transport/control.h"

namespace hp::host {
namespace {

template <size_t N>
void copy_name(char (&to)[N], std::string_view from) {
  const size_t n = std::min(from.size(), N - 1);
  std::memcpy(to, from.data(), n);
  to[n] = 0;
}

}  // namespace

ProbeTable::ProbeTable() : next_dynamic_(HP_PROBE_DYNAMIC) {
  probes_.reserve(2 * HP_CTL_SYSCALLS);
  add(HP_PROBE_BEGIN, "dtrace", "", "", "BEGIN");
  add(HP_PROBE_END, "dtrace", "", "", "END");
  add(HP_PROBE_ERROR, "dtrace", "", "", "ERROR");
  for (uint32_t nr = 0; nr < HP_CTL_SYSCALLS; ++nr) {
    const SyscallInfo* info = syscall_info(nr);
    if (!info) continue;
    add(HP_PROBE_SYSCALL + 2 * nr, "syscall", "vmlinux", info->name, "entry");
    add(HP_PROBE_SYSCALL + 2 * nr + 1, "syscall", "vmlinux", info->name, "return");
  }
  for (const char* name :
       {"profile-97", "profile-199", "profile-499", "profile-997", "profile-1999", "profile-4001",
        "profile-4999", "tick-1", "tick-10", "tick-100", "tick-500", "tick-1000", "tick-5000"})
    add(next_dynamic_++, "profile", "", "", name);
}

void ProbeTable::add(uint32_t id, std::string_view prov, std::string_view mod,
                     std::string_view func, std::string_view name) {
  hp_seg_probe p{};
  p.id = id;
  copy_name(p.prov, prov);
  copy_name(p.mod, mod);
  copy_name(p.func, func);
  copy_name(p.name, name);
  probes_.push_back(p);
}

void ProbeTable::add_timers(const ProbePattern& d) {
  if (d.id != 0 || !d.mod.empty() || !d.func.empty() || !parse_timer_probe(d.name) ||
      !handler::glob_match(d.prov, "profile"))
    return;
  for (const hp_seg_probe& p : probes_)
    if (d.name == p.name) return;
  add(next_dynamic_++, "profile", "", "", d.name);
}

std::vector<const hp_seg_probe*> ProbeTable::matching(const ProbePattern& d) const {
  std::vector<const hp_seg_probe*> out;
  for (const hp_seg_probe& p : probes_) {
    const bool hit =
        d.id != 0 ? d.id == p.id
                  : handler::glob_match(d.prov, p.prov) && handler::glob_match(d.mod, p.mod) &&
                        handler::glob_match(d.func, p.func) && handler::glob_match(d.name, p.name);
    if (hit) out.push_back(&p);
  }
  return out;
}

bool ProbeTable::is_guest_probe(uint32_t id) {
  return id >= HP_PROBE_SYSCALL && id < HP_PROBE_DYNAMIC;
}
uint32_t ProbeTable::syscall_of(uint32_t id) {
  return (id - HP_PROBE_SYSCALL) / 2;
}
bool ProbeTable::is_return(uint32_t id) {
  return (id - HP_PROBE_SYSCALL) % 2 == 1;
}

bool may_match_in_guests(const ProbePattern& d) {
  /* Of these, everything is known here. */
  return d.id == 0 && d.prov != "dtrace" && d.prov != "syscall" && d.prov != "profile";
}

std::string describe(const ProbePattern& d) {
  if (d.id != 0) return std::to_string(d.id);
  std::string out;
  if (!d.target.empty()) out = std::string(d.target) + ":";
  for (const std::string_view part : {d.prov, d.mod, d.func}) {
    out += part;
    out += ':';
  }
  return out += d.name;
}

std::string listing_header() {
  std::string out;
  appendf(out, "%5s %10s %17s %33s %s\n", "ID", "PROVIDER", "MODULE", "FUNCTION", "NAME");
  return out;
}

std::string listing_line(const hp_seg_probe& p) {
  std::string out;
  appendf(out, "%5u %10s %17s %33s %s\n", p.id, p.prov, p.mod, p.func, p.name);
  return out;
}

std::string listing_attributes(const char* title, const probec::Attributes& a) {
  std::string out;
  appendf(out, "\n\t%s\n\t\tIdentifier Names: %s\n\t\tData Semantics:   %s\n", title,
          probec::name_of(a.name), probec::name_of(a.data));
  appendf(out, "\t\tDependency Class: %s\n", probec::name_of(a.dependency));
  return out;
}

/* Types are those that args[] has in a program. */
std::string listing_details(const hp_seg_probe& p) {
  const probec::ProviderAttributes of = probec::attributes_of_provider(p.prov);
  probec::Attributes probe = of.provider;
  if (p.mod[0] != 0) probe = minimum(probe, of.module);
  if (p.func[0] != 0) probe = minimum(probe, of.function);
  if (p.name[0] != 0) probe = minimum(probe, of.name);
  std::string out = listing_attributes("Probe Description Attributes", probe) +
                    listing_attributes("Argument Attributes", of.arguments);
  out += "\n\tArgument Types\n";
  unsigned n = 0;
  const auto argument = [&](std::string_view type) {
    if (type.starts_with("userland ")) type.remove_prefix(9);
    appendf(out, "\t\targs[%u]: %s\n", n++, std::string(type).c_str());
  };
  if (ProbeTable::is_guest_probe(p.id)) {
    const SyscallInfo* info = syscall_info(ProbeTable::syscall_of(p.id));
    if (ProbeTable::is_return(p.id))
      for (int i = 0; i < 2; ++i) argument("long");
    else if (info)
      for (unsigned i = 0; i < info->nargs; ++i) argument(info->args[i].type);
  }
  if (n == 0) out += "\t\tNone\n";
  return out += '\n';
}

}  // namespace hp::host
