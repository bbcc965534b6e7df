/* The base folder: files are there whole or not at all, and nobody else's folder or file is used. */
#include "host/fleet_store.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cstring>
#include <fstream>

#include "../support/temporary_directory.hpp"

using namespace hp;
using test::TemporaryDirectory;
namespace fs = std::filesystem;

namespace {

constexpr ProgramIdent kOne{1}, kTwo{2};

FleetStore open_store(const std::string& path) {
  auto store = FleetStore::open(path);
  REQUIRE_MESSAGE(store, store.error().message);
  return std::move(*store);
}

std::string good_object() {
  auto bytes = read_file(FLEET_OBJECTS "/fleet_GOOD.o");
  REQUIRE(bytes);
  return *bytes;
}

std::string file_of(const FleetStore& store, const ProgramIdent& ident, const char* suffix) {
  return store.folder() + "/" + to_hex(ident) + suffix;
}

/* Runs it in a child as another user, for whom root is one as well; a failed check is its status. */
template <class F>
void as_nobody(F f) {
  const pid_t pid = ::fork();
  REQUIRE(pid >= 0);
  if (pid == 0) {
    if (::geteuid() == 0 && (::setgid(65534) != 0 || ::setuid(65534) != 0)) ::_exit(99);
    ::_exit(f() ? 0 : 1);
  }
  int status = 0;
  REQUIRE(::waitpid(pid, &status, 0) == pid);
  CHECK(status == 0);
}

uint64_t on_disk(const std::string& path) {
  struct stat st{};
  REQUIRE(::stat(path.c_str(), &st) == 0);
  return static_cast<uint64_t>(st.st_blocks) * 512;
}

std::set<std::string> names_in(const std::string& path) {
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(path)) names.insert(entry.path().filename());
  return names;
}

}  // namespace

TEST_CASE("the folder is made, and is one coordinator's") {
  TemporaryDirectory folder;
  {
    const FleetStore store = open_store(folder.path() + "/a/b/");
    CHECK(store.folder() == fs::canonical(folder.path() + "/a/b"));
    CHECK((fs::status(store.folder()).permissions() & fs::perms::mask) == fs::perms::owner_all);
    auto second = FleetStore::open(folder.path() + "/a/b");
    REQUIRE_FALSE(second);
    CHECK(second.error().code == EWOULDBLOCK);
    CHECK(second.error().message.find("(pid " + std::to_string(::getpid()) + ")") !=
          std::string::npos);
  }
  CHECK(FleetStore::open(folder.path() + "/a/b"));
}

TEST_CASE("a folder that others own or may write is refused") {
  TemporaryDirectory folder;
  for (const auto bit : {fs::perms::group_write, fs::perms::others_write}) {
    fs::permissions(folder.path(), fs::perms::owner_all | bit);
    const auto store = FleetStore::open(folder.path());
    REQUIRE_FALSE(store);
    CHECK(store.error().code == EPERM);
    CHECK(store.error().message.find("chmod 700") != std::string::npos);
  }
  fs::permissions(folder.path(), fs::perms::owner_all);
  CHECK(FleetStore::open(folder.path()));
  CHECK(FleetStore::open("/etc/passwd").error().code == ENOTDIR);
  if (::geteuid() != 0) return;
  fs::permissions(folder.path(),
                  fs::perms::owner_all | fs::perms::others_exec | fs::perms::others_read);
  as_nobody([&] {
    const auto store = FleetStore::open(folder.path());
    return !store && store.error().code == EPERM &&
           store.error().message.find("another user (uid 0)") != std::string::npos;
  });
  REQUIRE(::chown(folder.path().c_str(), 65534, 65534) == 0);
  const auto store = FleetStore::open(folder.path());
  REQUIRE_FALSE(store);
  CHECK(store.error().message.find("another user (uid 65534)") != std::string::npos);
}

TEST_CASE("an object comes back after a restart, and a damaged one is refused") {
  TemporaryDirectory folder;
  const std::string elf = good_object();
  {
    FleetStore store = open_store(folder.path());
    REQUIRE(store.keep(kOne, elf));
    REQUIRE(store.keep(kOne, elf)); /* again */
  }
  FleetStore store = open_store(folder.path());
  const auto object = store.elf(kOne);
  REQUIRE_MESSAGE(object, object.error().message);
  CHECK(object->bytes() == elf);
  CHECK(store.has_elf(kOne));
  CHECK_FALSE(store.has_elf(kTwo));
  CHECK(store.elf(kTwo).error().code == ENOENT);
  const std::string path = file_of(store, kOne, ".elf");
  CHECK((fs::status(path).permissions() & fs::perms::mask) ==
        (fs::perms::owner_read | fs::perms::owner_write));
  fs::resize_file(path, elf.size() / 2);
  CHECK(store.elf(kOne).error().message.find(path) != std::string::npos);
  CHECK(store.elf(kOne).error().code == EBADMSG);
  fs::remove(path);
  fs::create_symlink(FLEET_OBJECTS "/fleet_GOOD.o", path);
  CHECK(store.elf(kOne).error().code == ELOOP);
  fs::remove(path);
  REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  CHECK(store.elf(kOne).error().message.find("not a regular file") != std::string::npos);
  fs::remove(path);
  {
    std::ofstream(path) << "x";
  }
  fs::resize_file(path, Object::kMaxBytes + 1);
  CHECK(store.elf(kOne).error().code == EFBIG);
}

