// The monitor's descriptors: where they are put, and what is hidden of them.
#include "descriptors.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <set>
#include <string>

using namespace hp::guest;

namespace {

bool is_open(int fd) {
  return fcntl(fd, F_GETFD) >= 0;
}

}  // namespace

TEST_CASE("placed descriptors are high, close on exec as asked, and free the low number") {
  for (bool cloexec : {true, false}) {
    int low = open("/dev/null", O_RDONLY);
    int placed = place_descriptor(low, cloexec);
    CHECK(placed >= kOwnDescriptors);
    CHECK(is_monitor_descriptor(placed));
    CHECK_FALSE(is_monitor_descriptor(low));
    CHECK_FALSE(is_open(low));
    CHECK(fcntl(placed, F_GETFD) == (cloexec ? FD_CLOEXEC : 0));
    close(placed);
  }
  CHECK(place_descriptor(-1, true) == -1);
  CHECK(place_descriptor(99999, true) == -1);
}

TEST_CASE("placing works under a low limit, which stays as it was") {
  rlimit was, low, now;
  getrlimit(RLIMIT_NOFILE, &was);
  low = was;
  low.rlim_cur = 32;
  setrlimit(RLIMIT_NOFILE, &low);
  int placed = move_descriptor(open("/dev/null", O_RDONLY), true);
  getrlimit(RLIMIT_NOFILE, &now);
  setrlimit(RLIMIT_NOFILE, &was);
  CHECK(placed >= 32);
  CHECK(now.rlim_cur == 32);
  CHECK(now.rlim_max == was.rlim_max);
  close(placed);
}

TEST_CASE("a set of descriptors finds the next one") {
  DescriptorSet set;
  CHECK(set.next(0) == DescriptorSet::kCount);
  for (int fd : {3, 63, 64, 700, 65535}) set.add(fd);
  CHECK(set.next(0) == 3);
  CHECK(set.next(4) == 63);
  CHECK(set.next(64) == 64);
  CHECK(set.next(65) == 700);
  CHECK(set.next(701) == 65535);
  CHECK(set.has(700));
  set.remove(700);
  CHECK_FALSE(set.has(700));
  CHECK(set.next(65) == 65535);
  set.add(1 << 20); /* out of range: not kept, not a crash */
  CHECK_FALSE(set.has(1 << 20));
}

TEST_CASE("names are taken out of a real directory listing, in both formats") {
  for (bool wide : {true, false}) {
    int dir = open("/proc/self/fd", O_RDONLY | O_DIRECTORY);
    int extra = dup2(1, 321);
    char records[8192];
    long n = syscall(wide ? SYS_getdents64 : SYS_getdents, dir, records, sizeof records);
    REQUIRE(n > 0);
    static std::set<std::string> seen;
    seen.clear();
    auto look = [](const char* name) {
      seen.insert(name);
      return false;
    };
    CHECK(hide_records(records, static_cast<size_t>(n), wide, look) == static_cast<size_t>(n));
    CHECK(seen.count("321") == 1);
    CHECK(seen.count("0") == 1);
    auto hide = [](const char* name) { return !strcmp(name, "321") || !strcmp(name, "0"); };
    size_t left = hide_records(records, static_cast<size_t>(n), wide, hide);
    CHECK(left < static_cast<size_t>(n));
    auto before = seen;
    seen.clear();
    hide_records(records, left, wide, look);
    CHECK(seen.count("321") == 0);
    CHECK(seen.count("0") == 0);
    CHECK(seen.size() == before.size() - 2);
    close(extra);
    close(dir);
  }
}

TEST_CASE("a damaged listing is cut, not followed") {
  char records[64] = {};
  CHECK(hide_records(records, sizeof records, true, [](const char*) { return false; }) == 0);
  records[16] = 127; /* a record longer than what is there */
  CHECK(hide_records(records, sizeof records, true, [](const char*) { return false; }) == 0);
}
