#include "host/segment.hpp"

#include <sys/stat.h>

#include <atomic>
#include <thread>

#include "fixture.hpp"

using namespace hp;
using namespace hp::test;

TEST_CASE("Segment: what was asked for is there, and only what is used takes memory") {
  Fixture f;
  const auto& v = f.segment.view();
  CHECK(v.nslots() >= 4);
  CHECK(v.principal_size() >= 4 << 20);
  CHECK(v.agg_size() >= 4 << 20);
  CHECK(v.globals_size() == sizeof(globals));
  struct stat st;
  REQUIRE(::fstat(f.segment.fd(), &st) == 0);
  CHECK(st.st_blocks * 512 < 256 << 10);
  CHECK(std::string(v.probes()[3].func) == "read");
  value(f.segment.set_guest(7, "web1", std::string(200, 'h')));
  CHECK(std::string(v.guests()[7].name) == "web1");
  CHECK(std::strlen(v.guests()[7].hostname) == HP_NAME_MAX - 1);
  CHECK(!f.segment.set_guest(HP_MAX_GUESTS, "x", ""));
}

TEST_CASE("Segment: a buffer smaller than the program's largest record is refused") {
  host::SegmentOptions options;
  options.bufsize = 16;
  auto r = host::Segment::create(object("clauses"), options);
  REQUIRE(!r);
  CHECK(r.error().message == "could not enable tracing: Enabling exceeds size of buffer");
}

TEST_CASE("Segment: the probe table says when it is full") {
  host::SegmentOptions options;
  options.max_probes = 8;
  Fixture f(options);
  value(f.segment.add_probe(50, "a", "b", "c", "d"));
  auto r = f.segment.add_probe(51, "a", "b", "c", "d");
  REQUIRE(!r);
  CHECK(r.error().message.find("more than 8 probes") != std::string::npos);
}

TEST_CASE("Segment: each record and each count is taken exactly once") {
  Fixture f;
  f.firing.args[0] = 42;
  for (int i = 0; i < 3; i++) f.program->fire_id(kWriteReturn, f.firing);
  host::SlotSnapshot s;
  auto take = [&] {
    int n = 0;
    for (uint32_t i = 0; i < f.segment.view().nslots(); i++) {
      REQUIRE(f.segment.take(i, s));
      s.for_each_record([&](const hp_rec& r) {
        n++;
        CHECK(r.size == 56);
        const auto& action = reinterpret_cast<const hp_rec_action&>(*(&r + 1));
        CHECK(*reinterpret_cast<const int64_t*>(&action + 1) == 42);
      });
    }
    return n;
  };
  CHECK(take() == 3);
  CHECK(take() == 0);
  f.program->fire_id(kWriteReturn, f.firing);
  CHECK(take() == 1);
  CHECK(take() == 0);
}