TEST_CASE("of a segment the used pages are kept") {
  TemporaryDirectory folder;
  FleetStore store = open_store(folder.path());
  constexpr uint64_t size = (1ull << 32) + 100;
  auto segment = make_memfd("segment", size);
  REQUIRE(segment);
  auto put = [&](uint64_t at, std::string_view text) {
    REQUIRE(::pwrite(segment->get(), text.data(), text.size(), static_cast<off_t>(at)) ==
            static_cast<ssize_t>(text.size()));
  };
  put(0, "header");
  put(5000, "second page");
  put(1ull << 31, std::string(8192, '\0')); /* touched, not used */
  put(size - 4, "last");
  REQUIRE(store.keep_segment(kOne, segment->get()));
  CHECK(on_disk(file_of(store, kOne, ".segment")) <= 16 * 4096);
  auto copy = store.segment(kOne);
  REQUIRE_MESSAGE(copy, copy.error().message);
  struct stat st{};
  REQUIRE(::fstat(copy->get(), &st) == 0);
  CHECK(static_cast<uint64_t>(st.st_size) == size);
  CHECK(st.st_blocks * 512 <= 8 * 4096);
  CHECK(::fcntl(copy->get(), F_GET_SEALS) == (F_SEAL_SHRINK | F_SEAL_GROW));
  auto has = [&](uint64_t at, std::string_view text) {
    std::string found(text.size(), '?');
    CHECK(::pread(copy->get(), found.data(), found.size(), static_cast<off_t>(at)) ==
          static_cast<ssize_t>(text.size()));
    CHECK(found == text);
  };
  has(0, "header");
  has(5000, "second page");
  has(1ull << 31, std::string(8192, '\0'));
  has(size - 4, "last");
  CHECK(store.segment(kTwo).error().code == ENOENT);

  /* Too much of it: nothing is left behind. */
  const auto before = names_in(store.folder());
  const auto refused = store.keep_segment(kTwo, segment->get(), 4096);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == EFBIG);
  CHECK(names_in(store.folder()) == before);
  auto huge = make_memfd("huge", FleetStore::kMaxSegmentSize + 1);
  REQUIRE(huge);
  CHECK(store.keep_segment(kTwo, huge->get()).error().code == EFBIG);
  CHECK_FALSE(store.keep_segment(kTwo, -1));
  CHECK(names_in(store.folder()) == before);
}

TEST_CASE("what nobody knows is swept, and nothing else") {
  TemporaryDirectory folder;
  FleetStore store = open_store(folder.path());
  const std::string elf = good_object();
  auto memfd = make_memfd("segment", 4096);
  REQUIRE(memfd);
  for (const ProgramIdent& ident : {kOne, kTwo}) {
    REQUIRE(store.keep(ident, elf));
    REQUIRE(store.keep_segment(ident, memfd->get()));
  }
  for (const char* name : {"temporary-1-1", "journal.sqlite", "journal.sqlite-wal", "notes.elf",
                           ".elf", "0102.segment", "00000000000000000000000000000000.elf.orig"})
    folder.write(name, "x");
  CHECK(store.sweep({kOne}) == 3);
  CHECK(store.sweep({kOne}) == 0);
  CHECK(store.has_elf(kOne));
  CHECK(store.segment(kOne));
  CHECK_FALSE(store.has_elf(kTwo));
  CHECK_FALSE(fs::exists(folder.path() + "/temporary-1-1"));
  CHECK(names_in(folder.path()).size() == 2 + 6 + 1); /* and the lock */
  store.remove(kOne);
  CHECK(names_in(folder.path()).size() == 6 + 1);
  store.remove(kOne);
}

TEST_CASE("a writer killed at any moment leaves the whole file or none") {
  TemporaryDirectory folder;
  const std::string elf = good_object();
  uint32_t whole = 0, none = 0;
  for (int round = 0; round < 40; round++) {
    int ends[2];
    REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
    const Fd ready(ends[0]);
    Fd theirs(ends[1]);
    const pid_t pid = ::fork();
    REQUIRE(pid >= 0);
    if (pid == 0) {
      auto store = FleetStore::open(folder.path());
      if (!store || ::write(theirs.get(), "+", 1) != 1) ::_exit(1);
      for (;;) {
        (void)store->keep(kOne, elf);
        store->remove(kOne);
      }
    }
    theirs.reset();
    char c = 0;
    REQUIRE(::read(ready.get(), &c, 1) == 1);
    for (int i = 0; i < round * 500; i++) (void)::getppid();
    ::kill(pid, SIGKILL);
    int status = 0;
    REQUIRE(::waitpid(pid, &status, 0) == pid);
    FleetStore store = open_store(folder.path());
    if (store.has_elf(kOne)) {
      const auto object = store.elf(kOne);
      REQUIRE_MESSAGE(object, object.error().message);
      whole++;
    } else {
      none++;
    }
    store.sweep({});
    REQUIRE(names_in(folder.path()) == std::set<std::string>{"lock"});
  }
  CHECK(whole + none == 40);
  MESSAGE("whole: ", whole, ", none: ", none);
}

TEST_CASE("where the base folder is") {
  const auto set = [](const char* name, const char* value) {
    if (value)
      ::setenv(name, value, 1);
    else
      ::unsetenv(name);
  };
  const auto run = [&](const char* base, const char* state, const char* home,
                       const char* expected) {
    as_nobody([&] {
      set("HYPROBE_BASE", base);
      set("XDG_STATE_HOME", state);
      set("HOME", home);
      return fleet_base_path("/run/user/7/hyprobe/control.sock") == expected;
    });
  };
  run("relative", "/s", "/home/a", "relative");
  run(nullptr, "/s", "/home/a", "/s/hyprobe");
  run(nullptr, nullptr, "/home/a", "/home/a/.local/state/hyprobe");
  run(nullptr, "not/absolute", "/home/a", "/home/a/.local/state/hyprobe");
  run("", nullptr, nullptr, "/run/user/7/hyprobe/state");
}
