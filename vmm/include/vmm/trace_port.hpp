/* TracePort: where a machine's probes and messages go. The host implements it (host/linux); the machine calls
 * it, so that nothing of the machine knows what a program is.
 *
 *     hypercall on a vCPU  -> Machine reads the registers, finds the vCPU's probe page -> fire()
 *     buffer on the trace device's queue -> message()
 *
 * Threading: fire() and exit() on vCPU threads, several at once, never two for one vCPU; message() and
 * reset() on one device thread. None may block on the guest. */
#pragma once
#include <cstdint>
#include <span>
#include <string_view>

#include "transport/abi.h"
#include "vmm/guest_ram.hpp"

namespace hp::vmm {

/* The vCPU that fires, stopped for as long as the call lasts. */
class VcpuView {
 public:
  virtual ~VcpuView() = default;
  virtual uint32_t number() const noexcept = 0;
  /* How the guest translates addresses just now; asked of KVM once in a firing, when first needed. */
  struct Paging {
    uint64_t cr0, cr3, cr4, efer;
  };
  virtual Paging paging() noexcept = 0;
};

class TracePort {
 public:
  virtual ~TracePort() = default;
  /* HP_HC_FIRE. page: the vCPU's registered probe page, guest-controlled, in guest RAM: it may change while it
   * is read. The result goes to the guest. */
  virtual int64_t fire(VcpuView&, const hp_probe_page* page) noexcept = 0;
  /* A message of the guest's (trace.h), copied out of its buffers, not yet checked. */
  virtual void message(std::span<const uint8_t>) noexcept = 0;
  /* The trace device was reset: its driver, and so the module, starts anew, or the guest does. */
  virtual void reset() noexcept = 0;
  /* Each exit of a vCPU to the VMM: KVM_EXIT_* and its name in lower case, "io", "hypercall"; called only while
   * wants_exits(). */
  virtual bool wants_exits() const noexcept { return false; }
  virtual void exit(VcpuView&, uint32_t /*reason*/, std::string_view /*name*/) noexcept {}
};

/* The other direction: the trace device, as the host sees it. */
class TraceLink {
 public:
  virtual ~TraceLink() = default;
  /* Queues a whole message (at most HP_MSG_MAX bytes) for the guest. False: the guest has not taken some
   * kMaxQueued bytes yet; it is not queued. Thread-safe. */
  static constexpr size_t kMaxQueued = 16u << 20;
  virtual bool send(std::span<const uint8_t>) noexcept = 0;
};

}  // namespace hp::vmm
