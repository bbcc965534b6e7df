/* GuestProbes: the probes of one Linux guest, the D programs that want them, and their firings.
 *
 *     GuestProbes probes(ram, "web1", "web1.example.org", "Linux-6.1.0");
 *     probes.set_kernel(kernel);
 *     auto p = HP_TRY(probes.prepare(ident, std::move(object), segment_fd));   // p.attach -> HP_MSG_PREPARE
 *     ... the guest has attached them (HP_MSG_PREPARED), it was told to let them ring (HP_MSG_COMMITTED)
 *     probes.commit(ident);
 *     ... on vCPU threads: probes.fire(vcpu, page)
 *     probes.remove(ident);                                                         // then HP_MSG_KILL
 *
 * A probe has one id in the guest, whatever programs want it; it keeps the id as long as one of them does.
 * What a guest rings that nobody committed runs nothing.
 *
 * Thread-safe: prepare(), commit() and remove() take a lock; fire() and exit() take none, allocate nothing,
 * and are for vCPU threads, never two at once for one vCPU. The ram outlives the object. */
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "linux_guest/guest_kernel.hpp"
#include "linux_guest/user_probes.hpp"
#include "transport/object.hpp"
#include "transport/rpc.hpp"
#include "transport/trace.h"
#include "vmm/guest_ram.hpp"
#include "vmm/trace_port.hpp"

namespace hp::linux_guest {

/* One probe for the guest to attach. head.size and head.text are filled when it is encoded. */
struct Attachment {
  hp_attach head;
  std::string text;
};

/* What preparing a program found. */
struct Preparation {
  uint32_t probes = 0;            /* that its clauses will run for; 0: nothing here matches */
  std::vector<Attachment> attach; /* may be none all the same: vmm probes fire without the guest */
};

class GuestProbes {
 public:
  GuestProbes(const vmm::GuestRam& ram, std::string name, std::string hostname,
              std::string osversion);
  ~GuestProbes();
  GuestProbes(const GuestProbes&) = delete;
  GuestProbes& operator=(const GuestProbes&) = delete;

  /* Who the guest is to programs prepared from here on, and in firings. 0: not registered. */
  void set_vmid(uint32_t vmid);
  void set_hostname(std::string hostname);
  /* After HELLO and its files. nullptr: the guest is gone or boots anew; programs stay, nothing fires, and each
   * is to be prepared again for the new kernel. */
  void set_kernel(std::shared_ptr<const GuestKernel> kernel);

  /* Finds what the program's descriptions match here, enters it in the segment's table and links the program for
   * this kernel; nothing fires. Returns all its probes, also those that the guest has attached for another
   * program. When nothing here matches, the program is not held. Preparing a program again is
   * allowed (the guest came anew); it is silent until the next commit(). segment_fd is only used during the
   * call. files: what files_of() asked for. Fails when there is no kernel, the tables are full, or the program does
   * not link. */
  Result<Preparation> prepare(const ProgramIdent& ident, Object object, int segment_fd,
                              const GuestFiles& files = {});
  /* Files of the guest's that prepare() needs beyond those there are: programs that descriptions name. Those that
   * cannot be had are given without bytes, then asked again, until it wants no more. */
  std::vector<std::string> files_of(const Object& object, const GuestFiles& have) const;
  /* Its clauses fire from here on, all together. Unknown: nothing. */
  void commit(const ProgramIdent& ident);
  /* When this returns no firing of it runs. Unknown: nothing. Not from within a firing. */
  void remove(const ProgramIdent& ident);

  /* HP_HC_FIRE on this vCPU; what HP_RC_* the guest gets. page: guest-controlled. */
  int64_t fire(vmm::VcpuView& vcpu, const hp_probe_page* page) noexcept;
  /* vmm:kvm:REASON:exit. wants_exits() is one load. */
  bool wants_exits() const noexcept;
  void exit(vmm::VcpuView& vcpu, uint32_t reason, std::string_view name) noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace hp::linux_guest
