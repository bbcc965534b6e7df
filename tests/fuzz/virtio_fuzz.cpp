/* libFuzzer: a driver that does anything, to each of the virtio devices. Input: the device, then operations on its
 * registers and on guest memory; a short one starts the device as a driver should, so that most inputs
 * get as far as the queues. Devices run without their threads. */
#include <linux/virtio_config.h>
#include <linux/virtio_mmio.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

#include "virtio/block.hpp"
#include "virtio/console.hpp"
#include "virtio/mmio_transport.hpp"
#include "virtio/net.hpp"
#include "virtio/rng.hpp"
#include "virtio/trace.hpp"

using namespace hp;
using namespace hp::virtio;

namespace {

/* What is left of the input; zeroes when it is used up. */
class Input {
 public:
  Input(const uint8_t* data, size_t size) : data_(data), size_(size) {}
  bool empty() const { return size_ == 0; }
  template <class T>
  T get() {
    T value{};
    const size_t n = std::min(size_, sizeof value);
    std::memcpy(&value, data_, n);
    data_ += n;
    size_ -= n;
    return value;
  }

 private:
  const uint8_t* data_;
  size_t size_;
};

/* Two pieces of RAM, each with nothing behind it that may be touched. */
struct Ram {
  static constexpr uint64_t kStart = 0x10000, kSize = 0x10000, kSecond = 0x100000000,
                            kSecondSize = 0x1000;
  Ram()
      : ram({{Gpa(kStart), kSize, allocate(kSize)},
             {Gpa(kSecond), kSecondSize, allocate(kSecondSize)}}) {}
  ~Ram() {
    for (const auto& r : ram.regions()) std::free(r.host);
  }
  static uint8_t* allocate(uint64_t size) {
    auto* p = static_cast<uint8_t*>(std::aligned_alloc(4096, size));
    std::memset(p, 0, size);
    return p;
  }
  vmm::GuestRam ram;
};

struct Line final : vmm::InterruptLine {
  void set(bool) noexcept override {}
};

/* Answers each message with itself. */
struct Port final : vmm::TracePort {
  int64_t fire(vmm::VcpuView&, const hp_probe_page*) noexcept override { return 0; }
  void message(std::span<const uint8_t> m) noexcept override {
    HP_CHECK(!m.empty() && m.size() <= HP_MSG_MAX);
    if (link) link->send(m);
  }
  void reset() noexcept override {}
  vmm::TraceLink* link = nullptr;
};

/* Takes two frames, then none until it is asked; has frames of all sizes, a few. */
class Wire final : public NetBackend {
 public:
  size_t receive(std::span<uint8_t> frame) noexcept override {
    HP_CHECK(frame.size() == kMaxFrame);
    static constexpr size_t kSizes[] = {60, 14, 1514, 65535, 0};
    const size_t size = kSizes[received_ < 4 ? received_++ : 4];
    std::memset(frame.data(), 0x5a, size);
    return size;
  }
  bool send(std::span<const iovec> frame, size_t size) noexcept override {
    size_t sum = 0;
    for (const iovec& b : frame) sum += b.iov_len;
    HP_CHECK(sum == size && size >= kMinFrame && size <= kMaxFrame);
    return ++sent_ % 3 != 0;
  }
  pollfd wait(bool) noexcept override { return {-1, 0, 0}; }

 private:
  unsigned received_ = 0, sent_ = 0;
};

template <class T>
T must(Result<T> r) {
  HP_CHECK(r.has_value());
  return std::move(*r);
}

Fd memory_file(size_t size) {
  return must(make_memfd("fuzz", size));
}

std::unique_ptr<ThreadedDevice> make(unsigned kind, Port& port) {
  static constexpr size_t kDisk = 64 << 10;
  static const Fd image = memory_file(kDisk); /* also while it is in use: /proc opens it anew */
  switch (kind % 6) {
    case 0: {
      auto trace = must(TraceDevice::create(port));
      port.link = trace.get();
      return trace;
    }
    case 1:
    case 2:
      HP_CHECK(::ftruncate(image.get(), kDisk) == 0);
      return must(BlockDevice::create(
          {"/proc/self/fd/" + std::to_string(image.get()), kind % 6 == 2, "fuzz"}));
    case 3:
      return must(NetDevice::create(std::make_unique<Wire>(), mac_of_name("fuzz")));
    case 4:
      return must(RngDevice::create());
    default: {
      ConsoleEnds ends = must(ConsoleEnds::file("/dev/null"));
      ends.input = memory_file(3000);
      return must(ConsoleDevice::create(std::move(ends)));
    }
  }
}

class Driver {
 public:
  Driver(Input& in, Ram& ram, MmioTransport& t) : in_(in), ram_(ram), t_(t) {}

