#include "core_tokens.hpp"

#include <doctest/doctest.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <memory>
#include <vector>

using hp::guest::CoreToken;

namespace {

int spare() {
  cpu_set_t set;
  REQUIRE(sched_getaffinity(0, sizeof set, &set) == 0);
  return CPU_COUNT(&set) - 1;
}

/* A token file of the test's own: real guests come and go. */
struct File {
  char path[64] = "/tmp/hyprobe-test-XXXXXX";
  File() { close(mkstemp(path)); }
  ~File() { unlink(path); }
};

std::vector<std::unique_ptr<CoreToken>> take_all(const File& file) {
  std::vector<std::unique_ptr<CoreToken>> held;
  for (;;) {
    auto t = std::make_unique<CoreToken>(file.path);
    if (!t->take()) return held;
    held.push_back(std::move(t));
  }
}

}  // namespace

TEST_CASE(
    "there are at most as many tokens as spare cores, and one given back can be taken again") {
  File file;
  auto held = take_all(file);
  CHECK(held.size() == static_cast<size_t>(spare()));
  CHECK(take_all(file).empty());
  CoreToken more(file.path);
  if (!held.empty()) {
    held.back()->give_back();
    CHECK_FALSE(held.back()->held());
    bool again = more.take();
    CHECK(again);
    CHECK(more.take()); /* it has one: the same */
  }
}

TEST_CASE("a process that is killed gives its tokens back") {
  File file;
  int ready[2];
  REQUIRE(pipe(ready) == 0);
  pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    auto held = take_all(file);
    char n = static_cast<char>(held.size());
    (void)!write(ready[1], &n, 1);
    for (;;) pause();
  }
  char n = -1;
  REQUIRE(read(ready[0], &n, 1) == 1);
  auto while_held = take_all(file);
  CHECK(while_held.empty());
  kill(child, SIGKILL);
  REQUIRE(waitpid(child, nullptr, 0) == child);
  auto after = take_all(file);
  CHECK(after.size() == static_cast<size_t>(spare()));
  CHECK(n == static_cast<char>(spare()));
  close(ready[0]);
  close(ready[1]);
}
