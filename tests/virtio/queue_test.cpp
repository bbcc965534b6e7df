/* Queue: what it takes, and everything that a driver can do wrong. */
#include "virtio/queue.hpp"

#include <doctest/doctest.h>
#define VIRTIO_RING_NO_LEGACY
#include <linux/virtio_ring.h>

#include "driver.hpp"

using namespace hp;
using namespace hp::virtio;
using namespace hp::virtio::test;

namespace {

constexpr uint64_t kIndirect = 1ull << VIRTIO_RING_F_INDIRECT_DESC;
constexpr uint64_t kEventIndex = 1ull << VIRTIO_RING_F_EVENT_IDX;

struct Pair {
  explicit Pair(uint16_t size = 8, uint64_t features = kIndirect) : driver(memory, size) {
    REQUIRE(queue.enable(memory.ram(), driver.layout(), features));
  }
  /* The driver made something available that must break the queue. */
  void broken() {
    CHECK(!queue.pop(chain));
    CHECK(queue.broken() != nullptr);
    /* and it stays so */
    driver.chain().readable("fine").submit();
    CHECK(!queue.pop(chain));
    CHECK(driver.used_index() == 0);
  }
  std::string text() {
    ChainReader in(chain);
    std::string out(in.remaining(), '?');
    CHECK(in.read(out.data(), out.size()));
    return out;
  }
  Memory memory;
  DriverQueue driver;
  Queue queue;
  Chain chain;
};

constexpr uint16_t kNext = VRING_DESC_F_NEXT, kWrite = VRING_DESC_F_WRITE,
                   kTable = VRING_DESC_F_INDIRECT;

}  // namespace

TEST_CASE("queue: a chain's buffers come in order, read ones before written ones") {
  Pair p;
  CHECK(!p.queue.pop(p.chain));
  const uint16_t head =
      p.driver.chain().readable("one ").readable("two").writable(10).writable(20).submit();
  REQUIRE(p.queue.pop(p.chain));
  CHECK(p.chain.head() == head);
  CHECK(p.chain.readable().size() == 2);
  CHECK(p.chain.writable().size() == 2);
  CHECK(p.text() == "one two");
  CHECK(p.chain.writable_size() == 30);
  ChainWriter out(p.chain);
  CHECK(out.write("0123456789ab", 12));
  CHECK(!out.write("nineteen bytes more", 19));
  CHECK(out.written() == 12);
  p.queue.push(p.chain, out.written());
  const Used used = p.driver.wait();
  CHECK(used.id == head);
  CHECK(used.written == 12);
  CHECK(p.driver.written(head, 0) == "0123456789");
  CHECK(p.driver.written(head, 1).substr(0, 3) == "ab\xee");
  CHECK(!p.queue.pop(p.chain));
}

TEST_CASE("queue: goes round and round, past the end of its 16-bit indices") {
  Pair p(4);
  const Gpa buffer = p.memory.allocate(4);
  for (uint32_t i = 0; i < 70000; i++) {
    std::memcpy(p.memory.at(buffer, 4), &i, 4);
    const uint16_t head = p.driver.chain().buffer(buffer, 4, false).submit();
    REQUIRE(p.queue.pop(p.chain));
    REQUIRE(p.chain.head() == head);
    ChainReader in(p.chain);
    uint32_t seen;
    REQUIRE(in.load(seen));
    REQUIRE(seen == i);
    p.queue.push(p.chain, i);
    REQUIRE(p.driver.wait().written == i);
  }
  CHECK(p.driver.used_index() == static_cast<uint16_t>(70000));
}

TEST_CASE("queue: chains may be returned in any order, and put back") {
  Pair p;
  const uint16_t a = p.driver.chain().readable("a").submit(),
                 b = p.driver.chain().readable("b").submit();
  Chain first, second;
  REQUIRE(p.queue.pop(first));
  REQUIRE(p.queue.pop(second));
  p.queue.push(second, 0);
  p.queue.push(first, 0);
  CHECK(p.driver.wait().id == b);
  CHECK(p.driver.wait().id == a);
  const uint16_t c = p.driver.chain().readable("c").submit();
  REQUIRE(p.queue.pop(p.chain));
  p.queue.put_back();
  REQUIRE(p.queue.pop(p.chain));
  CHECK(p.chain.head() == c);
  CHECK(p.text() == "c");
}

TEST_CASE("queue: indirect tables, alone and behind direct descriptors, as long as the queue") {
  Pair p(4);
  p.driver.chain().indirect().readable("in ").readable("a ").readable("table").writable(5).submit();
  REQUIRE(p.queue.pop(p.chain));
  CHECK(p.text() == "in a table");
  CHECK(p.chain.writable_size() == 5);
  p.driver.chain().readable("half ").indirect().readable("and half").submit();
  REQUIRE(p.queue.pop(p.chain));
  CHECK(p.text() == "half and half");
}

