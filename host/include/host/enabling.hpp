/* Enabling: which probes a program's descriptions match, before anything runs.
 *
 * The consumer works this out once against the probe table, fills the segment's table with what
 * matched and tells the guest's supervisor which system calls fire. Probe descriptions keep their
 * order; a probe that several match is entered once. Pure. */
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "guest/supervisor.hpp"
#include "host/probe_table.hpp"
#include "transport/object.hpp"

namespace hp::host {

/* Where the program's probes may fire. */
struct Universe {
  bool any_target = true; /* every target may match (no -c); else only this guest's: */
  std::string name, hostname;
};

struct Enabling {
  std::vector<uint32_t> matches;           /* per description of the object */
  std::vector<const hp_seg_probe*> probes; /* each once, in the order first matched */
  guest::SyscallMask mask;
  bool any_guest_probe = false;
  bool any_local_probe = false;
};

/* Adds the timers that descriptions name to the table, then matches. */
Enabling match_probes(const Object&, ProbeTable&, const Universe&);

ProbePattern pattern_of(const Object&, const hp_obj_desc&);

}  // namespace hp::host