  void step() {
    switch (in_.get<uint8_t>() % 10) {
      case 0: /* any register */
        write(in_.get<uint16_t>() % MmioTransport::kSize, in_.get<uint32_t>());
        break;
      case 1: {
        uint8_t data[8];
        const unsigned size = 1u << (in_.get<uint8_t>() % 4);
        t_.read(in_.get<uint16_t>() % (MmioTransport::kSize - 8), data, size);
        break;
      }
      case 2:
        start(in_.get<uint32_t>(), in_.get<uint8_t>());
        break;
      case 3: /* any memory */
        put(in_.get<uint16_t>(), in_.get<uint64_t>());
        break;
      case 4:
        write(VIRTIO_MMIO_STATUS, 0);
        break;
      case 5:
        make_available(in_.get<uint8_t>(), in_.get<uint16_t>());
        break;
      case 6:
        write(VIRTIO_MMIO_QUEUE_SEL, in_.get<uint8_t>() % 4);
        write(VIRTIO_MMIO_QUEUE_READY, in_.get<uint8_t>() % 2);
        break;
      default:
        descriptor();
    }
  }

 private:
  static constexpr unsigned kQueues = 2, kQueueBytes = 0x2000; /* rings from the start of RAM on */
  void write(uint64_t offset, uint32_t value) {
    t_.write(offset & ~3ull, reinterpret_cast<const uint8_t*>(&value), sizeof value);
  }
  void put(uint64_t offset, uint64_t value) {
    HP_CHECK(ram_.ram.write(Gpa(Ram::kStart + (offset & 0xfff8)), &value, sizeof value));
  }
  uint64_t ring(unsigned queue) const { return Ram::kStart + queue % kQueues * kQueueBytes; }
  void start(uint32_t features, uint8_t log2) {
    size_ = 1u << (log2 % 9);
    write(VIRTIO_MMIO_STATUS, 0);
    write(VIRTIO_MMIO_STATUS, VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER);
    write(VIRTIO_MMIO_DEVICE_FEATURES_SEL, 0);
    uint32_t offered;
    t_.read(VIRTIO_MMIO_DEVICE_FEATURES, reinterpret_cast<uint8_t*>(&offered), 4);
    write(VIRTIO_MMIO_DRIVER_FEATURES_SEL, 0);
    write(VIRTIO_MMIO_DRIVER_FEATURES, offered & features);
    write(VIRTIO_MMIO_DRIVER_FEATURES_SEL, 1);
    write(VIRTIO_MMIO_DRIVER_FEATURES, 1);
    uint32_t status =
        VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER | VIRTIO_CONFIG_S_FEATURES_OK;
    write(VIRTIO_MMIO_STATUS, status);
    for (unsigned q = 0; q < kQueues; q++) {
      write(VIRTIO_MMIO_QUEUE_SEL, q);
      write(VIRTIO_MMIO_QUEUE_NUM, size_);
      write(VIRTIO_MMIO_QUEUE_DESC_LOW, static_cast<uint32_t>(ring(q)));
      write(VIRTIO_MMIO_QUEUE_AVAIL_LOW, static_cast<uint32_t>(ring(q) + 0x1000));
      write(VIRTIO_MMIO_QUEUE_USED_LOW, static_cast<uint32_t>(ring(q) + 0x1400));
      std::memset(ram_.ram.at(Gpa(ring(q) + 0x1000), 0x1000), 0, 0x1000);
      available_[q] = 0;
      write(VIRTIO_MMIO_QUEUE_READY, 1);
    }
    write(VIRTIO_MMIO_STATUS, status | VIRTIO_CONFIG_S_DRIVER_OK);
  }
  void make_available(uint8_t queue, uint16_t head) {
    const unsigned q = queue % kQueues;
    const uint16_t index = ++available_[q];
    if (queue & 0x80) head &= static_cast<uint16_t>(size_ - 1);
    HP_CHECK(ram_.ram.write(Gpa(ring(q) + 0x1004 + 2 * ((index - 1u) & (size_ - 1))), &head, 2));
    HP_CHECK(ram_.ram.write(Gpa(ring(q) + 0x1002), &index, 2));
    write(VIRTIO_MMIO_QUEUE_NOTIFY, q);
  }
  /* Mostly a buffer behind the rings, of a small size. */
  void descriptor() {
    const auto where = in_.get<uint8_t>();
    const auto n = in_.get<uint8_t>();
    struct {
      uint64_t address;
      uint32_t size;
      uint16_t flags, next;
    } d;
    d.address = in_.get<uint16_t>();
    d.address += where & 2 ? Ram::kStart : Ram::kStart + kQueues * kQueueBytes;
    if (where & 4) d.address += Ram::kSecond;
    if (where & 8) d.address = in_.get<uint64_t>();
    d.size = in_.get<uint16_t>() & 0xfff;
    if (where & 16) d.size = in_.get<uint32_t>();
    d.flags = in_.get<uint8_t>() & 7;
    d.next = in_.get<uint8_t>();
    HP_CHECK(ram_.ram.write(Gpa(ring(where) + 16 * (n % size_)), &d, sizeof d));
  }

  Input& in_;
  Ram& ram_;
  MmioTransport& t_;
  uint32_t size_ = 16;
  uint16_t available_[kQueues] = {};
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Input in(data, size);
  Ram ram;
  Line line;
  Port port;
  auto device = make(in.get<uint8_t>(), port);
  device->run_inline();
  MmioTransport transport(ram.ram, std::move(device), line);
  Driver driver(in, ram, transport);
  for (int i = 0; i < 300 && !in.empty(); i++) driver.step();
  transport.reset();
  port.link = nullptr;
  return 0;
}
