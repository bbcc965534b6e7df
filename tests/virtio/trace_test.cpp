/* The trace device between a module (the tests' driver) and a port. */
#include "virtio/trace.hpp"

#include <doctest/doctest.h>
#include <linux/virtio_config.h>
#include <linux/virtio_mmio.h>

#include "driver.hpp"

using namespace hp;
using namespace hp::virtio;
using namespace hp::virtio::test;

namespace {

struct Port final : vmm::TracePort {
  int64_t fire(vmm::VcpuView&, const hp_probe_page*) noexcept override { return 0; }
  void message(std::span<const uint8_t> bytes) noexcept override {
    const std::lock_guard lock(mutex);
    messages.emplace_back(bytes.begin(), bytes.end());
  }
  void reset() noexcept override {
    const std::lock_guard lock(mutex);
    resets++;
  }
  size_t count() {
    const std::lock_guard lock(mutex);
    return messages.size();
  }
  std::mutex mutex;
  std::vector<std::string> messages;
  int resets = 0;
};

std::span<const uint8_t> bytes(std::string_view s) {
  return {reinterpret_cast<const uint8_t*>(s.data()), s.size()};
}

struct World {
  explicit World(uint64_t memory = 4 << 20) : machine(make(), memory) {}
  std::unique_ptr<VirtioDevice> make() {
    auto made = TraceDevice::create(port);
    REQUIRE(made);
    device = made->get();
    return std::move(*made);
  }
  Port port;
  TraceDevice* device = nullptr;
  Machine machine;
};

}  // namespace

TEST_CASE("trace: a chain of the guest's is one message, however it is cut into buffers") {
  World w;
  w.machine.start();
  DriverQueue& q = w.machine.queue(HP_QUEUE_TO_HOST);
  q.chain().readable("hello ").readable("from ").readable("the guest").submit();
  q.chain().readable("again").submit();
  w.machine.notify(HP_QUEUE_TO_HOST);
  CHECK(q.wait().written == 0);
  q.wait();
  eventually("both messages", [&] { return w.port.count() == 2; });
  CHECK(w.port.messages[0] == "hello from the guest");
  CHECK(w.port.messages[1] == "again");
}

TEST_CASE("trace: what the host sends waits for a buffer and comes in order") {
  World w;
  w.machine.start();
  CHECK(w.device->send(bytes("first")));
  CHECK(w.device->send(bytes("second")));
  DriverQueue& q = w.machine.queue(HP_QUEUE_TO_GUEST);
  const uint16_t a = q.chain().writable(HP_MSG_MAX).submit();
  const uint16_t b = q.chain().writable(4).writable(HP_MSG_MAX).submit();
  w.machine.notify(HP_QUEUE_TO_GUEST);
  const Used first = q.wait(), second = q.wait();
  CHECK(first.id == a);
  CHECK(first.written == 5);
  CHECK(q.written(a).substr(0, 5) == "first");
  CHECK(second.id == b);
  CHECK(second.written == 6);
  CHECK(q.written(b, 0) + q.written(b, 1).substr(0, 2) == "second");
}

TEST_CASE(
    "trace: a guest that does not take its messages makes send() refuse, and costs kMaxQueued") {
  World w;
  w.machine.start();
  const std::string most(HP_MSG_MAX, 'x');
  size_t sent = 0;
  while (w.device->send(bytes(most))) sent += most.size();
  CHECK(sent == vmm::TraceLink::kMaxQueued);
  DriverQueue& q = w.machine.queue(HP_QUEUE_TO_GUEST);
  q.chain().writable(HP_MSG_MAX).submit();
  w.machine.notify(HP_QUEUE_TO_GUEST);
  CHECK(q.wait().written == HP_MSG_MAX);
  CHECK(w.device->send(bytes(most)));
}

TEST_CASE("trace: without a driver nothing is queued, and a reset loses what was") {
  World w;
  CHECK(!w.device->send(bytes("nobody")));
  w.machine.start();
  CHECK(w.device->send(bytes("stale")));
  w.machine.write(VIRTIO_MMIO_STATUS, 0);
  CHECK(w.port.resets == 1);
  CHECK(!w.device->send(bytes("nobody")));
  w.machine.start();
  CHECK(w.device->send(bytes("fresh")));
  DriverQueue& q = w.machine.queue(HP_QUEUE_TO_GUEST);
  const uint16_t head = q.chain().writable(HP_MSG_MAX).submit();
  w.machine.notify(HP_QUEUE_TO_GUEST);
  CHECK(q.wait().written == 5);
  CHECK(q.written(head).substr(0, 5) == "fresh");
}

TEST_CASE("trace: messages that are empty or too large, and buffers too small, break their queue") {
  SUBCASE("empty") {
    World w;
    w.machine.start();
    w.machine.queue(HP_QUEUE_TO_HOST).chain().writable(8).submit();
    w.machine.notify(HP_QUEUE_TO_HOST);
    w.machine.wait_status(VIRTIO_CONFIG_S_NEEDS_RESET);
    CHECK(w.port.count() == 0);
  }
  SUBCASE("too large") {
    World w;
    w.machine.start();
    w.machine.queue(HP_QUEUE_TO_HOST).chain().readable(std::string(HP_MSG_MAX + 1, 'x')).submit();
    w.machine.notify(HP_QUEUE_TO_HOST);
    w.machine.wait_status(VIRTIO_CONFIG_S_NEEDS_RESET);
    CHECK(w.port.count() == 0);
  }
  SUBCASE("a buffer too small") {
    World w;
    w.machine.start();
    w.machine.queue(HP_QUEUE_TO_GUEST).chain().writable(7).submit();
    CHECK(w.device->send(bytes("8 bytes.")));
    w.machine.wait_status(VIRTIO_CONFIG_S_NEEDS_RESET);
    CHECK(w.machine.queue(HP_QUEUE_TO_GUEST).used_index() == 0);
  }
}

TEST_CASE("trace: the configuration has version and vmid, and says when the vmid changes") {
  World w;
  auto config = [&] {
    hp_trace_config c;
    std::memcpy(&c, w.machine.config(0, sizeof c).data(), sizeof c);
    return c;
  };
  CHECK(config().oldest == HP_TRACE_OLDEST);
  CHECK(config().newest == HP_TRACE_VERSION);
  CHECK(config().vmid == 0);
  w.machine.start();
  const uint32_t generation = w.machine.read(VIRTIO_MMIO_CONFIG_GENERATION);
  w.device->set_vmid(7);
  CHECK(config().vmid == 7);
  CHECK(w.machine.read(VIRTIO_MMIO_CONFIG_GENERATION) != generation);
  CHECK(w.machine.read(VIRTIO_MMIO_INTERRUPT_STATUS) == VIRTIO_MMIO_INT_CONFIG);
  CHECK(w.machine.config(sizeof(hp_trace_config), 8) == std::string(8, '\0'));
}
