/* What the host keeps of guests' kernels: for whom, how long, and where not. */
#include "linux_guest/file_cache.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "temporary_directory.hpp"
#include "transport/trace.h"

using namespace hp;
using namespace hp::test;
using linux_guest::FileCache;

namespace {
constexpr const char* kId = "0123456789abcdef";
}

TEST_CASE("a guest gets back what it said of its kernel, and nobody else does") {
  TemporaryDirectory d;
  FileCache cache(d.path());
  REQUIRE(cache.unusable().empty());
  cache.put("web1", kId, HP_FILE_BTF, "types");
  cache.put("web1", kId, HP_FILE_SYMBOLS, "symbols");
  CHECK(FileCache(d.path()).get("web1", kId, HP_FILE_BTF) == "types");
  CHECK(cache.get("web1", kId, HP_FILE_SYMBOLS) == "symbols");
  CHECK_FALSE(cache.get("web1", kId, HP_FILE_TRACEPOINTS));
  CHECK_FALSE(cache.get("web2", kId, HP_FILE_BTF)); /* whatever it claims */
  CHECK_FALSE(cache.get("web1", "0123456789abcdee", HP_FILE_BTF));
  cache.put("web1", kId, HP_FILE_BTF, "newer");
  CHECK(cache.get("web1", kId, HP_FILE_BTF) == "newer");
}

TEST_CASE("names and build ids do not leave the directory") {
  TemporaryDirectory d;
  FileCache cache(d.path() + "/cache");
  for (const char* name : {"../x", "..", ".", "a/b", "a%2fb", ""})
    cache.put(name, kId, HP_FILE_BTF, std::string("of ") + name);
  CHECK(cache.get("../x", kId, HP_FILE_BTF) == "of ../x");
  CHECK(cache.get("..", kId, HP_FILE_BTF) == "of ..");
  CHECK(cache.get("a/b", kId, HP_FILE_BTF) == "of a/b");
  CHECK(cache.get("a%2fb", kId, HP_FILE_BTF) == "of a%2fb");
  CHECK_FALSE(cache.get("", kId, HP_FILE_BTF));
  for (const char* id : {"", "abc", "../../../../x", "0123456789ABCDEF", "0123456789abcde/"}) {
    cache.put("web1", id, HP_FILE_BTF, "x");
    CHECK_FALSE(cache.get("web1", id, HP_FILE_BTF));
  }
  size_t outside = 0;
  for (const auto& e : std::filesystem::directory_iterator(d.path()))
    outside += e.path().filename() != "cache";
  CHECK(outside == 0);
}

TEST_CASE("modules and other files are not kept") {
  TemporaryDirectory d;
  FileCache cache(d.path());
  for (uint32_t kind : {HP_FILE_MODULES, HP_FILE_PATH}) {
    cache.put("web1", kId, kind, "x");
    CHECK_FALSE(cache.get("web1", kId, kind));
  }
}

TEST_CASE("a directory that others can write is not used") {
  TemporaryDirectory d;
  REQUIRE(::chmod(d.path().c_str(), 0777) == 0);
  FileCache cache(d.path());
  CHECK(cache.unusable().find("others can write there") != std::string::npos);
  cache.put("web1", kId, HP_FILE_BTF, "types");
  CHECK_FALSE(cache.get("web1", kId, HP_FILE_BTF));
  CHECK(std::filesystem::is_empty(d.path()));
  CHECK_FALSE(FileCache("/proc/no/such/place").unusable().empty());
  CHECK(FileCache().unusable().empty());
  CHECK_FALSE(FileCache().get("web1", kId, HP_FILE_BTF));
}

TEST_CASE("what was not used for longest goes first") {
  TemporaryDirectory d;
  FileCache cache(d.path(), 250);
  const std::string bytes(100, 'x');
  cache.put("a", kId, HP_FILE_BTF, bytes);
  cache.put("b", kId, HP_FILE_BTF, bytes);
  const timespec old[2] = {{1000, 0}, {1000, 0}};
  for (const char* guest : {"/a/", "/b/"})
    REQUIRE(::utimensat(AT_FDCWD, (d.path() + guest + kId).c_str(), old, 0) == 0);
  CHECK(cache.get("a", kId, HP_FILE_BTF)); /* and so used */
  cache.put("c", kId, HP_FILE_BTF, bytes);
  CHECK(cache.get("a", kId, HP_FILE_BTF));
  CHECK_FALSE(cache.get("b", kId, HP_FILE_BTF));
  CHECK(cache.get("c", kId, HP_FILE_BTF));
  cache.put("d", kId, HP_FILE_BTF, std::string(300, 'x')); /* more than there is room for */
  CHECK_FALSE(cache.get("d", kId, HP_FILE_BTF));
  CHECK(cache.get("c", kId, HP_FILE_BTF));
}
