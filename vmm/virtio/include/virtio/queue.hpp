/* Queue: the device's side of a split virtqueue (virtio 1.2, 2.7).
 *
 *     Chain chain;
 *     while (queue.pop(chain)) {
 *       ... work ...
 *       queue.push(chain, bytes_written);
 *     }
 *     if (queue.interrupt_due()) transport.interrupt();
 *
 * Everything in the rings is guest-controlled: each field is loaded once, checked, then used. A driver that
 * breaks the rules (an index that jumps, a descriptor outside RAM, a loop, a readable buffer behind a
 * writable one) breaks its queue: pop() gives nothing more and broken() says why, until enable().
 *
 * pop() that finds nothing asks for a notification, so nothing that comes later is missed; while chains
 * are being taken the driver is told to save its notifications (VIRTIO_RING_F_EVENT_IDX, 2.7.10).
 *
 * One thread at a time. */
#pragma once
#include <cstdint>

#include "virtio/chain.hpp"
#include "vmm/guest_ram.hpp"

namespace hp::virtio {

class Queue {
 public:
  struct Layout {
    uint32_t size = 0;                         /* descriptors: a power of 2, at most 32768 */
    Gpa descriptors, driver_area, device_area; /* aligned to 16, 2 and 4 */
  };
  /* Of VIRTIO_RING_F_INDIRECT_DESC and VIRTIO_RING_F_EVENT_IDX, what the driver may accept. */
  static uint64_t features();

  /* Starts at index 0. features: negotiated. RAM must outlive the queue's use. False, and the queue is broken:
   * the layout is none, or not in RAM. */
  bool enable(const vmm::GuestRam& ram, const Layout& layout, uint64_t features) noexcept;
  void disable() noexcept { *this = {}; }
  bool enabled() const { return ram_ != nullptr; }

  /* The next chain; false: there is none now, or the queue is broken or not enabled. */
  [[nodiscard]] bool pop(Chain& chain) noexcept;
  /* The chain popped last, and not pushed, will be popped again. */
  void put_back() noexcept { next_--; }
  /* Returns a chain to the driver; written: bytes, from the first writable buffer on. */
  void push(const Chain& chain, uint32_t written) noexcept;
  /* Whether the driver wants to hear of what was pushed since the last time this said so. */
  [[nodiscard]] bool interrupt_due() noexcept;

  /* Nothing more is taken from this queue: its driver broke a rule of the device's. why: a literal. */
  void fail(const char* why) noexcept { broken_ = why; }
  const char* broken() const { return broken_; } /* nullptr: it is not */

 private:
  bool walk(uint16_t head, Chain& chain) noexcept;
  bool refuse(const char* why) noexcept {
    fail(why);
    return false;
  }

  const vmm::GuestRam* ram_ = nullptr;
  const uint8_t* descriptors_ = nullptr; /* guest-controlled */
  uint8_t* available_ = nullptr;         /* vring_avail, guest-controlled */
  uint8_t* used_ = nullptr;              /* vring_used */
  uint32_t size_ = 0;
  uint16_t next_ = 0;      /* in the available ring */
  uint16_t pushed_ = 0;    /* in the used ring */
  uint16_t signalled_ = 0; /* pushed_ when interrupt_due() last looked */
  bool indirect_ = false, event_index_ = false;
  const char* broken_ = nullptr;
};

}  // namespace hp::virtio
