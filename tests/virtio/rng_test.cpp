#include "virtio/rng.hpp"

#include <doctest/doctest.h>
#include <linux/virtio_config.h>

#include <algorithm>

#include "driver.hpp"

using namespace hp;
using namespace hp::virtio;
using namespace hp::virtio::test;

namespace {
std::unique_ptr<VirtioDevice> rng() {
  auto made = RngDevice::create();
  REQUIRE(made);
  return std::move(*made);
}
}  // namespace

TEST_CASE("rng: fills buffers, each time with other bytes") {
  Machine m(rng());
  m.start();
  DriverQueue& q = m.queue(0);
  const uint16_t a = q.chain().writable(300).writable(64).submit(),
                 b = q.chain().writable(64).submit();
  m.notify(0);
  CHECK(q.wait().written == 364);
  CHECK(q.wait().written == 64);
  CHECK(q.written(a, 1) != std::string(64, '\xee'));
  CHECK(q.written(a, 1) != q.written(b));
  const std::string most = q.written(a, 0);
  CHECK(std::count(most.begin(), most.end(), '\xee') < 30);
}

TEST_CASE("rng: a large request is served in part") {
  Machine m(rng());
  m.start();
  m.queue(0).chain().writable(1 << 20).submit();
  m.notify(0);
  CHECK(m.queue(0).wait().written == RngDevice::kMost);
}

TEST_CASE("rng: a request without room breaks the queue") {
  Machine m(rng());
  m.start();
  m.queue(0).chain().readable("please").submit();
  m.notify(0);
  m.wait_status(VIRTIO_CONFIG_S_NEEDS_RESET);
}
