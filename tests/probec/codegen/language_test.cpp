/* The language, construct by construct: D text compiled, linked, fired, and what it recorded. */
#include <thread>

#include "d.hpp"

using namespace hp;
using namespace hp::test;

TEST_CASE("D: integer arithmetic has C's types and results") {
  CHECK(number("1 + 2 * 3") == 7);
  CHECK(number("-7 / 2") == -3);
  CHECK(number("-7 % 3") == -1);
  CHECK(number("7u / 2") == 3);
  CHECK(number("1 << 4 | 3") == 19);
  CHECK(number("-16 >> 2") == -4);
  CHECK(number("~0") == -1);
  CHECK(number("!5") == 0);
  CHECK(number("(char)0x180") == -128);
  CHECK(number("(unsigned char)0x1ff") == 255);
  CHECK(number("(short)65535") == -1);
  CHECK(number("0xffffffffffffffff") == -1);
  CHECK(number("1 ? 10 : 20") == 10);
  CHECK(number("0 ^^ 3") == 1);
  CHECK(number("1 && 0 || 1") == 1);
  CHECK(number("3 > 2 && -1 < 0") == 1);
  CHECK(number("(1, 2, 3)") == 3);
  CHECK(number("sizeof (int) + sizeof (long)") == 12);
  CHECK(number("arg2") == -5);
  CHECK(number("(int)arg2 / -1") == 5);
}

TEST_CASE("D: division by zero faults and leaves nothing but an error record") {
  D d("syscall::open:entry { trace(1); x = arg9; trace(5 / x); }");
  d.fire(kOpen);
  d.drain();
  REQUIRE(d.records.size() == 1);
  CHECK(d.records[0].header.kind == HP_REC_ERROR);
  CHECK(d.records[0].error.fault == HP_FLT_DIVZERO);
  CHECK(d.records[0].error.action == 3);
  CHECK(d.segment.errors() == 1);
  CHECK(text("(int)arg2 % (int)arg9") == "fault 4");
  CHECK(number("(-9223372036854775807 - 1) / (long)arg2 * 0 + (-9223372036854775807 - 1) % -1") ==
        0);
}

TEST_CASE("D: builtin variables are the firing's") {
  CHECK(text("execname") == "cat");
  CHECK(text("probefunc") == "open");
  CHECK(text("probemod") == "vmlinux");
  CHECK(text("probeprov") == "syscall");
  CHECK(text("probename") == "entry");
  CHECK(number("vmname") == 1);
  CHECK(text("strjoin(vmname, \"!\")") == "web1!");
  CHECK(text("strjoin(hostname, osversion)") == "host16.1");
  CHECK(number("pid") == 42);
  CHECK(number("tid") == 43);
  CHECK(number("ppid") == 41);
  CHECK(number("uid") == 1000);
  CHECK(number("gid") == 100);
  CHECK(number("errno") == 2);
  CHECK(number("vcpu") == 3);
  CHECK(number("vmid") == 1);
  CHECK(number("id") == kOpen);
  CHECK(number("epid") == 1);
  CHECK(number("$target") == 77);
  CHECK(number("timestamp == timestamp") == 1); /* one firing, one time */
  CHECK(number("timestamp > 0 && walltimestamp > 1500000000000000000 && vtimestamp > 0") == 1);
  D d("BEGIN {} syscall::read:entry {} syscall::open:entry { trace(epid); }");
  d.fire(kOpen);
  CHECK(d.only().at(0).number == 3);
}

TEST_CASE("D: programs that look at ppid say so, as it can change at any time") {
  CHECK(D("syscall::open:entry /ppid == 1/ {}").program->uses_ppid());
  CHECK(D("syscall::open:entry { @[progenyof(1)] = count(); }").program->uses_ppid());
  CHECK(!D("syscall::open:entry { @[pid] = count(); }").program->uses_ppid());
}

TEST_CASE("D: a predicate decides, clause by clause") {
  D d("syscall::open:entry /pid == 42/ { trace(1); } syscall::open:entry /pid != 42/ { trace(2); }"
      "syscall::open:entry /execname == \"cat\" && probefunc == \"open\"/ { trace(3); }"
      "syscall::open:entry /execname == \"ca\"/ { trace(4); } syscall::open:entry /execname != "
      "\"cat\"/ { trace(5); }"
      "syscall::open:entry /\"dog\" != execname/ { trace(6); }");
  d.fire(kOpen);
  d.drain();
  std::vector<uint64_t> seen;
  for (const Record& r : d.records) seen.push_back(r.actions.at(0).fields.at(0).number);
  CHECK(seen == std::vector<uint64_t>{1, 3, 6});
}

