#include "host/enabling.hpp"

#include <unordered_set>

#include "handler/match.hpp"
#include "handler/timer_probe.hpp"

namespace hp::host {

ProbePattern pattern_of(const Object& o, const hp_obj_desc& d) {
  return {o.str(d.target), o.str(d.prov), o.str(d.mod), o.str(d.func), o.str(d.name), d.id};
}

Enabling match_probes(const Object& object, ProbeTable& table, const Universe& universe) {
  for (const hp_obj_desc& d : object.descs()) table.add_timers(pattern_of(object, d));
  Enabling out;
  std::unordered_set<uint32_t> seen;
  for (const hp_obj_desc& d : object.descs()) {
    uint32_t n = 0;
    const ProbePattern pattern = pattern_of(object, d);
    for (const hp_seg_probe* p : table.matching(pattern)) {
      const bool in_guest = ProbeTable::is_guest_probe(p->id);
      const auto timer = in_guest ? std::nullopt : handler::parse_timer_probe(p->name);
      const bool samples = timer && timer->every_cpu && std::string_view(p->prov) == "profile";
      const bool elsewhere = !universe.any_target && !pattern.target.empty() &&
                             !handler::glob_match(pattern.target, universe.name) &&
                             !handler::glob_match(pattern.target, universe.hostname);
      if (in_guest && elsewhere) continue;
      if (in_guest) out.mask.set(ProbeTable::syscall_of(p->id), ProbeTable::is_return(p->id));
      if (samples && !elsewhere) out.mask.profile = true;
      (in_guest ? out.any_guest_probe : out.any_local_probe) = true;
      ++n;
      if (seen.insert(p->id).second) out.probes.push_back(p);
    }
    out.matches.push_back(n);
  }
  return out;
}

}  // namespace hp::host
