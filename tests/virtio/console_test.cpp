/* The console between a guest (the tests' driver) and pipes, files and pseudo-terminals. */
#include "virtio/console.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <linux/virtio_config.h>
#include <linux/virtio_mmio.h>
#include <sys/socket.h>

#include <csignal>

#include "driver.hpp"

using namespace hp;
using namespace hp::virtio;
using namespace hp::virtio::test;

namespace {

enum { kReceive, kTransmit };

struct Pipe {
  Pipe() {
    int fds[2];
    REQUIRE(::pipe2(fds, O_CLOEXEC) == 0);
    read.reset(fds[0]);
    write.reset(fds[1]);
  }
  Fd read, write;
};

std::unique_ptr<VirtioDevice> console(ConsoleEnds ends) {
  auto made = ConsoleDevice::create(std::move(ends));
  REQUIRE(made);
  return std::move(*made);
}

std::string read_some(int fd, size_t size) {
  std::string out(size, '?');
  size_t have = 0;
  while (have < size) {
    const ssize_t n = ::read(fd, out.data() + have, size - have);
    REQUIRE(n > 0);
    have += static_cast<size_t>(n);
  }
  return out;
}

void write_all(int fd, std::string_view s) {
  REQUIRE(::write(fd, s.data(), s.size()) == static_cast<ssize_t>(s.size()));
}

/* A console over two pipes; `guest` to pipes. */
struct World {
  World() : machine(console(ends())) { machine.start(); }
  ConsoleEnds ends() {
    ConsoleEnds e;
    e.input = std::move(input.read);
    e.output = std::move(output.write);
    return e;
  }
  ConsoleDevice& device() { return static_cast<ConsoleDevice&>(machine.transport.device()); }
  Pipe input, output;
  Machine machine;
};

}  // namespace

TEST_CASE("console: what the guest writes comes out, in order and whole") {
  World w;
  DriverQueue& q = w.machine.queue(kTransmit);
  q.chain().readable("login").readable(": ").submit();
  q.chain().readable("root\n").submit();
  w.machine.notify(kTransmit);
  CHECK(read_some(w.output.read.get(), 12) == "login: root\n");
  q.wait();
  q.wait();
}

TEST_CASE("console: what is typed comes in as buffers are there, and not more than they hold") {
  World w;
  write_all(w.input.write.get(), "0123456789");
  DriverQueue& q = w.machine.queue(kReceive);
  const uint16_t a = q.chain().writable(4).submit();
  w.machine.notify(kReceive);
  CHECK(q.wait().written == 4);
  CHECK(q.written(a) == "0123");
  const uint16_t b = q.chain().writable(100).submit();
  const uint16_t c = q.chain().writable(100).submit();
  w.machine.notify(kReceive);
  CHECK(q.wait().written == 6);
  CHECK(q.written(b).substr(0, 6) == "456789");
  write_all(w.input.write.get(), "later"); /* no notification: it waits for input itself */
  CHECK(q.wait().written == 5);
  CHECK(q.written(c).substr(0, 5) == "later");
}

TEST_CASE("console: the end of the input is no end of the output") {
  World w;
  w.machine.queue(kReceive).chain().writable(10).submit();
  w.machine.notify(kReceive);
  w.input.write.reset();
  w.machine.queue(kTransmit).chain().readable("still here").submit();
  w.machine.notify(kTransmit);
  CHECK(read_some(w.output.read.get(), 10) == "still here");
  CHECK(w.machine.queue(kReceive).used_index() == 0);
}

TEST_CASE("console: a reader that is gone costs its bytes, not the guest's time") {
  World w;
  w.output.read.reset();
  DriverQueue& q = w.machine.queue(kTransmit);
  q.chain().readable("nobody").submit();
  q.chain().readable("hears this").submit();
  w.machine.notify(kTransmit);
  q.wait();
  q.wait();
  CHECK(w.device().lost() == 6);
}

TEST_CASE("console: a reset does not wait for a reader that does not read") {
  World w;
  REQUIRE(::fcntl(w.output.read.get(), F_SETPIPE_SZ, 4096) == 4096);
  w.machine.queue(kTransmit).chain().readable(std::string(100000, 'x')).submit();
  w.machine.notify(kTransmit);
  pollfd arrived{w.output.read.get(), POLLIN, 0};
  REQUIRE(::poll(&arrived, 1, 10000) == 1);
  w.machine.write(VIRTIO_MMIO_STATUS, 0);
  CHECK(w.machine.queue(kTransmit).used_index() == 0);
}

TEST_CASE("console: a pseudo-terminal, both ways, and what nobody reads is lost") {
  auto ends = ConsoleEnds::pty();
  REQUIRE(ends);
  Machine m(console(std::move(*ends)));
  auto& device = static_cast<ConsoleDevice&>(m.transport.device());
  m.start();
  DriverQueue &out = m.queue(kTransmit), &in = m.queue(kReceive);
  for (int i = 0; i < 4; i++) {
    out.chain().readable(std::string(30000, 'x')).submit();
    m.notify(kTransmit);
    out.wait();
  }
  CHECK(device.lost() > 0);
  const Fd user(::open(device.path().c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC));
  REQUIRE(user);
  CHECK(read_some(user.get(), 120000 - device.lost()) == std::string(120000 - device.lost(), 'x'));
  out.chain().readable("a\nb").submit();
  m.notify(kTransmit);
  CHECK(read_some(user.get(), 3) == "a\nb"); /* raw */
  write_all(user.get(), "ls\r");
  const uint16_t head = in.chain().writable(64).submit();
  m.notify(kReceive);
  CHECK(in.wait().written == 3);
  CHECK(in.written(head).substr(0, 3) == "ls\r");
}

TEST_CASE("console: a file takes the output, and there is no input") {
  char path[] = "/tmp/hyprobe-console-test-XXXXXX";
  const Fd file(::mkstemp(path));
  REQUIRE(file);
  {
    auto ends = ConsoleEnds::file(path);
    REQUIRE(ends);
    Machine m(console(std::move(*ends)));
    m.start();
    m.queue(kReceive).chain().writable(8).submit();
    m.queue(kTransmit).chain().readable("to the file\n").submit();
    m.notify(kTransmit);
    m.queue(kTransmit).wait();
    CHECK(m.queue(kReceive).used_index() == 0);
  }
  ::unlink(path);
  CHECK(read_some(file.get(), 12) == "to the file\n");
  CHECK(!ConsoleEnds::file("/nonexistent/console"));
}

TEST_CASE("console: a buffer for input without room breaks its queue") {
  World w;
  w.machine.queue(kReceive).chain().readable("?").submit();
  w.machine.notify(kReceive);
  write_all(w.input.write.get(), "x");
  w.machine.wait_status(VIRTIO_CONFIG_S_NEEDS_RESET);
}
