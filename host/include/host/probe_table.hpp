/* ProbeTable: every probe there is to match and list.
 *
 *   id                    probe                         fires in
 *   1, 2, 3               dtrace:::BEGIN, END, ERROR    probec
 *   HP_PROBE_SYSCALL ...  syscall:vmlinux:NAME:entry    guests
 *                         syscall:vmlinux:NAME:return
 *   HP_PROBE_DYNAMIC ...  profile:::profile-N, tick-N   probec
 *
 * What only Linux guests have is not here: each of them adds what matches to the segment's table.
 *
 * Timer probes exist for every rate; those that descriptions name come into being when add_timers()
 * sees the name, the usual rates are there from the start so that a listing shows some. */
#pragma once
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "probec/stability.hpp"
#include "transport/segment.h"
#include "transport/syscalls.hpp"

namespace hp::host {

/* A probe description; empty elements match all, nonzero id names one probe. */
struct ProbePattern {
  std::string_view target, prov, mod, func, name;
  uint32_t id = 0;
};

class ProbeTable {
 public:
  ProbeTable();

  /* Makes the timer probe that a description names in full ("tick-1s"), if it names one. */
  void add_timers(const ProbePattern&);
  /* In order of ids. Stays valid until add_timers(). */
  std::vector<const hp_seg_probe*> matching(const ProbePattern&) const;
  const std::vector<hp_seg_probe>& all() const { return probes_; }

  /* Fires in guests rather than in probec. */
  static bool is_guest_probe(uint32_t id);
  /* Number of the system call of a guest probe, and whether it is the return. */
  static uint32_t syscall_of(uint32_t id);
  static bool is_return(uint32_t id);

 private:
  void add(uint32_t id, std::string_view prov, std::string_view mod, std::string_view func,
           std::string_view name);
  std::vector<hp_seg_probe> probes_;
  uint32_t next_dynamic_;
};

/* May a guest have probes that match, though no table here does? Linux guests have functions of their
 * kernels and programs, tracepoints, and providers that programs in them define. */
bool may_match_in_guests(const ProbePattern&);

/* "prov:mod:func:name", with the target in front if there is one. */
std::string describe(const ProbePattern&);

/* dtrace(1)'s listing: the header, one line a probe, and with -v what its arguments are. */
std::string listing_header();
std::string listing_line(const hp_seg_probe&);
std::string listing_details(const hp_seg_probe&);
/* A block of -v: a blank line, the title and three lines of attributes. */
std::string listing_attributes(const char* title, const probec::Attributes&);

}  // namespace hp::host