TEST_CASE("queue: buffers of no size are no buffers") {
  Pair p;
  p.driver.chain().buffer(Gpa(0), 0, false).readable("x").buffer(Gpa(~0ull), 0, true).submit();
  REQUIRE(p.queue.pop(p.chain));
  CHECK(p.text() == "x");
  CHECK(p.chain.writable().empty());
}

TEST_CASE("queue: a layout that is none is refused") {
  Memory memory;
  const DriverQueue driver(memory, 8);
  Queue queue;
  Queue::Layout layout = driver.layout();
  REQUIRE(queue.enable(memory.ram(), layout, 0));
  SUBCASE("no power of 2") {
    layout.size = 6;
  }
  SUBCASE("no size") {
    layout.size = 0;
  }
  SUBCASE("larger than the specification has it") {
    layout.size = 65536;
  }
  SUBCASE("a size that wraps") {
    layout.size = 0x80000000;
  }
  SUBCASE("descriptors not aligned") {
    layout.descriptors = layout.descriptors + 8;
  }
  SUBCASE("driver area not aligned") {
    layout.driver_area = layout.driver_area + 1;
  }
  SUBCASE("device area not aligned") {
    layout.device_area = layout.device_area + 2;
  }
  SUBCASE("descriptors not in RAM") {
    layout.descriptors = Gpa(0);
  }
  SUBCASE("driver area half in RAM") {
    layout.driver_area = Gpa(memory.end().value - 8);
  }
  SUBCASE("device area that wraps") {
    layout.device_area = Gpa(~0ull & ~15ull);
  }
  CHECK(!queue.enable(memory.ram(), layout, 0));
  CHECK(queue.broken() != nullptr);
  CHECK(!queue.enabled());
  Chain chain;
  CHECK(!queue.pop(chain));
}

TEST_CASE("queue: a broken chain breaks the queue") {
  Pair p;
  const Gpa in_ram = p.memory.allocate(64);
  const uint64_t address = in_ram.value;
  SUBCASE("a head out of range") {
    p.driver.make_available(8);
  }
  SUBCASE("a next out of range") {
    p.driver.put(0, {address, 4, kNext, 8});
    p.driver.make_available(0);
  }
  SUBCASE("a loop of one") {
    p.driver.put(0, {address, 4, kNext, 0});
    p.driver.make_available(0);
  }
  SUBCASE("a loop of two, without bytes") {
    p.driver.put(0, {address, 0, kNext, 1});
    p.driver.put(1, {address, 0, kNext, 0});
    p.driver.make_available(0);
  }
  SUBCASE("a buffer below RAM") {
    p.driver.put(0, {0, 4, 0, 0});
    p.driver.make_available(0);
  }
  SUBCASE("a buffer that leaves RAM") {
    p.driver.put(0, {p.memory.end().value - 4, 5, kWrite, 0});
    p.driver.make_available(0);
  }
  SUBCASE("a buffer that wraps") {
    p.driver.put(0, {~0ull - 1, 0x1000, kWrite, 0});
    p.driver.make_available(0);
  }
  SUBCASE("a readable buffer behind a writable one") {
    p.driver.put(0, {address, 4, kWrite | kNext, 1});
    p.driver.put(1, {address, 4, 0, 0});
    p.driver.make_available(0);
  }
  p.broken();
}

TEST_CASE("queue: a broken indirect table breaks the queue") {
  Pair p(4);
  const Gpa data = p.memory.allocate(16), table = p.memory.allocate(16 * sizeof(Descriptor));
  auto entry = [&](unsigned n, const Descriptor& d) {
    std::memcpy(p.memory.at(table + n * sizeof d, sizeof d), &d, sizeof d);
  };
  for (unsigned n = 0; n < 16; n++) entry(n, {data.value, 1, kNext, static_cast<uint16_t>(n + 1)});
  Descriptor d{table.value, 4 * sizeof(Descriptor), kTable, 0};
  entry(3, {data.value, 1, 0, 0});
  SUBCASE("no bytes") {
    d.size = 0;
  }
  SUBCASE("not whole entries") {
    d.size = 33;
  }
  SUBCASE("larger than the queue") {
    d.size = 5 * sizeof(Descriptor);
  }
  SUBCASE("not in RAM") {
    d.address = p.memory.end().value - 16;
  }
  SUBCASE("followed by another descriptor") {
    d.flags |= kNext;
    d.next = 1;
  }
  SUBCASE("a table in the table") {
    entry(1, {table.value, 16, kTable, 0});
  }
  SUBCASE("a next beyond the table, within the queue") {
    d.size = 2 * sizeof(Descriptor);
  }
  SUBCASE("a loop") {
    entry(3, {data.value, 1, kNext, 0});
  }
  p.driver.put(0, d);
  p.driver.make_available(0);
  p.broken();
}

