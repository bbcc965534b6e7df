/* The other side of a virtio device: a machine of plain memory, and a driver that negotiates by the registers,
 * lays out queues and builds descriptor chains, right ones and wrong ones.
 *
 *     Machine m(std::move(device));
 *     m.start();
 *     DriverQueue& q = m.queue(0);
 *     auto request = q.chain().readable(header).writable(512).submit();
 *     m.notify(0);
 *     Used used = q.wait();                    // the device's answer
 *     CHECK(request.bytes(0) == ...);          // what it wrote
 */
#pragma once
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "virtio/mmio_transport.hpp"

namespace hp::virtio::test {

/* Guest RAM [kStart, kStart + size) and what is free of it. */
class Memory {
 public:
  static constexpr uint64_t kStart = 0x100000;
  explicit Memory(uint64_t size = 4 << 20);
  const vmm::GuestRam& ram() const { return ram_; }
  Gpa allocate(uint64_t size, uint64_t align = 16); /* filled with 0xee */
  uint8_t* at(Gpa, uint64_t size) const;
  Gpa end() const { return Gpa(kStart + bytes_.size()); }

 private:
  struct alignas(4096) Page {
    uint8_t bytes[4096];
  };
  std::vector<Page> pages_;
  std::span<uint8_t> bytes_;
  vmm::GuestRam ram_;
  uint64_t next_ = 0;
};

class Line final : public vmm::InterruptLine {
 public:
  void set(bool level) noexcept override;
  bool up();
  unsigned rises();

 private:
  std::mutex mutex_;
  bool up_ = false;
  unsigned rises_ = 0;
};

struct Used {
  uint32_t id, written;
};

struct Descriptor {
  uint64_t address;
  uint32_t size;
  uint16_t flags, next;
};

class DriverQueue;

class ChainBuilder {
 public:
  ChainBuilder& readable(std::string_view bytes);
  template <class T>
    requires std::is_trivially_copyable_v<T> && (!std::is_convertible_v<T, std::string_view>)
  ChainBuilder& readable(const T& object) {
    return readable(std::string_view(reinterpret_cast<const char*>(&object), sizeof object));
  }
  ChainBuilder& writable(uint32_t size);
  /* Any address, any size. */
  ChainBuilder& buffer(Gpa address, uint32_t size, bool writable);
  /* What follows stands in an indirect table. */
  ChainBuilder& indirect();
  /* Makes the chain available; its head. */
  uint16_t submit();

 private:
  friend class DriverQueue;
  explicit ChainBuilder(DriverQueue& q) : queue_(q) {}
  DriverQueue& queue_;
  std::vector<Descriptor> direct_, table_;
  bool indirect_ = false;
};

class DriverQueue {
 public:
  DriverQueue(Memory& memory, uint16_t size);
  ChainBuilder chain() { return ChainBuilder(*this); }
  /* Writes a descriptor as it stands. */
  void put(uint16_t index, const Descriptor&);
  uint16_t allocate(uint16_t count); /* consecutive descriptors, round and round */
  void make_available(uint16_t head);
  void set_available_index(uint16_t);
  uint16_t available_index() const { return available_; }
  void set_available_flags(uint16_t);
  void set_used_event(uint16_t);
  uint16_t available_event() const;
  uint16_t used_index() const;
  /* The next used element, waited for (10 s at most, then the test fails). */
  Used wait();
  /* Bytes that the chain's nth writable buffer holds. */
  std::string written(uint16_t head, unsigned n = 0) const;
  const Queue::Layout& layout() const { return layout_; }
  Memory& memory() { return memory_; }

 private:
  friend class ChainBuilder;
  Memory& memory_;
  Queue::Layout layout_;
  std::vector<std::vector<Descriptor>> written_; /* by head: writable buffers */
  uint16_t free_ = 0, available_ = 0, taken_ = 0;
};

/* A device behind registers. */
class Machine {
 public:
  explicit Machine(std::unique_ptr<VirtioDevice> device, uint64_t memory = 4 << 20);
  uint32_t read(uint64_t offset);
  void write(uint64_t offset, uint32_t value);
  std::string config(uint64_t offset, unsigned size);

  uint64_t offered();
  /* ACKNOWLEDGE, DRIVER, features (those of `want` that are offered, and VERSION_1), FEATURES_OK. */
  void negotiate(uint64_t want = 0);
  void set_up(unsigned queue, uint16_t size = 0); /* 0: what the device has at most */
  void set_up(unsigned queue, const Queue::Layout&);
  void ok();
  /* All of these, for all queues. */
  void start(uint64_t want = 0);
  void notify(unsigned queue);
  DriverQueue& queue(unsigned n) { return *queues_.at(n); }
  void wait_status(uint32_t bits); /* 10 s at most, then the test fails */

  Memory memory;
  Line line;
  std::mutex log_mutex;
  std::vector<std::string> log;
  MmioTransport transport;

 private:
  std::vector<std::unique_ptr<DriverQueue>> queues_;
};

/* Waits until done() for at most 10 s, then the test fails. */
void eventually(const char* what, const std::function<bool()>& done);

}  // namespace hp::virtio::test
