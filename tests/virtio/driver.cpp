#include "driver.hpp"

#include <doctest/doctest.h>
#include <linux/virtio_config.h>
#include <linux/virtio_mmio.h>
#define VIRTIO_RING_NO_LEGACY
#include <linux/virtio_ring.h>

#include <atomic>
#include <chrono>
#include <thread>

namespace hp::virtio::test {
namespace {

template <class T>
std::atomic_ref<T> field(uint8_t* p) {
  return std::atomic_ref<T>(*reinterpret_cast<T*>(p));
}

}  // namespace

void eventually(const char* what, const std::function<bool()>& done) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  for (unsigned tries = 1; !done(); tries++) {
    if (tries % 1000 != 0) continue; /* it is another thread's next step, mostly */
    if (std::chrono::steady_clock::now() > end) FAIL("waited in vain for ", std::string(what));
    std::this_thread::yield();
  }
}

Memory::Memory(uint64_t size) : pages_(size / sizeof(Page)) {
  bytes_ = {pages_.front().bytes, size};
  std::memset(bytes_.data(), 0xee, bytes_.size());
  ram_ = vmm::GuestRam({{Gpa(kStart), size, bytes_.data()}});
}

Gpa Memory::allocate(uint64_t size, uint64_t align) {
  next_ = (next_ + align - 1) / align * align;
  const Gpa at(kStart + next_);
  next_ += size;
  REQUIRE(next_ <= bytes_.size());
  return at;
}

uint8_t* Memory::at(Gpa gpa, uint64_t size) const {
  uint8_t* p = ram_.at(gpa, size);
  REQUIRE(p != nullptr);
  return p;
}

void Line::set(bool level) noexcept {
  const std::lock_guard lock(mutex_);
  if (level && !up_) rises_++;
  up_ = level;
}
bool Line::up() {
  const std::lock_guard lock(mutex_);
  return up_;
}
unsigned Line::rises() {
  const std::lock_guard lock(mutex_);
  return rises_;
}

ChainBuilder& ChainBuilder::readable(std::string_view bytes) {
  const Gpa at = queue_.memory_.allocate(bytes.size());
  std::memcpy(queue_.memory_.at(at, bytes.size()), bytes.data(), bytes.size());
  return buffer(at, static_cast<uint32_t>(bytes.size()), false);
}
ChainBuilder& ChainBuilder::writable(uint32_t size) {
  return buffer(queue_.memory_.allocate(size), size, true);
}
ChainBuilder& ChainBuilder::buffer(Gpa address, uint32_t size, bool writable) {
  const uint16_t flags = writable ? VRING_DESC_F_WRITE : 0;
  (indirect_ ? table_ : direct_).push_back({address.value, size, flags, 0});
  return *this;
}
ChainBuilder& ChainBuilder::indirect() {
  indirect_ = true;
  return *this;
}

uint16_t ChainBuilder::submit() {
  std::vector<Descriptor> writable;
  for (const auto* part : {&direct_, &table_})
    for (const Descriptor& d : *part)
      if (d.flags & VRING_DESC_F_WRITE) writable.push_back(d);
  if (indirect_) {
    const auto size = static_cast<uint32_t>(table_.size() * sizeof(Descriptor));
    const Gpa at = queue_.memory_.allocate(size);
    for (size_t i = 0; i + 1 < table_.size(); i++) {
      table_[i].flags |= VRING_DESC_F_NEXT;
      table_[i].next = static_cast<uint16_t>(i + 1);
    }
    std::memcpy(queue_.memory_.at(at, size), table_.data(), size);
    direct_.push_back({at.value, size, VRING_DESC_F_INDIRECT, 0});
  }
  const uint16_t head = queue_.allocate(static_cast<uint16_t>(direct_.size()));
  for (size_t i = 0; i < direct_.size(); i++) {
    Descriptor d = direct_[i];
    const auto index = static_cast<uint16_t>((head + i) % queue_.layout_.size);
    if (i + 1 < direct_.size()) {
      d.flags |= VRING_DESC_F_NEXT;
      d.next = static_cast<uint16_t>((index + 1) % queue_.layout_.size);
    }
    queue_.put(index, d);
  }
  queue_.written_.resize(queue_.layout_.size);
  queue_.written_[head] = std::move(writable);
  queue_.make_available(head);
  return head;
}

DriverQueue::DriverQueue(Memory& memory, uint16_t size) : memory_(memory) {
  layout_.size = size;
  layout_.descriptors = memory.allocate(sizeof(Descriptor) * size, 4096);
  layout_.driver_area = memory.allocate(6 + 2 * size);
  layout_.device_area = memory.allocate(6 + 8 * size);
  std::memset(memory.at(layout_.driver_area, 6 + 2 * size), 0, 6 + 2 * size);
  std::memset(memory.at(layout_.device_area, 6 + 8 * size), 0, 6 + 8 * size);
}

