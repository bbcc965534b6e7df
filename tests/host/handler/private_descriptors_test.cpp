#include "handler/private_descriptors.hpp"

#include <fcntl.h>
#include <sys/mman.h>

#include <csignal>

#include "fixture.hpp"

using namespace hp;
using namespace hp::test;

TEST_CASE("with_private_descriptors: what is opened there is not seen outside, what is kept is") {
  Fd kept = value(make_memfd("kept", 4096));
  Fd other = value(make_memfd("other", 4096));
  int opened = -1, other_flags = 0, kept_flags = -1;
  void* mapped = MAP_FAILED;
  handler::with_private_descriptors(kept.get(), [&] {
    other_flags = ::fcntl(other.get(), F_GETFD);
    kept_flags = ::fcntl(kept.get(), F_GETFD);
    opened = ::open("/dev/null", O_RDONLY); /* the lowest number: this table is empty */
    mapped = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, kept.get(), 0);
  });
  CHECK(kept_flags >= 0);
  CHECK(other_flags == -1);
  CHECK(opened == 0);
  CHECK(::fcntl(0, F_GETFD) >= 0); /* ours is still the one from before */
  CHECK(::fcntl(other.get(), F_GETFD) >= 0);
  REQUIRE(mapped != MAP_FAILED);
  static_cast<char*>(mapped)[1] = 'x';
  char c = 0;
  CHECK(::pread(kept.get(), &c, 1, 1) == 1);
  CHECK(c == 'x');
  ::munmap(mapped, 4096);
}

TEST_CASE("with_private_descriptors: the caller's signal mask is as before") {
  sigset_t before, during, after;
  ::sigprocmask(SIG_SETMASK, nullptr, &before);
  handler::with_private_descriptors(0, [&] { ::sigprocmask(SIG_SETMASK, nullptr, &during); });
  ::sigprocmask(SIG_SETMASK, nullptr, &after);
  CHECK(sigismember(&during, SIGTERM) == 1);
  for (int s = 1; s < 64; s++) CHECK(sigismember(&before, s) == sigismember(&after, s));
}
