#include "host/local_probes.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>

#include "transport/control.h"

namespace hp::host {

LocalProbes::LocalProbes(handler::Program& program) : program_(program) {
  utsname u{};
  ::uname(&u);
  hostname_ = u.nodename;
  osversion_ = std::string("Linux-") + u.release;
  firing_.pid = ::getpid();
  firing_.tid = ::gettid();
  firing_.host_tid = firing_.tid;
  firing_.ppid = ::getppid();
  firing_.uid = ::getuid();
  firing_.gid = ::getgid();
  if (program_.uses_ancestors()) {
    ancestry_.refresh(hp_now(), -1);
    firing_.ancestors = ancestry_.pids();
    firing_.nancestors = ancestry_.size();
  }
  ::prctl(PR_GET_NAME, firing_.execname);
  firing_.vmname = firing_.hostname = hostname_.c_str();
  firing_.osversion = osversion_.c_str();

  if (program_.user_space()) learn_modules();
  cpu_set_t set;
  const long configured = ::sysconf(_SC_NPROCESSORS_ONLN);
  if (::sched_getaffinity(0, sizeof set, &set) == 0)
    for (uint32_t cpu = 0; cpu < CPU_SETSIZE; cpu++)
      if (CPU_ISSET(cpu, &set)) cpus_.push_back(cpu);
  /* A process bound to some CPUs still profiles them all; their numbers are then not known. */
  if (configured > 0 && cpus_.size() < static_cast<size_t>(configured)) {
    cpus_.clear();
    for (long cpu = 0; cpu < configured; cpu++) cpus_.push_back(static_cast<uint32_t>(cpu));
  }
}

/* What this process executes from, for its own stacks. */
void LocalProbes::learn_modules() {
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    unsigned long start, end, offset;
    char perms[5];
    int name = 0;
    if (std::sscanf(line.c_str(), "%lx-%lx %4s %lx %*s %*s %n", &start, &end, perms, &offset,
                    &name) < 4 ||
        perms[2] != 'x' || name == 0 || line[static_cast<size_t>(name)] != '/')
      continue;
    const Fd fd(::open(line.c_str() + name, O_RDONLY | O_CLOEXEC));
    if (fd) modules_.add(module_of_file(fd.get(), start, end, offset));
  }
  firing_.modules = &modules_;
}

/* With this very frame as the innermost of the user stack. */
bool LocalProbes::fire_here(uint32_t probe) {
  if (probe == handler::Program::kNoProbe) return false;
  if (program_.user_space()) {
    static_assert(offsetof(hp_uregs, rbx) == 8 && offsetof(hp_uregs, rsp) == 48 &&
                  offsetof(hp_uregs, r12) == 96 && offsetof(hp_uregs, rip) == 128);
    asm volatile(
        "leaq 0f(%%rip), %%rcx\n0: movq %%rcx, 128(%0)\n movq %%rbx, 8(%0)\n"
        "movq %%rsp, 48(%0)\n movq %%rbp, 56(%0)\n movq %%r12, 96(%0)\n"
        "movq %%r13, 104(%0)\n movq %%r14, 112(%0)\n movq %%r15, 120(%0)\n"
        :
        : "a"(&uregs_)
        : "rcx", "memory");
    firing_.pc = uregs_.rip;
    firing_.stack = uregs_.rsp;
    firing_.frame = uregs_.rbp;
    firing_.uregs = &uregs_;
  }
  return program_.fire(probe, firing_);
}

bool LocalProbes::fire(uint32_t probe_id) {
  firing_.cpu = static_cast<uint32_t>(std::max(0, ::sched_getcpu()));
  return fire_here(program_.index_of(probe_id));
}

void LocalProbes::start(uint64_t now) {
  timers_.clear();
  const handler::SegmentView& segment = program_.segment();
  for (uint32_t i = 0; i < segment.nprobes(); i++) {
    const hp_seg_probe& p = segment.probes()[i];
    if (std::string_view(p.prov) != "profile") continue;
    if (auto spec = parse_timer_probe(p.name))
      timers_.push_back({i, *spec, now + spec->interval_ns});
  }
}

uint64_t LocalProbes::next_deadline() const {
  uint64_t next = kNever;
  for (const Timer& t : timers_) next = std::min(next, t.deadline);
  return next;
}

size_t LocalProbes::fire_due(uint64_t now) {
  size_t fired = 0;
  while (!timers_.empty() && !program_.segment().exiting()) {
    Timer& t =
        *std::min_element(timers_.begin(), timers_.end(),
                          [](const Timer& a, const Timer& b) { return a.deadline < b.deadline; });
    if (t.deadline > now) break;
    if (t.spec.every_cpu) {
      for (uint32_t cpu : cpus_) {
        firing_.cpu = cpu;
        fired += fire_here(t.probe);
      }
    } else {
      firing_.cpu = static_cast<uint32_t>(std::max(0, ::sched_getcpu()));
      fired += fire_here(t.probe);
    }
    t.deadline += t.spec.interval_ns;
    const uint64_t late = now > t.deadline ? (now - t.deadline) / t.spec.interval_ns : 0;
    if (late > kMaxCatchUp) t.deadline += (late - kMaxCatchUp) * t.spec.interval_ns;
  }
  return fired;
}

}  // namespace hp::host
