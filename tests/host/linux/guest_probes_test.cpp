#include <sys/syscall.h>

#include "guest.hpp"

using namespace hp;
using namespace hp::test;
using namespace hp::linux_guest;

TEST_CASE("a system call's entry fires what was committed, by name, and nothing before or after") {
  TestGuest g;
  TestProgram p("syscall::read:entry { @[arg0] = count(); }");
  const Preparation prepared = g.prepare(p);
  CHECK(prepared.probes == 1);
  REQUIRE(prepared.attach.size() == 1);
  const uint32_t id = id_of(prepared, HP_KIND_SYSCALL_ENTRY, SYS_read);
  CHECK(p.entered() == std::vector<std::string>{"syscall:vmlinux:read:entry"});
  CHECK(p.segment.view().probes()[3].id == HP_PROBE_SYSCALL + 2 * SYS_read);

  g.fill(id).args[0] = 7;
  CHECK(g.ring() == HP_RC_OK);
  CHECK(p.counts().empty());
  g.probes.commit(p.ident);
  CHECK(g.ring() == HP_RC_OK);
  CHECK(g.ring() == HP_RC_OK);
  CHECK(p.counts() == std::map<uint64_t, uint64_t>{{7, 2}});
  g.probes.remove(p.ident);
  CHECK(g.ring() == HP_RC_OK);
  CHECK(p.counts().empty());
}

TEST_CASE("a page that is none is refused") {
  TestGuest g;
  TestProgram p("syscall::read:entry { @ = count(); }");
  const uint32_t id = id_of(g.enable(p), HP_KIND_SYSCALL_ENTRY, SYS_read);
  g.fill(id).magic = 1;
  CHECK(g.ring() == HP_RC_INVALID);
  g.fill(id).version = HP_ABI_VERSION + 1;
  CHECK(g.ring() == HP_RC_INVALID);
  CHECK(g.fire(0) == HP_RC_INVALID);
  CHECK(g.fire(HP_TRACE_PROBES) == HP_RC_INVALID);
  CHECK(g.fire(~0u) == HP_RC_INVALID);
  CHECK(g.fire(HP_TRACE_PROBES - 1) == HP_RC_OK); /* of nobody */
  FakeVcpu v(0);
  CHECK(g.probes.fire(v, nullptr) == HP_RC_INVALID);
  CHECK(p.counts().empty());
}