TEST_CASE("D: a probe without a body records its firing, others only their actions") {
  D d("syscall::open:entry; syscall::read:entry { x = 1; }");
  d.fire(kRead);
  d.drain();
  CHECK(d.records.empty());
  D e("syscall::open:entry");
  e.fire(kOpen);
  e.drain();
  REQUIRE(e.records.size() == 1);
  CHECK(e.records[0].actions.empty());
  CHECK(e.records[0].header.vmid == 1);
  CHECK(e.records[0].header.timestamp > 0);
}

TEST_CASE("D: if and else") {
  D d("syscall::open:entry { if (arg9 == 0) { trace(1); } else { trace(2); } if (arg9) trace(3); "
      "else if (pid == 42) trace(4); else trace(5); }");
  d.fire(kOpen);
  d.drain();
  REQUIRE(d.records.size() == 1);
  REQUIRE(d.records[0].actions.size() == 2);
  CHECK(d.records[0].actions[0].fields.at(0).number == 1);
  CHECK(d.records[0].actions[1].fields.at(0).number == 4);
  D e("syscall::open:entry { if (arg9) { trace(1); } }");
  e.fire(kOpen);
  e.drain();
  CHECK(e.records.empty());
}

TEST_CASE("D: global variables keep their values from firing to firing") {
  D d("int n; string s; syscall::open:entry { n++; s = strjoin(s, \"ab\"); trace(n); trace(s); }");
  d.fire(kOpen);
  d.fire(kOpen);
  d.drain();
  REQUIRE(d.records.size() == 2);
  CHECK(d.records[1].actions.at(0).fields.at(0).number == 2);
  CHECK(d.records[1].actions.at(1).fields.at(0).text == "abab");
}

TEST_CASE("D: this-> variables last one firing, self-> variables belong to a thread of a guest") {
  D d("this int a; self string s; BEGIN { z = \"\"; } syscall::open:entry { this->a++; this->s = "
      "execname; }"
      "syscall::open:entry { trace(this->a); trace(this->s); self->n++; trace(self->n); self->s = "
      "strjoin(self->n > 1 ? self->s : z, \"x\"); trace(self->s); }");
  auto fire = [&](int32_t tid, uint32_t vmid) {
    d.firing.tid = tid;
    d.firing.thread = static_cast<uint64_t>(tid);
    d.firing.vmid = vmid;
    d.fire(kOpen);
    d.drain();
    REQUIRE(d.records.size() == 1);
    CHECK(d.records[0].actions.at(0).fields.at(0).number == 1);
    CHECK(d.records[0].actions.at(1).fields.at(0).text == "cat");
    uint64_t n = d.records[0].actions.at(2).fields.at(0).number;
    CHECK(d.records[0].actions.at(3).fields.at(0).text == std::string(n, 'x'));
    return n;
  };
  CHECK(fire(1, 1) == 1);
  CHECK(fire(1, 1) == 2);
  CHECK(fire(2, 1) == 1);
  CHECK(fire(1, 2) == 1);
  CHECK(fire(1, 1) == 3);
}

TEST_CASE("D: associative arrays take any tuple, and assigning 0 frees") {
  D d("syscall::open:entry { a[pid, \"x\"] += 2; a[pid, execname]++; self->b[arg2] = \"yes\"; "
      "trace(a[pid, \"x\"]); "
      "trace(a[42, \"cat\"]); trace(a[43, \"x\"]); trace(self->b[-5]); }"
      "syscall::read:entry { a[pid, \"x\"] = 0; self->b[-5] = 0; trace(a[pid, \"x\"]); "
      "trace(self->b[-5]); }");
  d.fire(kOpen);
  d.fire(kOpen);
  d.fire(kRead);
  d.drain();
  REQUIRE(d.records.size() == 3);
  CHECK(d.records[1].actions.at(0).fields.at(0).number == 4);
  CHECK(d.records[1].actions.at(1).fields.at(0).number == 2);
  CHECK(d.records[1].actions.at(2).fields.at(0).number == 0);
  CHECK(d.records[1].actions.at(3).fields.at(0).text == "yes");
  CHECK(d.records[2].actions.at(0).fields.at(0).number == 0);
  CHECK(d.records[2].actions.at(1).fields.at(0).text == "");
}