TEST_CASE(
    "queue: the flag of the descriptor that refers to a table does not matter, as the driver "
    "writes it") {
  Pair p;
  const Gpa table = p.memory.allocate(sizeof(Descriptor));
  const Descriptor entry{p.memory.allocate(16).value, 16, 0, 0};
  std::memcpy(p.memory.at(table, sizeof entry), &entry, sizeof entry);
  p.driver.put(0, {table.value, sizeof entry, kTable | kWrite, 0});
  p.driver.make_available(0);
  REQUIRE(p.queue.pop(p.chain));
  CHECK(p.chain.readable_size() == 16);
}

TEST_CASE("queue: without the feature there are no indirect tables") {
  Pair p(8, 0);
  p.driver.chain().indirect().readable("x").submit();
  p.broken();
}

TEST_CASE("queue: an available index that jumps breaks it, a full queue does not") {
  Pair p(8);
  for (int i = 0; i < 8; i++) p.driver.chain().readable("x").submit();
  SUBCASE("full") {
    for (int i = 0; i < 8; i++) CHECK(p.queue.pop(p.chain));
    CHECK(!p.queue.pop(p.chain));
    CHECK(p.queue.broken() == nullptr);
  }
  SUBCASE("one too many") {
    p.driver.set_available_index(9);
    p.broken();
  }
  SUBCASE("backwards") {
    CHECK(p.queue.pop(p.chain));
    p.driver.set_available_index(0);
    p.broken();
  }
}

TEST_CASE("queue: a chain of 4 GiB breaks it, however it is made up") {
  constexpr uint64_t kSize = 1ull << 20;
  Memory memory(2 * kSize);
  DriverQueue driver(memory, 4096 * 2);
  Queue queue;
  REQUIRE(queue.enable(memory.ram(), driver.layout(), 0));
  const Gpa data(Memory::kStart);
  for (uint16_t i = 0; i < 4096; i++)
    driver.put(i, {data.value, kSize, kNext | kWrite, static_cast<uint16_t>(i + 1)});
  Chain chain;
  SUBCASE("4096 MiB") {
    driver.put(4096, {data.value, 1, kWrite, 0});
    driver.make_available(0);
    CHECK(!queue.pop(chain));
    CHECK(queue.broken() != nullptr);
  }
  SUBCASE("4095 MiB") {
    driver.put(4095, {data.value, 1, kWrite, 0});
    driver.make_available(0);
    CHECK(queue.pop(chain));
    CHECK(chain.writable_size() == (4095ull << 20) + 1);
  }
}

TEST_CASE("queue: interrupts by flag: once for what was pushed, none when the driver polls") {
  Pair p;
  CHECK(!p.queue.interrupt_due());
  auto serve = [&] {
    p.driver.chain().readable("x").submit();
    REQUIRE(p.queue.pop(p.chain));
    p.queue.push(p.chain, 0);
  };
  serve();
  CHECK(p.queue.interrupt_due());
  CHECK(!p.queue.interrupt_due());
  p.driver.set_available_flags(VRING_AVAIL_F_NO_INTERRUPT);
  serve();
  CHECK(!p.queue.interrupt_due());
}

TEST_CASE("queue: interrupts by index: when the used index passes what the driver named") {
  Pair p(8, kEventIndex);
  auto serve = [&] {
    p.driver.chain().readable("x").submit();
    REQUIRE(p.queue.pop(p.chain));
    p.queue.push(p.chain, 0);
  };
  p.driver.set_used_event(0); /* the first */
  serve();
  CHECK(p.queue.interrupt_due());
  p.driver.set_used_event(3); /* the fourth */
  serve();
  CHECK(!p.queue.interrupt_due());
  serve();
  CHECK(!p.queue.interrupt_due());
  serve();
  CHECK(p.queue.interrupt_due());
  p.driver.set_used_event(5);
  serve();
  serve(); /* looked at after both */
  CHECK(p.queue.interrupt_due());
  p.driver.set_available_flags(VRING_AVAIL_F_NO_INTERRUPT); /* says nothing here (2.7.7.2) */
  p.driver.set_used_event(6);
  serve();
  CHECK(p.queue.interrupt_due());
}

TEST_CASE("queue: asks for a notification only of what it will not look at by itself") {
  Pair p(8, kEventIndex);
  CHECK(!p.queue.pop(p.chain));
  CHECK(p.driver.available_event() == 0);
  for (int i = 0; i < 3; i++) p.driver.chain().readable("x").submit();
  for (int i = 0; i < 3; i++) CHECK(p.queue.pop(p.chain));
  CHECK(p.driver.available_event() == 0); /* it was still taking: none is needed */
  CHECK(!p.queue.pop(p.chain));
  CHECK(p.driver.available_event() == 3);
}
