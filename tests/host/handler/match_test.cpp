#include "handler/match.hpp"

#include "fixture.hpp"

using namespace hp;
using namespace hp::test;
using handler::glob_match;
using handler::matches_target;

TEST_CASE("glob_match: stars, question marks, sets and escapes match whole elements") {
  CHECK(glob_match("", "anything"));
  CHECK(glob_match("read", "read"));
  CHECK(!glob_match("read", "readv"));
  CHECK(!glob_match("read", "rea"));
  CHECK(glob_match("read*", "read"));
  CHECK(glob_match("read*", "readlinkat"));
  CHECK(glob_match("*at", "openat"));
  CHECK(glob_match("*e*n*t*", "openat2-entry-not"));
  CHECK(!glob_match("*e*n*t*", "open"));
  CHECK(glob_match("?ead", "read"));
  CHECK(!glob_match("?ead", "ead"));
  CHECK(glob_match("[rw]*", "write"));
  CHECK(glob_match("p[a-f0-9]2", "pf2"));
  CHECK(!glob_match("p[a-f]2", "pg2"));
  CHECK(glob_match("[!rw]*", "open"));
  CHECK(!glob_match("[!rw]*", "read"));
  CHECK(glob_match("[]x]", "]"));
  CHECK(glob_match("a[-z]", "a-"));
  CHECK(glob_match("\\*", "*"));
  CHECK(!glob_match("\\*", "x"));
  CHECK(glob_match("[", "["));
  CHECK(glob_match("**", ""));
  CHECK(glob_match("profile-997", "profile-997"));
}

TEST_CASE("glob_match: many stars take no exponential time") {
  std::string pattern, text(2000, 'a');
  for (int i = 0; i < 40; i++) pattern += "*a";
  CHECK(!glob_match(pattern + "b", text));
}

TEST_CASE("matches_target: a guest matches by name or by hostname, no target matches all") {
  Object o = object("clauses");
  const hp_obj_desc &any = o.descs()[0], &web = o.descs()[5];
  CHECK(matches_target(o, any, {"db1", ""}));
  CHECK(matches_target(o, web, {"web1", ""}));
  CHECK(matches_target(o, web, {"x", "webhost"}));
  CHECK(!matches_target(o, web, {"db1", "dbhost"}));
}

TEST_CASE("enabled_probe_id: ranks of (clause, probe) pairs in the order written") {
  Fixture f;
  auto id = [&](uint32_t probe, uint32_t clause) {
    return handler::enabled_probe_id(f.program->object(), f.segment.view().probes(),
                                     f.segment.view().nprobes(), probe, clause);
  };
  /* syscall:::entry matches read, open and exit_group: 1, 2, 3 */
  CHECK(id(3, 0) == 1);
  CHECK(id(5, 0) == 2);
  CHECK(id(6, 0) == 3);
  CHECK(id(3, 1) == 4); /* read in the second clause */
  CHECK(id(5, 1) == 5); /* open* */
  CHECK(id(0, 2) == 6); /* BEGIN */
  CHECK(id(0, 0) == 0); /* not matched */
}