TEST_CASE("D: no room for dynamic variables is counted, and reads give zero") {
  D d("syscall::open:entry { a[n++] = 1; } syscall::read:entry { trace(a[5000]); }",
      {.dynvarsize = 16 << 10, .ncpus = 1});
  for (int i = 0; i < 1000; i++) d.fire(kOpen);
  CHECK(d.segment.drops(HP_DROP_DYNAMIC) > 500);
  d.fire(kRead);
  CHECK(d.only().at(0).number == 0);
}

TEST_CASE("D: string subroutines") {
  CHECK(text("strjoin(\"ab\", strjoin(execname, \"cd\"))") == "abcatcd");
  CHECK(number("strlen(\"hello\")") == 5);
  CHECK(text("substr(\"hello\", 1, 3)") == "ell");
  CHECK(text("substr(\"hello\", -3)") == "llo");
  CHECK(text("strchr(\"a/b/c\", '/')") == "/b/c");
  CHECK(text("strrchr(\"a/b/c\", '/')") == "/c");
  CHECK(text("strstr(\"haystack\", \"st\")") == "stack");
  CHECK(number("strstr(\"haystack\", \"q\") == NULL") == 1);
  CHECK(number("index(\"haystack\", \"st\")") == 3);
  CHECK(number("rindex(\"haystack\", \"a\")") == 5);
  CHECK(text("basename(\"/usr/bin/ls\")") == "ls");
  CHECK(text("dirname(\"/usr/bin/ls\")") == "/usr/bin");
  CHECK(text("cleanpath(\"/usr/./bin/../ls\")") == "/usr/ls");
  CHECK(text("toupper(\"abc\")") == "ABC");
  CHECK(text("tolower(\"ABC\")") == "abc");
  CHECK(text("lltostr(-12)") == "-12");
  CHECK(text("lltostr(255, 16)") == "0xff");
  CHECK(number("strtoll(\"77\")") == 77);
  CHECK(number("strtoll(\"ff\", 16)") == 255);
  CHECK(text("strtok(NULL, \",\")", "this->x = strtok(\"a,b,c\", \",\");") == "b");
  CHECK(text("strjoin(strstr(\"haystack\", \"q\"), \"x\")") == "fault 1"); /* NULL is no string */
  CHECK(text("strtok(NULL, \",\")") == "fault 1");
  CHECK(number("strlen(strchr(\"ab\", 'b'))") == 1);
  CHECK(number("strtok(NULL, \",\") == NULL", "this->x = strtok(\"a\", \",\");") == 1);
  CHECK(number("\"abc\" < \"abd\" && \"b\" > \"abc\" && \"a\" == \"a\" && \"a\" != \"b\"") == 1);
  CHECK(number("htons(0x1234)") == 0x3412);
  CHECK(number("ntohl(0x12345678)") == 0x78563412);
  CHECK(number("\"abc\"[1]") == 'b');
  CHECK(text("pid == 42 ? \"yes\" : \"no\"") == "yes");
}

TEST_CASE("D: guest memory is read through checked loads") {
  CHECK(text("copyinstr(arg0)") == "/etc/ld.so.cache");
  CHECK(text("copyinstr(arg0, 5)") == "/etc"); /* the size counts the NUL */
  CHECK(text("stringof(copyin(arg0, 5))") == "/etc/");
  CHECK(number("*(int *)copyin(arg1, 4)") == -1);
  CHECK(number("((int *)copyin(arg1, 16))[3]") == -2147483648ll);
  CHECK(number("*((int *)copyin(arg1, 16) + 1)") == 2);
  CHECK(text("copyinstr(*(uintptr_t *)copyin(arg3, 8))") == "/etc/ld.so.cache");
  CHECK(text("stringof((char *)copyin(arg0, 8))") == "/etc/ld.");
  CHECK(text("copyinstr(0)") == "fault 1");
  CHECK(text("copyinstr(arg0 + 100000)") == "fault 1");
  CHECK(text("((int *)copyin(arg1, 16))[4]") == "fault 1");
  CHECK(text("((int *)copyin(arg1, 16))[-1000]") == "fault 1");
  CHECK(text("copyin(arg0, 100000000 + 0 * arg0)") == "fault 5");
  /* The guest cannot name the program's own memory. */
  CHECK(text("copyinstr(0x53c0000000000000 + 0 * arg0)") == "fault 1");
  CHECK(text("*(int *)copyin(0x53c0000000000000 + 0 * arg0, 4)") == "fault 1");
  CHECK(text("stringof(this->p)", "this->p = (char *)alloca(10); copyinto(arg0, 4, this->p);") ==
        "/etc");
}

