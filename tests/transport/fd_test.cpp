#include "transport/fd.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/socket.h>

#include <string>

using namespace hp;

TEST_CASE("Fd: moving transfers ownership and destruction closes") {
  int raw;
  {
    Fd a(::open("/dev/null", O_RDONLY));
    raw = a.get();
    Fd b(std::move(a));
    CHECK(b.get() == raw);
    CHECK(a.get() == -1);  // NOLINT(bugprone-use-after-move): the point of the test
    CHECK(::fcntl(raw, F_GETFD) >= 0);
  }
  CHECK(::fcntl(raw, F_GETFD) == -1);
}

TEST_CASE("Mapping: two mappings of one memfd share their bytes") {
  auto fd = make_memfd("test", 8192);
  REQUIRE(fd);
  auto a = Mapping::shared(fd->get(), 8192);
  auto b = Mapping::shared(fd->get(), 8192);
  REQUIRE((a && b));
  a->as<char>()[5000] = 'x';
  CHECK(b->as<char>()[5000] == 'x');
}

TEST_CASE("send_with_fds: descriptors arrive and refer to the same file") {
  int sv[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sv) == 0);
  Fd left(sv[0]), right(sv[1]);
  auto mem = make_memfd("test", 4096);
  REQUIRE(mem);
  int fd = mem->get();
  REQUIRE(send_with_fds(left.get(), "hi", 2, &fd, 1));
  char buf[16];
  Fd got[2];
  size_t n = 0;
  auto size = recv_with_fds(right.get(), buf, sizeof buf, got, 2, &n);
  REQUIRE(size);
  CHECK(std::string(buf, *size) == "hi");
  REQUIRE(n == 1);
  REQUIRE(::pwrite(fd, "z", 1, 10) == 1);
  char c = 0;
  REQUIRE(::pread(got[0].get(), &c, 1, 10) == 1);
  CHECK(c == 'z');
}

TEST_CASE("read_file: a missing file is an error that names it") {
  auto r = read_file("/nonexistent/file");
  REQUIRE(!r);
  CHECK(r.error().message.find("/nonexistent/file") != std::string::npos);
  CHECK(r.error().code == ENOENT);
}