TEST_CASE("Segment: a slot in use is waited for, though nothing is in it yet") {
  Fixture f;
  hp_slot* slot = f.segment.view().slot(0);
  host::SlotSnapshot s;
  CHECK(f.segment.take(0, s));
  slot->owner = 1; /* its firing may be about to write */
  CHECK(!f.segment.take(0, s, 100'000));
  slot->owner = 0;
  CHECK(f.segment.take(0, s));
}

TEST_CASE("Segment: every firing that ran before the end is in the last round") {
  for (int round = 0; round < 30; round++) {
    Fixture f;
    std::atomic<bool> started{false};
    std::thread guest([&] {
      hp_firing firing = f.firing;
      firing.host_tid = ::gettid();
      while (f.program->fire_id(kOpen, firing)) started = true;
    });
    while (!started) std::this_thread::yield();
    f.segment.set_state(HP_STATE_DRAINING);
    host::SlotSnapshot s;
    uint64_t counted = 0;
    for (uint32_t i = 0; i < f.segment.view().nslots(); i++) {
      while (!f.segment.take(i, s)) {
      }
      s.for_each_aggregation(f.program->object(),
                             [&](const hp_agg_entry&, auto, auto words) { counted += words[0]; });
    }
    guest.join();
    CHECK(counted == f.g().entries);
  }
}

/* What look() finds in all slots: firings counted, and records, which are taken. */
struct Looked {
  uint64_t counted = 0, records = 0;
};
Looked look(host::Segment& segment, const Object& object) {
  host::SlotSnapshot first, second;
  Looked found;
  for (uint32_t i = 0; i < segment.view().nslots(); i++) {
    segment.look(i, first, second);
    for (host::SlotSnapshot* s : {&first, &second}) {
      s->for_each_aggregation(
          object, [&](const hp_agg_entry&, auto, auto words) { found.counted += words[0]; });
      s->for_each_record([&](const hp_rec& r) { found.records += r.kind == HP_REC_CLAUSE; });
    }
  }
  return found;
}

TEST_CASE("Segment: a look leaves the aggregations and takes the records") {
  for (const uint32_t policy : {HP_BUF_SWITCH, HP_BUF_RING}) {
    host::SegmentOptions options;
    options.bufpolicy = policy;
    Fixture f(options);
    const bool kept = policy != HP_BUF_SWITCH;
    for (uint64_t round = 1; round < 6; round++) {
      f.program->fire_id(kOpen, f.firing);
      f.program->fire_id(kWriteReturn, f.firing);
      const Looked found = look(f.segment, f.program->object());
      CHECK(found.counted == round);
      CHECK(found.records == (kept ? 0 : 1));
      CHECK(look(f.segment, f.program->object()).counted == round);
    }
  }
}

TEST_CASE("Segment: looks at what fires meanwhile miss nothing and see nothing twice") {
  host::SegmentOptions options;
  options.ncpus = 4; /* more slots than threads: none is ever missing */
  Fixture f(options);
  ArrayMemory memory("what open() reads");
  f.firing.args[1] = memory.address();
  f.firing.mem = static_cast<GuestAccess*>(&memory);
  constexpr int kGuests = 3, kLooks = 300;
  std::atomic<bool> stop{false};
  std::atomic<uint64_t> fired{0}, records{0};
  std::vector<std::thread> guests;
  for (int i = 0; i < kGuests; i++)
    guests.emplace_back([&] {
      hp_firing firing = f.firing;
      firing.host_tid = ::gettid();
      while (!stop) {
        if (f.program->fire_id(kOpen, firing)) fired++;
        if (f.program->fire_id(kWriteReturn, firing)) records++;
      }
    });
  uint64_t taken = 0, last = 0, least = 0;
  for (int i = 0; i < kLooks || fired < 20'000; i++) {
    const uint64_t before = fired;
    const Looked found = look(f.segment, f.program->object());
    /* Each thread may be between a firing and its count. */
    CHECK(found.counted <= fired + kGuests);
    least +=
        found.counted < before; /* a slot whose holder did not run was read in place: complete */
    CHECK(found.counted >= last);
    last = found.counted;
    taken += found.records;
  }
  CHECK(least == 0);
  stop = true;
  for (std::thread& g : guests) g.join();
  const Looked found = look(f.segment, f.program->object());
  CHECK(f.segment.drops(HP_DROP_SLOTBUSY) == 0);
  CHECK(found.counted == fired);
  CHECK(found.counted == f.g().entries);
  CHECK(taken + found.records == records - f.segment.drops(HP_DROP_PRINCIPAL));
}

TEST_CASE("Segment: a look at a slot held by a stopped firing reads what is complete") {
  host::SegmentOptions options;
  options.ncpus = 1;
  Fixture f(options);
  for (int i = 0; i < 3; i++) f.program->fire_id(kOpen, f.firing);
  CHECK(look(f.segment, f.program->object()).counted == 3);
  for (uint32_t i = 0; i < f.segment.view().nslots(); i++) f.segment.view().slot(i)->owner = 1;
  CHECK(look(f.segment, f.program->object()).counted == 3);
}

TEST_CASE("Segment: a slot held by a stopped firing can still be looked at in the end") {
  host::SegmentOptions options;
  options.ncpus = 1;
  Fixture f(options);
  f.program->fire_id(kWriteReturn, f.firing);
  f.segment.view().slot(0)->owner = 1;
  host::SlotSnapshot s;
  CHECK(!f.segment.take(0, s, 100'000));
  CHECK(s.empty());
  f.segment.peek(0, s);
  int n = 0;
  s.for_each_record([&](const hp_rec&) { n++; });
  CHECK(n == 1);
}

TEST_CASE("Segment: nonsense written by another process is skipped and counted") {
  host::SegmentOptions options;
  options.ncpus = 1;
  Fixture f(options);
  const auto& v = f.segment.view();
  hp_slot* slot = v.slot(0);
  host::SlotSnapshot s;
  auto taken = [&] {
    int n = 0;
    REQUIRE(f.segment.take(0, s));
    s.for_each_record([&](const hp_rec&) { n++; });
    s.for_each_aggregation(f.program->object(), [&](const hp_agg_entry&, auto, auto) { n++; });
    return n;
  };
  auto write_record = [&](uint32_t size) {
    auto* r = reinterpret_cast<hp_rec*>(v.principal(slot, slot->active));
    *r = {};
    r->size = size;
    slot->principal[slot->active].used = 64;
  };
  for (uint32_t size : {0u, 8u, 31u, 72u, ~0u}) {
    uint64_t before = s.malformed();
    write_record(size);
    CHECK(taken() == 0);
    CHECK(s.malformed() == before + 1);
  }
  write_record(64);
  CHECK(taken() == 1);
  slot->principal[slot->active].used = ~0ull;
  CHECK(taken() == 0);

  auto write_entry = [&](uint32_t bucket, hp_agg_entry entry) {
    uint8_t* half = v.aggregation(slot, slot->active);
    reinterpret_cast<uint32_t*>(half)[17] = bucket;
    *reinterpret_cast<hp_agg_entry*>(half + HP_AGG_BUCKETS * 4) = entry;
    slot->agg[slot->active].used = 32;
  };
  constexpr uint32_t kFirst = HP_AGG_BUCKETS * 4 / 8;
  write_entry(kFirst, {.keysize = 8});
  CHECK(taken() == 1);
  uint64_t before = s.malformed();
  write_entry(kFirst, {.next = kFirst, .keysize = 8}); /* a cycle */
  CHECK(taken() <= 2);
  for (uint32_t b = 0; b < 64; b++) /* many chains into a cycle */
    reinterpret_cast<uint32_t*>(v.aggregation(slot, slot->active))[b] = kFirst;
  write_entry(kFirst, {.next = kFirst, .keysize = 8});
  CHECK(taken() <= 2);
  before += 64;
  write_entry(kFirst, {.agg = 1, .keysize = 8});
  CHECK(taken() == 0);
  write_entry(kFirst, {.keysize = 16});
  CHECK(taken() == 0);
  write_entry(kFirst, {.keysize = ~7u});
  CHECK(taken() == 0);
  write_entry(~0u, {.keysize = 8});
  CHECK(taken() == 0);
  write_entry(1, {.keysize = 8}); /* inside the bucket array */
  CHECK(taken() == 0);
  CHECK(s.malformed() == before + 6);
}

TEST_CASE("SegmentView: a header that contradicts itself is refused") {
  Fixture f;
  hp_seg_header good = *f.segment.header();
  auto refused = [&](auto change) {
    *f.segment.header() = good;
    change(*f.segment.header());
    bool bad = !handler::SegmentView::attach(f.segment.fd());
    *f.segment.header() = good;
    return bad;
  };
  CHECK(!refused([](hp_seg_header&) {}));
  CHECK(refused([](hp_seg_header& h) { h.magic = 0; }));
  CHECK(refused([](hp_seg_header& h) { h.size++; }));
  CHECK(refused([](hp_seg_header& h) { h.probes_off = 0; }));
  CHECK(refused([](hp_seg_header& h) { h.max_probes = ~0u; }));
  CHECK(refused([](hp_seg_header& h) { h.globals_off = h.size; }));
  CHECK(refused([](hp_seg_header& h) { h.dynvars_size = ~0ull; }));
  CHECK(refused([](hp_seg_header& h) { h.nslots = 60000; }));
  CHECK(refused([](hp_seg_header& h) { h.slot_stride = ~7ull; }));
  CHECK(refused([](hp_seg_header& h) { h.principal_size = ~7ull; }));
  CHECK(refused([](hp_seg_header& h) { h.agg_size = 8; }));
  CHECK(refused([](hp_seg_header& h) { h.strsize = 0; }));
}

TEST_CASE("Segment: its end returns the memory and is seen by those who still map it") {
  Fixture f;
  auto guest = f.load({"web1", ""});
  for (uint32_t cpu = 0; cpu < 4; cpu++) {
    f.firing.cpu = cpu;
    guest->fire_id(kWriteReturn, f.firing);
    guest->fire_id(kOpen, f.firing);
  }
  Fd memory(::dup(f.segment.fd()));
  auto blocks = [&] {
    struct stat st;
    REQUIRE(::fstat(memory.get(), &st) == 0);
    return st.st_blocks;
  };
  auto before = blocks();
  {
    host::Segment ended = std::move(f.segment);
  }
  CHECK(blocks() < before);
  CHECK(guest->segment().state() == HP_STATE_DEAD);
  CHECK(!guest->fire_id(kOpen, f.firing));
}