TEST_CASE("D: a bad address names itself and the action in the error record") {
  D d("syscall::open:entry { trace(1); trace(copyinstr(0x1234)); } ERROR { trace(arg2); "
      "trace(arg4); trace(arg5); }");
  d.fire(kOpen);
  d.drain();
  REQUIRE(d.records.size() == 2);
  CHECK(d.records[0].header.kind == HP_REC_ERROR);
  CHECK(d.records[0].error.action == 2);
  CHECK(d.records[0].error.addr == 0x1234);
  REQUIRE(d.records[1].actions.size() == 3);
  CHECK(d.records[1].actions[0].fields.at(0).number == 2);
  CHECK(d.records[1].actions[1].fields.at(0).number == HP_FLT_BADADDR);
  CHECK(d.records[1].actions[2].fields.at(0).number == 0x1234);
}

TEST_CASE("D: scratch that runs out faults") {
  CHECK(traced("1", "this->p = alloca(arg2);").text == "fault 5");
}

TEST_CASE("D: printf, tracemem and printa record their arguments") {
  D d("syscall::open:entry { printf(\"%d %s %s %x\", pid, execname, copyinstr(arg0), (char)-1); "
      "tracemem(copyin(arg1, 16), 8); }");
  d.fire(kOpen);
  d.drain();
  REQUIRE(d.records.size() == 1);
  REQUIRE(d.records[0].actions.size() == 2);
  const auto& f = d.records[0].actions[0].fields;
  REQUIRE(f.size() == 4);
  CHECK(f[0].number == 42);
  CHECK(f[1].text == "cat");
  CHECK(f[2].text == "/etc/ld.so.cache");
  CHECK(static_cast<int64_t>(f[3].number) == -1);
  CHECK(d.records[0].actions[1].fields.at(0).text == std::string("\xff\xff\xff\xff\2\0\0\0", 8));
}

TEST_CASE("D: all aggregating functions") {
  D d("syscall::open:entry { @c = count(); @s = sum(arg9); @mi = min(arg9); @ma = max(arg9); @a = "
      "avg(arg9); "
      "@d = stddev(arg9); @q = quantize(arg9); @l = lquantize(arg9, 0, 10, 2); @ll = "
      "llquantize(arg9, 10, 0, 3, 10);"
      "@w = quantize(1, arg9); }");
  for (int64_t v : {1, 5, -3}) {
    d.firing.args[9] = static_cast<uint64_t>(v);
    d.fire(kOpen);
  }
  d.drain();
  auto& a = d.aggregated;
  auto minus = [](int64_t v) { return static_cast<uint64_t>(-v); };
  CHECK(a["c[]"] == std::vector<uint64_t>{3});
  CHECK(a["s[]"] == std::vector<uint64_t>{3});
  CHECK(a["mi[]"] == std::vector<uint64_t>{minus(3)});
  CHECK(a["ma[]"] == std::vector<uint64_t>{5});
  CHECK(a["a[]"] == std::vector<uint64_t>{3, 3});
  CHECK(a["d[]"] == std::vector<uint64_t>{3, 3, 35, 0});
  REQUIRE(a["q[]"].size() == HP_QUANTIZE_BUCKETS);
  CHECK(a["q[]"][64] == 1); /* 1 */
  CHECK(a["q[]"][66] == 1); /* 4..7 */
  CHECK(a["q[]"][61] == 1); /* -3..-2 */
  CHECK(a["l[]"] == std::vector<uint64_t>{1, 1, 0, 1, 0, 0, 0});
  CHECK(a["w[]"][64] == 3);
  uint64_t total = 0;
  for (uint64_t n : a["ll[]"]) total += n;
  CHECK(total == 3);
}

