#include "virtio/queue.hpp"

#define VIRTIO_RING_NO_LEGACY /* that part is C only */
#include <linux/virtio_ring.h>

#include <atomic>
#include <bit>
#include <limits>

namespace hp::virtio {
namespace {

/* Ring fields are shared with vCPUs: atomic, little-endian as we are. Both rings begin with flags and idx. */
constexpr size_t kIndex = 2, kRing = 4;
constexpr size_t kUsedElement = sizeof(vring_used_elem);

template <class T>
std::atomic_ref<T> field(uint8_t* p) {
  return std::atomic_ref<T>(*reinterpret_cast<T*>(p));
}

bool aligned(Gpa address, uint64_t to) {
  return address.value % to == 0;
}

}  // namespace

uint64_t Queue::features() {
  return 1ull << VIRTIO_RING_F_INDIRECT_DESC | 1ull << VIRTIO_RING_F_EVENT_IDX;
}

bool Queue::enable(const vmm::GuestRam& ram, const Layout& layout, uint64_t features) noexcept {
  disable();
  if (!std::has_single_bit(layout.size) || layout.size > 32768)
    return refuse("the queue's size is not a power of 2 up to 32768");
  if (!aligned(layout.descriptors, VRING_DESC_ALIGN_SIZE) ||
      !aligned(layout.driver_area, VRING_AVAIL_ALIGN_SIZE) ||
      !aligned(layout.device_area, VRING_USED_ALIGN_SIZE))
    return refuse("the queue is not aligned");
  descriptors_ = ram.at(layout.descriptors, sizeof(vring_desc) * layout.size);
  available_ = ram.at(layout.driver_area, kRing + 2 * layout.size + 2);
  used_ = ram.at(layout.device_area, kRing + kUsedElement * layout.size + 2);
  if (!descriptors_ || !available_ || !used_) return refuse("the queue does not lie in RAM");
  size_ = layout.size;
  indirect_ = features >> VIRTIO_RING_F_INDIRECT_DESC & 1;
  event_index_ = features >> VIRTIO_RING_F_EVENT_IDX & 1;
  ram_ = &ram;
  return true;
}

bool Queue::pop(Chain& chain) noexcept {
  if (!ram_ || broken_) return false;
  auto index = field<uint16_t>(available_ + kIndex);
  uint16_t available = index.load(std::memory_order_acquire);
  if (available == next_ && event_index_) {
    /* "Notify me of the chain at next_." Then look again: the driver may have added it without a
     * notification before it could see that (2.7.7.2, 2.7.10.1). */
    field<uint16_t>(used_ + kRing + kUsedElement * size_).store(next_, std::memory_order_relaxed);
    std::atomic_thread_fence(std::memory_order_seq_cst);
    available = index.load(std::memory_order_acquire);
  }
  if (available == next_) return false;
  if (static_cast<uint16_t>(available - next_) > size_)
    return refuse("more chains are available than the queue has descriptors");
  const uint16_t head = field<uint16_t>(available_ + kRing + 2 * (next_ & (size_ - 1)))
                            .load(std::memory_order_relaxed);
  if (!walk(head, chain)) return false;
  next_++;
  return true;
}

bool Queue::walk(uint16_t head, Chain& chain) noexcept {
  chain.clear(head);
  const uint8_t* table = descriptors_;
  uint32_t entries = size_, at = head;
  bool nested = false, writable = false;
  uint64_t bytes = 0;
  for (uint32_t seen = 0;;) {
    if (at >= entries) return refuse("a descriptor's index is out of range");
    if (seen == size_) return refuse("a chain is a loop, or longer than its queue");
    vring_desc d; /* our copy; the guest may be writing there */
    std::memcpy(&d, table + at * sizeof d, sizeof d);
    std::atomic_signal_fence(std::memory_order_seq_cst); /* not read again where d is used */
    if (d.flags & VRING_DESC_F_INDIRECT) {               /* 2.7.5.3 */
      if (!indirect_) return refuse("an indirect descriptor without VIRTIO_RING_F_INDIRECT_DESC");
      if (nested) return refuse("an indirect descriptor in an indirect table");
      if (d.flags & VRING_DESC_F_NEXT) return refuse("an indirect descriptor with a next one");
      if (d.len == 0 || d.len % sizeof d != 0 || d.len / sizeof d > size_)
        return refuse("an indirect table of a wrong size");
      table = ram_->at(Gpa(d.addr), d.len);
      if (!table) return refuse("an indirect table does not lie in RAM");
      entries = d.len / sizeof d;
      at = 0;
      nested = true;
      continue;
    }
    seen++;
    if (d.flags & VRING_DESC_F_WRITE)
      writable = true;
    else if (writable)
      return refuse("a readable buffer behind a writable one");
    if (d.len != 0) {
      uint8_t* host = ram_->at(Gpa(d.addr), d.len);
      if (!host) return refuse("a buffer does not lie in RAM");
      bytes += d.len;
      if (bytes > std::numeric_limits<uint32_t>::max()) return refuse("a chain of 4 GiB or more");
      chain.add(host, d.len, writable);
    }
    if (!(d.flags & VRING_DESC_F_NEXT)) return true;
    at = d.next;
  }
}

void Queue::push(const Chain& chain, uint32_t written) noexcept {
  if (!ram_) return;
  uint8_t* element = used_ + kRing + kUsedElement * (pushed_ & (size_ - 1));
  field<uint32_t>(element + offsetof(vring_used_elem, id))
      .store(chain.head(), std::memory_order_relaxed);
  field<uint32_t>(element + offsetof(vring_used_elem, len))
      .store(written, std::memory_order_relaxed);
  pushed_++;
  field<uint16_t>(used_ + kIndex).store(pushed_, std::memory_order_release);
}

bool Queue::interrupt_due() noexcept {
  if (!ram_ || pushed_ == signalled_) return false;
  /* The index above must be seen before what the driver asks for is looked at: it writes that, then looks
   * at the index (2.7.7.2). */
  std::atomic_thread_fence(std::memory_order_seq_cst);
  const uint16_t before = signalled_;
  signalled_ = pushed_;
  if (!event_index_)
    return !(field<uint16_t>(available_).load(std::memory_order_relaxed) &
             VRING_AVAIL_F_NO_INTERRUPT);
  const uint16_t wanted =
      field<uint16_t>(available_ + kRing + 2 * size_).load(std::memory_order_relaxed);
  return vring_need_event(wanted, pushed_, before);
}

}  // namespace hp::virtio
