#include "host/fleet_match.hpp"

#include <algorithm>
#include <cstring>

#include "handler/timer_probe.hpp"
#include "transport/control.h"
#include "transport/segment.h"
#include "transport/syscalls.hpp"

namespace hp {
namespace {

/* The probe that every process guest has for a system call. */
hp_seg_probe syscall_probe(uint32_t nr, const char* name, bool is_return) {
  hp_seg_probe p{};
  p.id = HP_PROBE_SYSCALL + 2 * nr + is_return;
  std::strcpy(p.prov, "syscall");
  std::strcpy(p.mod, "vmlinux");
  std::strncpy(p.func, name, sizeof p.func - 1);
  std::strcpy(p.name, is_return ? "return" : "entry");
  return p;
}

/* Calls f(description, number, is_return) for each pair of a description and a probe it matches. */
template <class F>
void for_each_match(const Object& object, F f) {
  for (uint32_t nr = 0; nr < HP_CTL_SYSCALLS; nr++) {
    const SyscallInfo* info = syscall_info(nr);
    if (!info || !info->name) continue;
    for (bool is_return : {false, true}) {
      hp_seg_probe probe = syscall_probe(nr, info->name, is_return);
      for (const hp_obj_desc& d : object.descs())
        if (handler::matches_probe(object, d, probe)) f(d, nr, is_return);
    }
  }
}

/* profile-N, or a glob that may match one. */
bool samples_threads(const Object& object, const hp_obj_desc& d) {
  const std::string_view name = object.str(d.name);
  if (d.id != 0 || !handler::glob_match(object.str(d.prov), "profile")) return false;
  if (const auto timer = handler::parse_timer_probe(name)) return timer->every_cpu;
  return name.find_first_of("*?[") != name.npos && handler::glob_match(name, "profile-997");
}

/* Might a Linux guest have such a probe? What it has is known to its machine alone; tick-1s and BEGIN, say, are
 * never there. */
bool may_be_in_kernel(const Object& object, const hp_obj_desc& d) {
  const std::string_view name = object.str(d.name);
  if (d.id != 0 || std::string_view(object.str(d.prov)) == "dtrace") return false;
  if (name == "BEGIN" || name == "END" || name == "ERROR") return false;
  const auto timer = handler::parse_timer_probe(name);
  return !timer || timer->every_cpu;
}

}  // namespace

Coordinator::Matcher guest_matcher(const std::shared_ptr<const Object>& object) {
  /* Which descriptions concern process guests at all, and which might concern a Linux guest. */
  auto concerned = std::make_shared<std::vector<hp_obj_desc>>();
  for_each_match(*object, [&](const hp_obj_desc& d, uint32_t, bool) {
    auto same = [&](const hp_obj_desc& o) { return std::memcmp(&o, &d, sizeof d) == 0; };
    if (std::none_of(concerned->begin(), concerned->end(), same)) concerned->push_back(d);
  });
  for (const hp_obj_desc& d : object->descs())
    if (samples_threads(*object, d)) concerned->push_back(d);
  auto linux_concerned = std::make_shared<std::vector<hp_obj_desc>>(*concerned);
  for (const hp_obj_desc& d : object->descs())
    if (may_be_in_kernel(*object, d)) linux_concerned->push_back(d);
  return [object, concerned, linux_concerned](const Guest& g) {
    const auto& descs = g.kind == GuestKind::Linux ? *linux_concerned : *concerned;
    return std::any_of(descs.begin(), descs.end(), [&](const hp_obj_desc& d) {
      return handler::matches_target(*object, d, {g.name, g.hostname, g.osversion});
    });
  };
}

Coordinator::Matcher guests_of(uint32_t uid, Coordinator::Matcher matches) {
  return [uid, matches = std::move(matches)](const Guest& g) { return g.uid == uid && matches(g); };
}

SyscallSelection select_syscalls(const Object& object, const handler::Target& guest) {
  SyscallSelection s;
  for_each_match(object, [&](const hp_obj_desc& d, uint32_t nr, bool is_return) {
    if (!handler::matches_target(object, d, guest)) return;
    std::pair<uint32_t, bool> probe{nr, is_return};
    if (s.probes.empty() || s.probes.back() != probe) s.probes.push_back(probe);
  });
  for (const hp_obj_desc& d : object.descs())
    s.profile |= samples_threads(object, d) && handler::matches_target(object, d, guest);
  return s;
}

}  // namespace hp