TEST_CASE("D: aggregation keys of every kind, and one encoding for all uses") {
  D d("syscall::open:entry { @[execname, probefunc, pid, copyinstr(arg0)] = count(); @x[execname] "
      "= count(); "
      "@p[probefunc, probename] = sum(2); @v[vmname] = count(); } syscall::read:entry { "
      "@x[\"other\"] = count(); }");
  d.fire(kOpen);
  d.fire(kOpen);
  d.fire(kRead);
  d.drain();
  auto& a = d.aggregated;
  CHECK(a["_[cat,open,42,/etc/ld.so.cache]"] == std::vector<uint64_t>{2});
  CHECK(a["x[cat]"] == std::vector<uint64_t>{2});
  CHECK(a["x[other]"] == std::vector<uint64_t>{1});
  CHECK(a["p[open,entry]"] == std::vector<uint64_t>{4});
  CHECK(a["v[vm1]"] == std::vector<uint64_t>{2});
  CHECK(a.size() == 5);
}

TEST_CASE("D: principal and aggregation drops are counted, other clauses go on") {
  D d("syscall::open:entry { trace(copyinstr(arg0)); } syscall::open:entry { n++; @[n] = "
      "quantize(1); }",
      {.bufsize = 4096, .aggsize = 32 << 10, .ncpus = 1});
  for (int i = 0; i < 500; i++) d.fire(kOpen);
  CHECK(d.segment.drops(HP_DROP_PRINCIPAL) > 300);
  CHECK(d.segment.drops(HP_DROP_AGGREGATION) > 300);
  d.drain();
  CHECK(d.records.size() > 20);
  CHECK(d.aggregated.size() > 10);
}

TEST_CASE("D: structures, unions, enumerations and arrays of the script's own types") {
  const std::string types =
      "struct point { int x; short y; char tag[4]; }; union u { int i; char c[4]; }; enum e { A = "
      "3, B }; ";
  D d(types +
      "struct point g; int list[4]; syscall::open:entry { g.x = 5; g.y = -2; list[2] = 9; list[3] "
      "= list[2] + B; "
      "this->p = (struct point *)alloca(sizeof (struct point)); this->p->x = 7; this->p->y = 1; "
      "g.x += this->p->x;"
      "trace(g.x); trace(g.y); trace(list[3]); trace(this->p->x * 10 + this->p->y); trace(A);"
      "trace(offsetof(struct point, y)); trace(((union u *)copyin(arg1, 4))->c[0]); }");
  d.fire(kOpen);
  d.drain();
  REQUIRE(d.records.size() == 1);
  REQUIRE(d.records[0].header.kind == HP_REC_CLAUSE);
  std::vector<int64_t> seen;
  for (const auto& a : d.records[0].actions)
    seen.push_back(static_cast<int64_t>(a.fields.at(0).number));
  CHECK(seen == std::vector<int64_t>{12, -2, 13, 71, 3, 4, -1});
}

TEST_CASE("D: an index outside a variable's array faults") {
  D d("int list[4]; syscall::open:entry { list[arg9] = 1; }");
  for (uint64_t bad : {uint64_t{4}, uint64_t{1} << 62, ~uint64_t{0}}) {
    d.firing.args[9] = bad;
    d.fire(kOpen);
    d.drain();
    REQUIRE(d.records.size() == 1);
    CHECK(d.records[0].error.fault == HP_FLT_BADINDEX);
  }
}

TEST_CASE("D: the target of a description decides which guests run the clause") {
  D d("web*:syscall:vmlinux:open:entry { trace(1); } db*:syscall:vmlinux:open:entry { trace(2); }");
  d.fire(kOpen);
  CHECK(d.only().at(0).number == 1);
}

