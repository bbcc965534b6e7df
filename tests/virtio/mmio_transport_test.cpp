/* The registers, with a device that records what it is told. */
#include "virtio/mmio_transport.hpp"

#include <doctest/doctest.h>
#include <linux/virtio_config.h>
#include <linux/virtio_mmio.h>
#define VIRTIO_RING_NO_LEGACY
#include <linux/virtio_ring.h>

#include "driver.hpp"
#include "virtio/threaded_device.hpp"

using namespace hp;
using namespace hp::virtio;
using namespace hp::virtio::test;

namespace {

constexpr uint64_t kFeature = 1, kHighFeature = 1ull << 40;
constexpr uint32_t kUpToFeatures =
    VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER | VIRTIO_CONFIG_S_FEATURES_OK;

/* Returns every chain with the number of bytes that it was given to read. */
class Echo final : public ThreadedDevice {
 public:
  static std::unique_ptr<Echo> create() {
    auto kick = make_kick();
    REQUIRE(kick);
    return std::unique_ptr<Echo>(new Echo(std::move(*kick)));
  }
  std::string_view name() const override { return "virtio-echo"; }
  uint32_t id() const override { return 77; }
  uint64_t features() const override { return kFeature | kHighFeature; }
  std::span<const uint16_t> queue_sizes() const override {
    static constexpr uint16_t kSizes[] = {16, 4};
    return kSizes;
  }
  void read_config(uint64_t offset, std::span<uint8_t> data) noexcept override {
    static constexpr uint8_t kConfig[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
    copy_config(kConfig, offset, data);
  }
  void write_config(uint64_t offset, std::span<const uint8_t> data) noexcept override {
    config_writes.push_back({offset, data.size()});
  }
  using ThreadedDevice::negotiated;
  std::vector<std::pair<uint64_t, size_t>> config_writes;
  std::atomic<int> stops = 0;

 private:
  explicit Echo(Fd kick) : ThreadedDevice(std::move(kick)) {}
  void process() noexcept override {
    for (unsigned n : {0u, 1u})
      while (take(n, chain_)) give(n, chain_, chain_.readable_size());
  }
  void stopped() noexcept override { stops++; }
  Chain chain_;
};

struct World : Machine {
  World() : Machine(Echo::create()) {}
  Echo& echo() { return static_cast<Echo&>(transport.device()); }
  uint32_t status() { return read(VIRTIO_MMIO_STATUS); }
};

}  // namespace

TEST_CASE("mmio: says what it is") {
  World w;
  CHECK(w.read(VIRTIO_MMIO_MAGIC_VALUE) == 0x74726976);
  CHECK(w.read(VIRTIO_MMIO_VERSION) == 2);
  CHECK(w.read(VIRTIO_MMIO_DEVICE_ID) == 77);
  CHECK(w.status() == 0);
  CHECK(w.transport.name() == "virtio-echo");
  CHECK(w.read(VIRTIO_MMIO_SHM_LEN_LOW) == ~0u);
}

TEST_CASE("mmio: control registers are 32 bits wide and aligned, everything else reads 0") {
  World w;
  uint8_t data[8];
  for (auto [offset, size] : {std::pair{0u, 1u}, {0u, 2u}, {0u, 8u}, {2u, 4u}, {3u, 4u}}) {
    std::memset(data, 0xee, sizeof data);
    w.transport.read(offset, data, size);
    for (unsigned i = 0; i < size; i++) CHECK(data[i] == 0);
  }
  const uint8_t one[2] = {VIRTIO_CONFIG_S_ACKNOWLEDGE, 0};
  w.transport.write(VIRTIO_MMIO_STATUS, one, 2);
  CHECK(w.status() == 0);
}

TEST_CASE("mmio: offers the device's features, the rings' and VERSION_1, 32 at a time") {
  World w;
  CHECK(w.offered() == (kFeature | kHighFeature | Queue::features() | 1ull << VIRTIO_F_VERSION_1));
  w.write(VIRTIO_MMIO_DEVICE_FEATURES_SEL, 2);
  CHECK(w.read(VIRTIO_MMIO_DEVICE_FEATURES) == 0);
}

TEST_CASE("mmio: FEATURES_OK is refused for what was not offered, and without VERSION_1") {
  World w;
  uint32_t low = kFeature, high = 1, expected = kUpToFeatures;
  SUBCASE("right") {}
  SUBCASE("not offered") {
    low |= 2;
    expected = VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER;
  }
  SUBCASE("a legacy driver") {
    high = 0;
    expected = VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER;
  }
  w.write(VIRTIO_MMIO_STATUS, VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER);
  w.write(VIRTIO_MMIO_DRIVER_FEATURES_SEL, 0);
  w.write(VIRTIO_MMIO_DRIVER_FEATURES, low);
  w.write(VIRTIO_MMIO_DRIVER_FEATURES_SEL, 1);
  w.write(VIRTIO_MMIO_DRIVER_FEATURES, high);
  w.write(VIRTIO_MMIO_STATUS, kUpToFeatures);
  CHECK(w.status() == expected);
  /* and DRIVER_OK without FEATURES_OK does not count */
  w.write(VIRTIO_MMIO_STATUS, expected | VIRTIO_CONFIG_S_DRIVER_OK);
  CHECK((w.status() & VIRTIO_CONFIG_S_DRIVER_OK) ==
        (expected == kUpToFeatures ? VIRTIO_CONFIG_S_DRIVER_OK : 0u));
}

TEST_CASE("mmio: the device learns what was negotiated, which then stays") {
  World w;
  w.negotiate(kHighFeature);
  w.write(VIRTIO_MMIO_DRIVER_FEATURES_SEL, 0);
  w.write(VIRTIO_MMIO_DRIVER_FEATURES, kFeature);
  w.ok();
  CHECK(w.echo().negotiated(40));
  CHECK(!w.echo().negotiated(0));
  CHECK(w.echo().negotiated(VIRTIO_F_VERSION_1));
}

TEST_CASE("mmio: status bits are added, never taken, and the driver cannot say NEEDS_RESET") {
  World w;
  w.write(VIRTIO_MMIO_STATUS, VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER);
  w.write(VIRTIO_MMIO_STATUS, VIRTIO_CONFIG_S_FAILED | VIRTIO_CONFIG_S_NEEDS_RESET | 0xffffff00);
  CHECK(w.status() ==
        (VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER | VIRTIO_CONFIG_S_FAILED));
}

TEST_CASE("mmio: queues have sizes, those that are not have none") {
  World w;
  for (auto [queue, most] : {std::pair{0u, 16u}, {1u, 4u}, {2u, 0u}, {~0u, 0u}}) {
    w.write(VIRTIO_MMIO_QUEUE_SEL, queue);
    CHECK(w.read(VIRTIO_MMIO_QUEUE_NUM_MAX) == most);
    w.write(VIRTIO_MMIO_QUEUE_READY, 1);
    CHECK(w.read(VIRTIO_MMIO_QUEUE_READY) == (most ? 1 : 0));
  }
}

TEST_CASE("mmio: a chain is served and the line goes up, until it is acknowledged") {
  World w;
  w.start();
  const uint16_t head = w.queue(1).chain().readable("12345").writable(1).submit();
  w.notify(1);
  const Used used = w.queue(1).wait();
  CHECK(used.id == head);
  CHECK(used.written == 5);
  eventually("the interrupt", [&] { return w.line.up(); });
  CHECK(w.read(VIRTIO_MMIO_INTERRUPT_STATUS) == VIRTIO_MMIO_INT_VRING);
  w.write(VIRTIO_MMIO_INTERRUPT_ACK, VIRTIO_MMIO_INT_CONFIG);
  CHECK(w.line.up());
  w.write(VIRTIO_MMIO_INTERRUPT_ACK, VIRTIO_MMIO_INT_VRING);
  CHECK(!w.line.up());
  CHECK(w.read(VIRTIO_MMIO_INTERRUPT_STATUS) == 0);
}

TEST_CASE("mmio: chains made available before DRIVER_OK and notified early are served then") {
  World w;
  w.negotiate();
  w.set_up(0);
  w.set_up(1);
  w.queue(0).chain().readable("early").submit();
  w.notify(0);
  CHECK(w.queue(0).used_index() == 0);
  w.ok();
  CHECK(w.queue(0).wait().written == 5);
}

TEST_CASE("mmio: a queue's layout stays as long as it is ready, and all do once the driver is") {
  World w;
  w.negotiate();
  w.set_up(0);
  w.write(VIRTIO_MMIO_QUEUE_SEL, 0);
  w.write(VIRTIO_MMIO_QUEUE_NUM, 3);
  w.write(VIRTIO_MMIO_QUEUE_DESC_LOW, 1);
  w.ok();
  w.set_up(1); /* too late */
  w.write(VIRTIO_MMIO_QUEUE_SEL, 1);
  CHECK(w.read(VIRTIO_MMIO_QUEUE_READY) == 0);
  w.queue(0).chain().readable("fine").submit();
  w.queue(1).chain().readable("not looked at").submit();
  w.notify(0);
  CHECK(w.queue(0).wait().written == 4);
  CHECK(w.queue(1).used_index() == 0);
}

TEST_CASE("mmio: a queue that is no longer ready is no longer used, its neighbour is") {
  World w;
  w.start();
  w.write(VIRTIO_MMIO_QUEUE_SEL, 0);
  w.write(VIRTIO_MMIO_QUEUE_READY, 0);
  CHECK(w.read(VIRTIO_MMIO_QUEUE_READY) == 0);
  w.queue(0).chain().readable("no").submit();
  w.queue(1).chain().readable("yes").submit();
  w.notify(0);
  w.notify(1);
  CHECK(w.queue(1).wait().written == 3);
  CHECK(w.queue(0).used_index() == 0);
  CHECK(w.echo().stops == 0);
}

TEST_CASE(
    "mmio: queues that cannot be set NEEDS_RESET and say why, the device does nothing there") {
  World w;
  Queue::Layout bad = {16, Gpa(Memory::kStart), Gpa(Memory::kStart + 4096),
                       Gpa(Memory::kStart + 8192)};
  SUBCASE("not in RAM") {
    bad.descriptors = Gpa(1ull << 50);
  }
  SUBCASE("larger than the most") {
    bad.size = 32;
  }
  SUBCASE("no size") {
    bad.size = 0;
  }
  w.negotiate();
  w.set_up(0, bad);
  w.set_up(1);
  w.ok();
  CHECK((w.status() & VIRTIO_CONFIG_S_NEEDS_RESET) != 0);
  CHECK(w.read(VIRTIO_MMIO_INTERRUPT_STATUS) == VIRTIO_MMIO_INT_CONFIG);
  CHECK(w.line.up());
  REQUIRE(w.log.size() == 1);
  CHECK(w.log[0].find("virtio-echo: ") == 0);
}

TEST_CASE("mmio: a queue that breaks later does the same, once, and a reset mends it") {
  World w;
  w.start();
  w.queue(0).make_available(16);
  w.notify(0);
  w.wait_status(VIRTIO_CONFIG_S_NEEDS_RESET);
  eventually("the interrupt", [&] { return w.line.up(); });
  w.notify(0);
  w.queue(1).chain().readable("neighbour").submit();
  w.notify(1);
  w.queue(1).wait();
  w.write(VIRTIO_MMIO_STATUS, 0);
  CHECK(w.log.size() == 1);
  CHECK(w.status() == 0);
  CHECK(!w.line.up());
  w.start();
  w.queue(0).chain().readable("again").submit();
  w.notify(0);
  CHECK(w.queue(0).wait().written == 5);
}

TEST_CASE("mmio: a driver that breaks its queues for ever does not fill the log") {
  World w;
  for (int round = 0; round < 30; round++) {
    w.start();
    w.queue(0).make_available(99);
    w.notify(0);
    w.wait_status(VIRTIO_CONFIG_S_NEEDS_RESET);
    w.write(VIRTIO_MMIO_STATUS, 0);
  }
  CHECK(w.log.size() == 11);
}

TEST_CASE("mmio: reset forgets everything of the driver's, and stops the device once") {
  World w;
  w.start(kFeature);
  SUBCASE("by the driver") {
    w.write(VIRTIO_MMIO_STATUS, 0);
  }
  SUBCASE("by the machine") {
    w.transport.reset();
  }
  CHECK(w.echo().stops == 1);
  CHECK(w.status() == 0);
  for (unsigned n : {0u, 1u}) {
    w.write(VIRTIO_MMIO_QUEUE_SEL, n);
    CHECK(w.read(VIRTIO_MMIO_QUEUE_READY) == 0);
  }
  w.queue(0).chain().readable("nobody").submit();
  w.notify(0);
  w.write(VIRTIO_MMIO_STATUS, 0);
  CHECK(w.echo().stops == 1);
  CHECK(w.queue(0).used_index() == 0);
  /* the features as well: without any, FEATURES_OK is refused */
  w.write(VIRTIO_MMIO_STATUS, kUpToFeatures);
  CHECK((w.status() & VIRTIO_CONFIG_S_FEATURES_OK) == 0);
}

TEST_CASE("mmio: a driver that notifies and waits only where it must misses nothing") {
  uint64_t features = 0;
  SUBCASE("by flags") {}
  SUBCASE("by indices") {
    features = 1ull << VIRTIO_RING_F_EVENT_IDX;
  }
  World w;
  w.start(features);
  DriverQueue& q = w.queue(0);
  const Gpa buffer = w.memory.allocate(8);
  unsigned notified = 0, slept = 0, served = 0;
  for (int round = 0; round < 3000; round++) {
    const int batch = 1 + round % 3;
    /* At another moment of the device's way to sleep each time. */
    for (volatile int delay = round * 7919 % 701; delay > 0;) delay = delay - 1;
    for (int i = 0; i < batch; i++) {
      const uint16_t before = q.available_index();
      q.chain().buffer(buffer, 8, false).submit();
      if (features && !vring_need_event(q.available_event(), q.available_index(), before)) continue;
      w.notify(0);
      notified++;
    }
    for (int i = 0; i < batch; i++) {
      q.set_used_event(static_cast<uint16_t>(served++)); /* "interrupt me after this one" */
      while (static_cast<int16_t>(q.used_index() - served) < 0) {
        eventually("the interrupt", [&] { return w.line.up(); });
        w.write(VIRTIO_MMIO_INTERRUPT_ACK, VIRTIO_MMIO_INT_VRING);
        slept++;
      }
      REQUIRE(q.wait().written == 8);
    }
  }
  CHECK(slept > 0);
  CHECK(notified > 0);
  CHECK(served == 6000);
}

TEST_CASE("mmio: a transport that was stopped uses neither RAM nor line, whatever is written") {
  Memory memory;
  auto line = std::make_unique<Line>();
  MmioTransport transport(memory.ram(), Echo::create(), *line);
  auto write = [&](uint64_t offset, uint32_t value) {
    transport.write(offset, reinterpret_cast<const uint8_t*>(&value), sizeof value);
  };
  auto start = [&] {
    write(VIRTIO_MMIO_DRIVER_FEATURES_SEL, 1);
    write(VIRTIO_MMIO_DRIVER_FEATURES, 1);
    write(VIRTIO_MMIO_STATUS, kUpToFeatures);
    write(VIRTIO_MMIO_STATUS, kUpToFeatures | VIRTIO_CONFIG_S_DRIVER_OK);
  };
  start();
  transport.stop();
  line.reset();
  start();
  write(VIRTIO_MMIO_INTERRUPT_ACK, 3);
  uint32_t status = 1;
  transport.read(VIRTIO_MMIO_STATUS, reinterpret_cast<uint8_t*>(&status), sizeof status);
  CHECK(status == 0);
  CHECK(static_cast<Echo&>(transport.device()).stops == 1);
}

TEST_CASE("mmio: the configuration is read at any width, ends in zeroes, and is written") {
  World w;
  CHECK(w.config(0, 1) == "\x01");
  CHECK(w.config(2, 4) == "\x03\x04\x05\x06");
  CHECK(w.config(8, 8) == std::string("\x09\x0a\0\0\0\0\0\0", 8));
  CHECK(w.config(MmioTransport::kSize - VIRTIO_MMIO_CONFIG - 8, 8) == std::string(8, '\0'));
  const uint8_t data[8] = {};
  w.transport.write(VIRTIO_MMIO_CONFIG + 6, data, 2);
  REQUIRE(w.echo().config_writes.size() == 1);
  CHECK(w.echo().config_writes[0] == std::pair<uint64_t, size_t>(6, 2));
}

TEST_CASE("mmio: a driver that resets and starts while chains flow is served each time") {
  World w;
  for (int round = 0; round < 50; round++) {
    w.start(~0ull);
    for (int i = 0; i < 10; i++) w.queue(0).chain().readable("x").submit();
    w.notify(0);
    if (round % 2) w.queue(0).wait();
    w.write(VIRTIO_MMIO_STATUS, 0);
  }
  CHECK(w.echo().stops == 50);
}
