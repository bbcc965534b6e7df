/* The network device, its peer at the other end of a socket. */
#include "virtio/net.hpp"

#include <doctest/doctest.h>
#include <endian.h>
#include <fcntl.h>
#include <linux/virtio_config.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "driver.hpp"

using namespace hp;
using namespace hp::virtio;
using namespace hp::virtio::test;

namespace {

enum { kReceive, kTransmit };
constexpr MacAddress kMac = {0x52, 0x54, 0, 1, 2, 3};
const std::string kNoHeader(12, '\0'); /* virtio_net_hdr */

std::unique_ptr<VirtioDevice> net(std::unique_ptr<NetBackend> backend) {
  auto made = NetDevice::create(std::move(backend), kMac);
  REQUIRE(made);
  return std::move(*made);
}

std::pair<Fd, Fd> sockets() {
  int fds[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == 0);
  return {Fd(fds[0]), Fd(fds[1])};
}

std::string prefixed(const std::string& frame) {
  const uint32_t size = htobe32(static_cast<uint32_t>(frame.size()));
  return std::string(reinterpret_cast<const char*>(&size), 4) + frame;
}

std::string read_exactly(int fd, size_t size) {
  std::string out(size, '?');
  REQUIRE(::recv(fd, out.data(), size, MSG_WAITALL) == static_cast<ssize_t>(size));
  return out;
}

void write_all(int fd, std::string_view s) {
  REQUIRE(::send(fd, s.data(), s.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(s.size()));
}

struct World {
  explicit World(std::pair<Fd, Fd> s = sockets())
      : peer(std::move(s.first)), machine(net(over_socket(std::move(s.second)))) {
    machine.start(~0ull);
  }
  NetDevice& device() { return static_cast<NetDevice&>(machine.transport.device()); }
  Fd peer;
  Machine machine;
};

}  // namespace

TEST_CASE("net: the MAC address stands in the configuration") {
  World w;
  CHECK(w.machine.config(0, 4) == std::string("\x52\x54\0\x01", 4));
  CHECK((w.machine.offered() >> 5 & 1) == 1);
}

TEST_CASE("net: a frame of the guest's arrives without its header, however it is cut") {
  World w;
  const std::string frame = "destinsourcetyhello, peer";
  DriverQueue& q = w.machine.queue(kTransmit);
  q.chain().readable(kNoHeader).readable(frame).submit();
  q.chain()
      .indirect()
      .readable((kNoHeader + frame).substr(0, 15))
      .readable(frame.substr(3))
      .submit();
  w.machine.notify(kTransmit);
  CHECK(read_exactly(w.peer.get(), 4 + frame.size()) == prefixed(frame));
  CHECK(read_exactly(w.peer.get(), 4 + frame.size()) == prefixed(frame));
  CHECK(q.wait().written == 0);
  q.wait();
}

TEST_CASE("net: a frame for the guest comes behind a header of one buffer") {
  World w;
  const std::string frame(60, 'f');
  DriverQueue& q = w.machine.queue(kReceive);
  const uint16_t a = q.chain().writable(12).writable(1518).submit(),
                 b = q.chain().writable(2000).submit();
  w.machine.notify(kReceive);
  write_all(w.peer.get(), prefixed(frame) + prefixed(std::string(1514, 'g')));
  CHECK(q.wait().written == 72);
  CHECK(q.written(a, 0) == std::string("\0\0\0\0\0\0\0\0\0\0\x01\0", 12));
  CHECK(q.written(a, 1).substr(0, 60) == frame);
  CHECK(q.wait().written == 1526);
  CHECK(q.written(b).substr(12, 1514) == std::string(1514, 'g'));
}

TEST_CASE("net: frames wait for buffers, in the peer's order, and come in pieces") {
  World w;
  const std::string first = prefixed(std::string(100, '1')),
                    second = prefixed(std::string(100, '2'));
  write_all(w.peer.get(), first.substr(0, 2));
  write_all(w.peer.get(), first.substr(2) + second.substr(0, 50));
  DriverQueue& q = w.machine.queue(kReceive);
  const uint16_t a = q.chain().writable(2000).submit();
  w.machine.notify(kReceive);
  CHECK(q.wait().written == 112);
  CHECK(q.written(a)[12] == '1');
  write_all(w.peer.get(), second.substr(50));
  const uint16_t b = q.chain().writable(2000).submit();
  w.machine.notify(kReceive);
  CHECK(q.wait().written == 112);
  CHECK(q.written(b)[111] == '2');
}

TEST_CASE("net: a frame that does not fit is dropped, its buffer serves the next") {
  World w;
  DriverQueue& q = w.machine.queue(kReceive);
  const uint16_t head = q.chain().writable(12 + 100).submit();
  w.machine.notify(kReceive);
  write_all(w.peer.get(), prefixed(std::string(101, 'x')) + prefixed(std::string(100, 'y')));
  const Used used = q.wait();
  CHECK(used.id == head);
  CHECK(used.written == 112);
  CHECK(q.written(head)[12] == 'y');
  CHECK(w.device().dropped() == 1);
}

TEST_CASE("net: a peer that does not read holds up sending, nothing is lost") {
  World w;
  DriverQueue& q = w.machine.queue(kTransmit);
  const Gpa frame = w.machine.memory.allocate(60000), header = w.machine.memory.allocate(12);
  constexpr int kFrames = 100;
  for (int i = 0; i < kFrames; i++) {
    q.chain().buffer(header, 12, false).buffer(frame, 60000, false).submit();
    w.machine.notify(kTransmit);
  }
  q.wait(); /* the socket takes some */
  CHECK(q.used_index() < kFrames);
  for (int i = 0; i < kFrames; i++)
    REQUIRE(read_exactly(w.peer.get(), 60004).substr(0, 4) ==
            prefixed(std::string(60000, 'x')).substr(0, 4));
  for (int i = 1; i < kFrames; i++) q.wait();
}

TEST_CASE("net: the last frame arrives whole, though the socket has room for a part of it only") {
  auto s = sockets();
  const int small = 4096;
  REQUIRE(::setsockopt(s.second.get(), SOL_SOCKET, SO_SNDBUF, &small, sizeof small) == 0);
  World w(std::move(s));
  const std::string frame(60000, 'z');
  w.machine.queue(kTransmit).chain().readable(kNoHeader).readable(frame).submit();
  w.machine.notify(kTransmit);
  w.machine.queue(kTransmit).wait();
  CHECK(read_exactly(w.peer.get(), 4 + frame.size()) == prefixed(frame));
}

TEST_CASE("net: what is no frame breaks the queue") {
  World w;
  DriverQueue& q = w.machine.queue(kTransmit);
  SUBCASE("shorter than its header") {
    q.chain().readable("eleven byte").submit();
  }
  SUBCASE("shorter than an Ethernet header") {
    q.chain().readable(kNoHeader).readable("13 bytes here").submit();
  }
  SUBCASE("longer than any") {
    q.chain().readable(kNoHeader).readable(std::string(65536, 'x')).submit();
  }
  w.machine.notify(kTransmit);
  w.machine.wait_status(VIRTIO_CONFIG_S_NEEDS_RESET);
}

TEST_CASE(
    "net: a peer that talks nonsense, or goes, is hung up on, and sending goes on into nothing") {
  World w;
  SUBCASE("a length of none") {
    write_all(w.peer.get(), std::string(8, '\0'));
  }
  SUBCASE("a length beyond any") {
    write_all(w.peer.get(), "\xff\xff\xff\xff");
  }
  SUBCASE("gone") {
    w.peer.reset();
  }
  if (w.peer) {
    char c;
    CHECK(::recv(w.peer.get(), &c, 1, 0) <= 0); /* the end, or a reset with bytes unread */
  }
  DriverQueue& q = w.machine.queue(kTransmit);
  for (int i = 0; i < 3; i++) q.chain().readable(kNoHeader).readable(std::string(60, 'x')).submit();
  w.machine.notify(kTransmit);
  for (int i = 0; i < 3; i++) q.wait();
}

TEST_CASE("net: two guests meet at a path, and one may come again") {
  char folder[] = "/tmp/hyprobe-net-test-XXXXXX";
  REQUIRE(::mkdtemp(folder) != nullptr);
  const std::string path = std::string(folder) + "/lan";
  auto open = [&] {
    auto backend = open_socket(path);
    REQUIRE(backend);
    return net(std::move(*backend));
  };
  {
    Machine first(open());
    first.start();
    for (char round : {'1', '2'}) {
      Machine second(open());
      second.start();
      DriverQueue& q = first.queue(kReceive);
      const uint16_t head = q.chain().writable(2000).submit();
      first.notify(kReceive);
      second.queue(kTransmit).chain().readable(kNoHeader).readable(std::string(60, round)).submit();
      second.notify(kTransmit);
      CHECK(q.wait().written == 72);
      CHECK(q.written(head)[12] == round);
    }
  }
  CHECK(::rmdir(folder) == 0); /* nothing is left there */
}

TEST_CASE("net: a path where somebody listened who is gone is taken over, a file there is not") {
  char folder[] = "/tmp/hyprobe-net-test-XXXXXX";
  REQUIRE(::mkdtemp(folder) != nullptr);
  const std::string path = std::string(folder) + "/lan";
  {
    const Fd gone(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    REQUIRE(::bind(gone.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  }
  CHECK(open_socket(path));
  REQUIRE(Fd(::open(path.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600)));
  CHECK(!open_socket(path));
  CHECK(::unlink(path.c_str()) == 0);
  CHECK(::rmdir(folder) == 0);
}

TEST_CASE("net: MAC addresses are read, and made of names") {
  CHECK(parse_mac("52:54:00:01:02:03").value() == kMac);
  for (const char* wrong :
       {"", "52:54:00:01:02", "52:54:00:01:02:03:04", "52:54:00:01:02:0g", "5:54:00:01:02:03",
        "52-54-00-01-02-03", "53:54:00:01:02:03", "52:54:00:01:02:03 ", "52:54:00:01:02:"})
    CHECK(!parse_mac(wrong));
  CHECK(mac_of_name("web1") == mac_of_name("web1"));
  CHECK(mac_of_name("web1") != mac_of_name("web2"));
  CHECK((mac_of_name("web1")[0] & 3) == 2);
}

TEST_CASE("net: a tap interface that cannot be is refused by name") {
  for (const char* name : {"", "a-name-that-is-too-long", "no/such"}) {
    auto tap = open_tap(name);
    REQUIRE(!tap);
    CHECK(!tap.error().message.empty());
  }
}
