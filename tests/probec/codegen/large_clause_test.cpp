/* Clauses that are compiled in parts, and programs too large to optimise, do what small ones do. */
#include "d.hpp"

using namespace hp;
using namespace hp::test;

namespace {

std::string repeated(size_t n, const std::string& statement) {
  std::string text;
  for (size_t i = 0; i < n; i++) text += statement;
  return text;
}

}  // namespace

TEST_CASE("large clauses: one record holds what all parts traced, in order") {
  D d("int i; syscall::open:entry { i = 0; " + repeated(500, "i++; trace(i); ") + "}");
  d.fire(kOpen);
  d.drain();
  REQUIRE(d.records.size() == 1);
  REQUIRE(d.records[0].actions.size() == 500);
  for (size_t i = 0; i < 500; i++) CHECK(d.records[0].actions[i].fields.at(0).number == i + 1);
}

TEST_CASE("large clauses: a fault in a later part ends the clause and names its place") {
  auto text = [](const std::string& middle) {
    return "int i, j; syscall::open:entry { " + repeated(300, "i++; ") + middle +
           repeated(300, "j++; ") + "trace(i); }" + "syscall::read:entry { trace(i); trace(j); }";
  };
  D small("int i; syscall::open:entry { i = *(int *)arg0; i = 1 / (arg2 + 5); }");
  small.fire(kOpen);
  small.drain();
  REQUIRE(small.records.size() == 1);
  D d(text("i = *(int *)arg0; i = 1 / (arg2 + 5); "));
  d.fire(kOpen);
  d.drain();
  REQUIRE(d.records.size() == 1);
  REQUIRE(d.records[0].header.kind == HP_REC_ERROR);
  CHECK(d.records[0].error.fault == HP_FLT_DIVZERO);
  CHECK(d.records[0].error.action == 302);
  CHECK(d.records[0].error.offset == small.records[0].error.offset);
  d.fire(kRead);
  d.drain();
  REQUIRE(d.records.size() == 1);
  CHECK(d.records[0].actions[1].fields.at(0).number == 0); /* nothing ran after the fault */
}

TEST_CASE("large clauses: branches of any size and depth") {
  std::string inner =
      "if (arg2 == -5) { " + repeated(200, "i++; ") + "} else { " + repeated(200, "i--; ") + "} ";
  std::string nested = inner;
  for (int depth = 0; depth < 6; depth++)
    nested = "if (arg2 < 0) { " + repeated(80, "j += 2; ") + nested + repeated(80, "j--; ") + "} ";
  D d("int i, j; syscall::open:entry { " + nested + repeated(100, "i++; ") +
      "trace(i); trace(j); }");
  d.fire(kOpen);
  d.drain();
  REQUIRE(d.records.size() == 1);
  CHECK(d.records[0].actions.at(0).fields.at(0).number == 300);
  CHECK(d.records[0].actions.at(1).fields.at(0).number == 6 * 80);
}

TEST_CASE("large clauses: keys of every part have room") {
  D d("syscall::open:entry { " + repeated(3000, "@c[execname, probefunc] = count(); ") + "}");
  d.fire(kOpen);
  d.drain();
  CHECK(d.records.empty());
  CHECK(d.aggregated["c[cat,open]"] == std::vector<uint64_t>{3000});
}

TEST_CASE("large programs: a thousand clauses are translated as they stand") {
  std::string text = "int n; ";
  for (int i = 0; i < 1000; i++)
    text +=
        "syscall::open:entry /n == " + std::to_string(i) +
        "/ { n++; self->x = n; @[execname] = quantize(n); this->s = strjoin(execname, probefunc);"
        " printf(\"%s %d\", this->s, self->x); }\n";
  D d(text);
  d.fire(kOpen);
  d.drain();
  REQUIRE(d.records.size() == 1000);
  for (size_t i = 0; i < 1000; i++) {
    CHECK(d.records[i].actions.at(0).fields.at(0).text == "catopen");
    CHECK(d.records[i].actions.at(0).fields.at(1).number == i + 1);
  }
}

TEST_CASE("large clauses: a speculation begun in one part holds what the others trace") {
  D d("int spec, i; syscall::open:entry { spec = speculation(); }"
      "syscall::read:entry { i = 0; " +
      repeated(100, "i++; ") + "speculate(spec); " + repeated(150, "i++; trace(i); ") +
      "} syscall::open:return { commit(spec); }");
  d.fire(kRead); /* there is no speculation 0: the clause ends in the part that asked for it */
  d.fire(kOpen);
  d.fire(kRead);
  d.drain();
  CHECK(d.records.empty());
  d.fire(kOpenReturn);
  d.drain();
  REQUIRE(d.records.size() == 1);
  REQUIRE(d.records[0].actions.size() == 150);
  CHECK(d.records[0].actions[0].fields.at(0).number == 101);
  CHECK(d.records[0].actions[149].fields.at(0).number == 250);
}
