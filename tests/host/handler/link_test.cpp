#include "handler/link.hpp"

#include "fixture.hpp"

using namespace hp;
using namespace hp::test;
using handler::Image;

namespace {

std::string link_error(const char* name) {
  auto r = Image::link(object(name), handler::primitives());
  return r ? "" : r.error().message;
}

/* Permissions of the mapping that holds an address, as /proc/self/maps shows them. */
std::string permissions(const void* address) {
  std::string maps = value(read_file("/proc/self/maps"));
  auto at = reinterpret_cast<uint64_t>(address);
  for (size_t i = 0; i < maps.size(); i = maps.find('\n', i) + 1) {
    unsigned long low, high;
    char flags[5];
    if (std::sscanf(maps.c_str() + i, "%lx-%lx %4s", &low, &high, flags) == 3 && low <= at &&
        at < high)
      return flags;
  }
  return "";
}

}  // namespace

TEST_CASE("Image: every clause is linked, code is read-execute, never writable") {
  Object o = object("clauses");
  Image image = value(Image::link(o, handler::primitives()));
  for (size_t i = 0; i < o.clauses().size(); i++) {
    CHECK(image.clause_code(i).size() > 0);
    CHECK(image.text().data() <= image.clause_code(i).data());
    CHECK(image.clause_code(i).data() < image.text().data() + image.text().size());
    CHECK(permissions(image.clause_code(i).data()) == "r-xp");
  }
}

TEST_CASE("Image: a primitive far away is called through a stub") {
  /* clauses.c calls hp_now and hp_load; wherever the mapping lies, the calls must arrive. */
  Fixture f;
  REQUIRE(f.program->fire(0, f.firing));
  CHECK(f.g().now != 0);
}

TEST_CASE("Image: imports that are not primitives are refused by name") {
  CHECK(link_error("imports_libc").find("'system'") != std::string::npos);
}

TEST_CASE("Image: what the linker does not support is refused with the reason") {
  CHECK(link_error("absolute").find("position-independent") != std::string::npos);
  CHECK(link_error("tls").find("thread-local") != std::string::npos);
  CHECK_MESSAGE(link_error("constructor").find("constructors") != std::string::npos,
                link_error("constructor"));
  CHECK(link_error("writable_code").find("both writable and executable") != std::string::npos);
  CHECK(link_error("no_function").find("hp_clause_0") != std::string::npos);
  CHECK(link_error("common").find("common") != std::string::npos);
}
