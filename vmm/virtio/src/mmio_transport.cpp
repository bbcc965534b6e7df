/* Register by register, virtio 1.2, 4.2.2: "MMIO Device Register Layout". */
#include "virtio/mmio_transport.hpp"

#include <linux/virtio_config.h>
#include <linux/virtio_mmio.h>

namespace hp::virtio {
namespace {

constexpr uint32_t kMagic = 0x74726976;  /* "virt" */
constexpr uint32_t kVendor = 0x4f525048; /* "HPRO" */
constexpr uint32_t kComplaints = 10;     /* a guest does not fill the host's log */
constexpr uint32_t kDriverBits = VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER |
                                 VIRTIO_CONFIG_S_DRIVER_OK | VIRTIO_CONFIG_S_FEATURES_OK |
                                 VIRTIO_CONFIG_S_FAILED;

void set_low(Gpa& address, uint32_t v) {
  address = Gpa((address.value & 0xffffffff00000000) | v);
}
void set_high(Gpa& address, uint32_t v) {
  address = Gpa((address.value & 0xffffffff) | static_cast<uint64_t>(v) << 32);
}
/* One of the two words of 64 feature bits; there are no others. */
uint32_t word(uint64_t bits, uint32_t sel) {
  return sel < 2 ? static_cast<uint32_t>(bits >> (32 * sel)) : 0;
}

}  // namespace

MmioTransport::MmioTransport(const vmm::GuestRam& ram, std::unique_ptr<VirtioDevice> device,
                             vmm::InterruptLine& line, Log log)
    : ram_(ram), device_(std::move(device)), line_(line), log_(std::move(log)) {
  setup_.resize(device_->queue_sizes().size());
  queues_.resize(setup_.size());
  device_->attach(*this);
}

MmioTransport::~MmioTransport() {
  reset();
}

uint64_t MmioTransport::offered() const {
  return device_->features() | Queue::features() | 1ull << VIRTIO_F_VERSION_1;
}

MmioTransport::QueueSetup* MmioTransport::selected() {
  return queue_sel_ < setup_.size() ? &setup_[queue_sel_] : nullptr;
}

void MmioTransport::read(uint64_t offset, uint8_t* data, unsigned size) noexcept {
  if (offset >= VIRTIO_MMIO_CONFIG) {
    device_->read_config(offset - VIRTIO_MMIO_CONFIG, {data, size});
    return;
  }
  std::memset(data, 0, size);
  if (size != 4 || offset % 4 != 0) return; /* 4.2.2.2: a driver uses nothing else */
  const uint32_t value = read_register(offset);
  std::memcpy(data, &value, sizeof value);
}

uint32_t MmioTransport::read_register(uint64_t offset) noexcept {
  switch (offset) {
    case VIRTIO_MMIO_MAGIC_VALUE:
      return kMagic;
    case VIRTIO_MMIO_VERSION:
      return 2;
    case VIRTIO_MMIO_DEVICE_ID:
      return device_->id();
    case VIRTIO_MMIO_VENDOR_ID:
      return kVendor;
    case VIRTIO_MMIO_STATUS:
      return status_;
    case VIRTIO_MMIO_CONFIG_GENERATION:
      return generation_;
    case VIRTIO_MMIO_SHM_LEN_LOW:
    case VIRTIO_MMIO_SHM_LEN_HIGH:
    case VIRTIO_MMIO_SHM_BASE_LOW:
    case VIRTIO_MMIO_SHM_BASE_HIGH:
      return ~0u; /* there is no such region */
    case VIRTIO_MMIO_INTERRUPT_STATUS: {
      const std::lock_guard lock(interrupt_mutex_);
      return interrupt_status_;
    }
    default:
      break;
  }
  const std::lock_guard lock(mutex_);
  const QueueSetup* queue = selected();
  switch (offset) {
    case VIRTIO_MMIO_DEVICE_FEATURES:
      return word(offered(), device_features_sel_);
    case VIRTIO_MMIO_QUEUE_NUM_MAX:
      return queue ? device_->queue_sizes()[queue_sel_] : 0;
    case VIRTIO_MMIO_QUEUE_READY:
      return queue && queue->ready ? 1 : 0;
    default:
      return 0;
  }
}

void MmioTransport::write(uint64_t offset, const uint8_t* data, unsigned size) noexcept {
  if (offset >= VIRTIO_MMIO_CONFIG) {
    device_->write_config(offset - VIRTIO_MMIO_CONFIG, {data, size});
    return;
  }
  if (size != 4 || offset % 4 != 0) return;
  uint32_t value;
  std::memcpy(&value, data, sizeof value);
  write_register(offset, value);
}

void MmioTransport::write_register(uint64_t offset, uint32_t value) noexcept {
  if (offset == VIRTIO_MMIO_QUEUE_NOTIFY) {
    device_->notify(); /* of whichever queue: the device looks at all */
    return;
  }
  if (offset == VIRTIO_MMIO_INTERRUPT_ACK) {
    const std::lock_guard lock(interrupt_mutex_);
    if (interrupt_status_ == 0) return;
    interrupt_status_ &= ~value;
    if (interrupt_status_ == 0) line_.set(false);
    return;
  }
  const std::lock_guard lock(mutex_);
  switch (offset) {
    case VIRTIO_MMIO_DEVICE_FEATURES_SEL:
      device_features_sel_ = value;
      break;
    case VIRTIO_MMIO_DRIVER_FEATURES_SEL:
      driver_features_sel_ = value;
      break;
    case VIRTIO_MMIO_DRIVER_FEATURES:
      if (status_ & VIRTIO_CONFIG_S_FEATURES_OK || driver_features_sel_ > 1) break;
      driver_features_ &= ~(0xffffffffull << (32 * driver_features_sel_));
      driver_features_ |= static_cast<uint64_t>(value) << (32 * driver_features_sel_);
      break;
    case VIRTIO_MMIO_QUEUE_SEL:
      queue_sel_ = value;
      break;
    case VIRTIO_MMIO_STATUS:
      set_status(value);
      break;
    default:
      if (QueueSetup* queue = selected()) write_queue(*queue, offset, value);
  }
}

void MmioTransport::write_queue(QueueSetup& queue, uint64_t offset, uint32_t value) noexcept {
  const bool running = status_ & VIRTIO_CONFIG_S_DRIVER_OK;
  if (offset == VIRTIO_MMIO_QUEUE_READY) {
    if (value == 0 && queue.ready && running) device_->disable(queues_[queue_sel_]);
    if (value == 0) queue.ready = false;
    if (value == 1 && !running) queue.ready = true; /* its layout is looked at with DRIVER_OK */
    return;
  }
  if (queue.ready || running) return;
  switch (offset) {
    case VIRTIO_MMIO_QUEUE_NUM:
      queue.layout.size = value;
      break;
    case VIRTIO_MMIO_QUEUE_DESC_LOW:
      set_low(queue.layout.descriptors, value);
      break;
    case VIRTIO_MMIO_QUEUE_DESC_HIGH:
      set_high(queue.layout.descriptors, value);
      break;
    case VIRTIO_MMIO_QUEUE_AVAIL_LOW:
      set_low(queue.layout.driver_area, value);
      break;
    case VIRTIO_MMIO_QUEUE_AVAIL_HIGH:
      set_high(queue.layout.driver_area, value);
      break;
    case VIRTIO_MMIO_QUEUE_USED_LOW:
      set_low(queue.layout.device_area, value);
      break;
    case VIRTIO_MMIO_QUEUE_USED_HIGH:
      set_high(queue.layout.device_area, value);
      break;
    default:
      break;
  }
}

/* 2.1: bits are only ever added, in the order of 3.1.1; 0 resets. */
void MmioTransport::set_status(uint32_t value) noexcept {
  if (value == 0) {
    reset_locked();
    return;
  }
  if (stopped_) return;
  const uint32_t now = status_;
  uint32_t added = value & kDriverBits & ~now;
  if (added & VIRTIO_CONFIG_S_FEATURES_OK &&
      ((driver_features_ & ~offered()) != 0 || !(driver_features_ >> VIRTIO_F_VERSION_1 & 1)))
    added &= ~VIRTIO_CONFIG_S_FEATURES_OK; /* 3.1.1: "the device does not support our subset" */
  if (!((now | added) & VIRTIO_CONFIG_S_FEATURES_OK)) added &= ~VIRTIO_CONFIG_S_DRIVER_OK;
  status_ |= added;
  if (added & VIRTIO_CONFIG_S_DRIVER_OK) activate();
}

void MmioTransport::activate() noexcept {
  for (size_t i = 0; i < setup_.size(); i++) {
    if (!setup_[i].ready) continue;
    if (setup_[i].layout.size > device_->queue_sizes()[i])
      queues_[i].fail("the queue is larger than the device's");
    else
      queues_[i].enable(ram_, setup_[i].layout, driver_features_);
    if (queues_[i].broken()) needs_reset(queues_[i].broken());
  }
  device_->activate(queues_, driver_features_);
}

void MmioTransport::reset() noexcept {
  const std::lock_guard lock(mutex_);
  reset_locked();
}

void MmioTransport::stop() noexcept {
  const std::lock_guard lock(mutex_);
  if (!stopped_) reset_locked();
  stopped_ = true;
}

void MmioTransport::reset_locked() noexcept {
  if (stopped_) return;
  device_->reset();
  for (Queue& q : queues_) q.disable();
  for (QueueSetup& q : setup_) q = {};
  device_features_sel_ = driver_features_sel_ = queue_sel_ = 0;
  driver_features_ = 0;
  status_ = 0;
  const std::lock_guard lock(interrupt_mutex_);
  interrupt_status_ = 0;
  line_.set(false);
}

void MmioTransport::raise(uint32_t bits) noexcept {
  const std::lock_guard lock(interrupt_mutex_);
  /* Before that nobody listens (3.1.1); and a reset, which takes it away first, leaves no interrupt behind. */
  if (!(status_ & VIRTIO_CONFIG_S_DRIVER_OK)) return;
  interrupt_status_ |= bits;
  line_.set(true);
}

void MmioTransport::interrupt() noexcept {
  raise(VIRTIO_MMIO_INT_VRING);
}

void MmioTransport::config_changed() noexcept {
  generation_++;
  raise(VIRTIO_MMIO_INT_CONFIG);
}

void MmioTransport::needs_reset(const char* why) noexcept {
  status_ |= VIRTIO_CONFIG_S_NEEDS_RESET;
  raise(VIRTIO_MMIO_INT_CONFIG); /* 2.1.2 */
  const uint32_t said = complaints_++;
  if (!log_ || said > kComplaints) return;
  log_(std::string(name()) + ": " +
       (said < kComplaints
            ? std::string(why) + "; it waits for its driver to reset it"
            : "this driver breaks the rules again and again; no more of it is said"));
}

}  // namespace hp::virtio