void DriverQueue::put(uint16_t index, const Descriptor& d) {
  std::memcpy(memory_.at(layout_.descriptors + index * sizeof d, sizeof d), &d, sizeof d);
}
uint16_t DriverQueue::allocate(uint16_t count) {
  const uint16_t head = free_;
  free_ = static_cast<uint16_t>((free_ + count) % layout_.size);
  return head;
}
void DriverQueue::make_available(uint16_t head) {
  const uint64_t slot = available_ % layout_.size;
  field<uint16_t>(memory_.at(layout_.driver_area + 4 + 2 * slot, 2)).store(head);
  set_available_index(static_cast<uint16_t>(available_ + 1));
}
void DriverQueue::set_available_index(uint16_t index) {
  available_ = index;
  field<uint16_t>(memory_.at(layout_.driver_area + 2, 2)).store(index);
}
void DriverQueue::set_available_flags(uint16_t flags) {
  field<uint16_t>(memory_.at(layout_.driver_area, 2)).store(flags);
}
void DriverQueue::set_used_event(uint16_t event) {
  field<uint16_t>(memory_.at(layout_.driver_area + 4 + 2 * layout_.size, 2)).store(event);
}
uint16_t DriverQueue::available_event() const {
  return field<uint16_t>(memory_.at(layout_.device_area + 4 + 8 * layout_.size, 2)).load();
}
uint16_t DriverQueue::used_index() const {
  return field<uint16_t>(memory_.at(layout_.device_area + 2, 2)).load();
}

Used DriverQueue::wait() {
  eventually("a used buffer", [this] { return used_index() != taken_; });
  Used used;
  std::memcpy(&used, memory_.at(layout_.device_area + 4 + 8 * (taken_ % layout_.size), 8), 8);
  taken_++;
  return used;
}

std::string DriverQueue::written(uint16_t head, unsigned n) const {
  const Descriptor& d = written_.at(head).at(n);
  const uint8_t* p = memory_.at(Gpa(d.address), d.size);
  return {p, p + d.size};
}

Machine::Machine(std::unique_ptr<VirtioDevice> device, uint64_t size)
    : memory(size), transport(memory.ram(), std::move(device), line, [this](const std::string& s) {
        const std::lock_guard lock(log_mutex);
        log.push_back(s);
      }) {}

uint32_t Machine::read(uint64_t offset) {
  uint32_t value = 0xeeeeeeee;
  transport.read(offset, reinterpret_cast<uint8_t*>(&value), sizeof value);
  return value;
}
void Machine::write(uint64_t offset, uint32_t value) {
  transport.write(offset, reinterpret_cast<uint8_t*>(&value), sizeof value);
}
std::string Machine::config(uint64_t offset, unsigned size) {
  std::string out(size, '\xee');
  transport.read(VIRTIO_MMIO_CONFIG + offset, reinterpret_cast<uint8_t*>(out.data()), size);
  return out;
}

uint64_t Machine::offered() {
  write(VIRTIO_MMIO_DEVICE_FEATURES_SEL, 1);
  const uint64_t high = read(VIRTIO_MMIO_DEVICE_FEATURES);
  write(VIRTIO_MMIO_DEVICE_FEATURES_SEL, 0);
  return high << 32 | read(VIRTIO_MMIO_DEVICE_FEATURES);
}

void Machine::negotiate(uint64_t want) {
  write(VIRTIO_MMIO_STATUS, VIRTIO_CONFIG_S_ACKNOWLEDGE);
  write(VIRTIO_MMIO_STATUS, VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER);
  const uint64_t features = (want & offered()) | 1ull << VIRTIO_F_VERSION_1;
  for (uint32_t sel : {0, 1}) {
    write(VIRTIO_MMIO_DRIVER_FEATURES_SEL, sel);
    write(VIRTIO_MMIO_DRIVER_FEATURES, static_cast<uint32_t>(features >> (32 * sel)));
  }
  write(VIRTIO_MMIO_STATUS, read(VIRTIO_MMIO_STATUS) | VIRTIO_CONFIG_S_FEATURES_OK);
  REQUIRE((read(VIRTIO_MMIO_STATUS) & VIRTIO_CONFIG_S_FEATURES_OK) != 0);
}

void Machine::set_up(unsigned n, uint16_t size) {
  write(VIRTIO_MMIO_QUEUE_SEL, n);
  const uint32_t most = read(VIRTIO_MMIO_QUEUE_NUM_MAX);
  if (queues_.size() <= n) queues_.resize(n + 1);
  queues_[n] = std::make_unique<DriverQueue>(memory, size ? size : static_cast<uint16_t>(most));
  set_up(n, queues_[n]->layout());
}

void Machine::set_up(unsigned n, const Queue::Layout& layout) {
  auto address = [this](uint64_t low, Gpa gpa) {
    write(low, static_cast<uint32_t>(gpa.value));
    write(low + 4, static_cast<uint32_t>(gpa.value >> 32));
  };
  write(VIRTIO_MMIO_QUEUE_SEL, n);
  write(VIRTIO_MMIO_QUEUE_NUM, layout.size);
  address(VIRTIO_MMIO_QUEUE_DESC_LOW, layout.descriptors);
  address(VIRTIO_MMIO_QUEUE_AVAIL_LOW, layout.driver_area);
  address(VIRTIO_MMIO_QUEUE_USED_LOW, layout.device_area);
  write(VIRTIO_MMIO_QUEUE_READY, 1);
}

void Machine::ok() {
  write(VIRTIO_MMIO_STATUS, read(VIRTIO_MMIO_STATUS) | VIRTIO_CONFIG_S_DRIVER_OK);
}

void Machine::start(uint64_t want) {
  negotiate(want);
  for (unsigned n = 0; n < transport.device().queue_sizes().size(); n++) set_up(n);
  ok();
}

void Machine::notify(unsigned queue) {
  write(VIRTIO_MMIO_QUEUE_NOTIFY, queue);
}

void Machine::wait_status(uint32_t bits) {
  eventually("a device status", [&] { return (read(VIRTIO_MMIO_STATUS) & bits) == bits; });
}

}  // namespace hp::virtio::test