TEST_CASE("D: stacks are frames, a zero and the process, symbols are addresses") {
  D d("syscall::open:entry { ustack(3); usym(arg0); @[ustack(2), umod(arg0)] = count(); stack(); "
      "}");
  d.firing.pc = 0x401000;
  d.fire(kOpen);
  d.drain();
  REQUIRE(d.records.size() == 1);
  REQUIRE(d.records[0].actions.size() == 3);
  uint64_t words[5];
  const std::string& frames = d.records[0].actions[0].fields.at(0).text;
  REQUIRE(frames.size() == sizeof words);
  std::memcpy(words, frames.data(), sizeof words);
  CHECK(words[0] == 0x401000);
  CHECK(words[3] == 0);
  CHECK(words[4] == 42);
  CHECK(d.records[0].actions[1].kind == HP_ACT_USYM);
  CHECK(d.records[0].actions[1].fields.at(0).number == d.firing.args[0]);
  CHECK(d.aggregated.size() == 1);
}

TEST_CASE("D: counts in global variables are exact, also from several threads") {
  D d("int a; unsigned char b; long c; syscall::open:entry { a++; --b; c += pid; } "
      "syscall::read:entry { trace(a++); trace(++a); trace(b); trace(c -= 1); }",
      {.ncpus = 4});
  constexpr int kThreads = 4, kFirings = 20000;
  std::vector<std::thread> threads;
  for (uint32_t i = 0; i < kThreads; i++)
    threads.emplace_back([&d, i] {
      hp_firing firing = d.firing;
      firing.cpu = i;
      firing.host_tid = ::gettid();
      for (int n = 0; n < kFirings; n++) d.program->fire_id(kOpen, firing);
    });
  for (std::thread& t : threads) t.join();
  REQUIRE(d.segment.drops(HP_DROP_SLOTBUSY) == 0);
  d.fire(kRead);
  d.drain();
  REQUIRE(d.records.size() == 1);
  auto number = [&](size_t i) { return d.records[0].actions.at(i).fields.at(0).number; };
  CHECK(number(0) == kThreads * kFirings);
  CHECK(number(1) == kThreads * kFirings + 2);
  CHECK(number(2) == static_cast<uint8_t>(-(kThreads * kFirings)));
  CHECK(number(3) == kThreads * kFirings * 42u - 1);
}

TEST_CASE("D: a guest's number that looks like a pointer to the program's memory is not followed") {
  D d("int secret; this int own; struct pair { long a; char *s; long b[4]; };"
      "syscall::open:entry { trace(*(int *)arg0); }"
      "syscall::open:entry { trace(stringof((char *)arg0)); }"
      "syscall::open:entry { trace(((struct pair *)arg0)->b[arg1]); }"
      "syscall::open:entry { tracemem(arg0, 4); }"
      "syscall::open:entry { this->p = (int *)alloca(4); bcopy((int *)arg0, this->p, 4); "
      "trace(*this->p); }"
      "syscall::open:entry { self->p = (int *)arg0; trace(self->p[0]); }"
      "syscall::open:entry { trace(inet_ntoa((ipaddr_t *)arg0)); }"
      "syscall::open:entry { trace(*(struct pair *)arg0); }");
  for (uint64_t base : {0x53c0000000000000, 0x53c1000000000000, 0x53c2000000000000}) {
    d.firing.args[0] = base;
    d.firing.args[1] = 0;
    d.fire(kOpen);
    /* By an index, too: from an address of the guest's own to one of the program's. */
    d.firing.args[0] = 0;
    d.firing.args[1] = (base - 16) / 8;
    d.fire(kOpen);
  }
  d.drain();
  CHECK(d.records.size() == 6 * 8);
  for (auto& r : d.records) CHECK(r.header.kind == HP_REC_ERROR);
}

TEST_CASE("D: the program's own pointers work by way of an integer") {
  CHECK(number("*(int *)((uint64_t)this->p + 4)", "this->p = (int *)alloca(8); this->p[1] = 7;") ==
        7);
}

TEST_CASE("D: NULL that is assigned to a string stays NULL") {
  for (const char* scope : {"", "this->", "self->"}) {
    const std::string s = std::string(scope) + "s";
    CHECK(number(s + " == NULL", s + " = strchr(\"abc\", 'z');") == 1);
    CHECK(number(s + " == NULL", s + " = \"x\"; " + s + " = NULL;") == 1);
    CHECK(number(s + " == NULL", s + " = \"w\"; " + s + " = NULL; " + s + " = \"\";") == 0);
    CHECK(text(s, s + " = \"w\"; " + s + " = NULL; " + s + " = \"y\";") == "y");
  }
}
