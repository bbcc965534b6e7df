/* The consumer against records and aggregations written into a real segment, as handlers do. */
#include "host/consumer.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <sstream>

#include "actions.h"
#include "host/printf.hpp"
#include "host/text.hpp"
#include "host/text_sink.hpp"

using namespace hp;
using namespace hp::host;

namespace {

template <class T>
T value(Result<T> r) {
  REQUIRE_MESSAGE(r.has_value(), (r ? std::string() : r.error().message));
  if constexpr (!std::is_void_v<T>) return std::move(*r);
}

/* A record under construction. */
class Record {
 public:
  explicit Record(uint64_t timestamp, uint32_t clause = 0) {
    hp_rec r{};
    r.kind = HP_REC_CLAUSE;
    r.cpu = 3;
    r.clause = clause;
    r.timestamp = timestamp;
    add(&r, sizeof r);
  }
  Record& action(uint32_t index) {
    const hp_rec_action a{index, sizeof a};
    at_ = bytes_.size();
    add(&a, sizeof a);
    return *this;
  }
  Record& number(int64_t n) { return field(&n, sizeof n); }
  Record& text(std::string_view s) {
    const uint64_t n = s.size();
    field(&n, sizeof n);
    return field(s.data(), s.size());
  }
  Record& bytes(std::string_view s) { return field(s.data(), s.size()); }
  hp_rec& head() { return *reinterpret_cast<hp_rec*>(bytes_.data()); }
  std::vector<uint64_t> done() {
    head().size = static_cast<uint32_t>(bytes_.size());
    std::vector<uint64_t> out(bytes_.size() / 8);
    std::memcpy(out.data(), bytes_.data(), bytes_.size());
    return out;
  }

 private:
  void add(const void* data, size_t n) {
    bytes_.append(static_cast<const char*>(data), n);
    bytes_.append((8 - bytes_.size() % 8) % 8, '\0');
  }
  Record& field(const void* data, size_t n) {
    add(data, n);
    reinterpret_cast<hp_rec_action*>(bytes_.data() + at_)->size =
        static_cast<uint32_t>(bytes_.size() - at_);
    return *this;
  }
  std::string bytes_;
  size_t at_ = 0;
};

struct Fixture {
  std::string path = "/tmp/hp-consumer-test-" + std::to_string(::getpid());
  Object object = value(Object::parse(value(read_file(HP_CONSUMER_OBJECT))));
  Segment segment =
      value(Segment::create(object, SegmentOptions{.bufsize = 64 << 10, .aggsize = 64 << 10}));
  Output output;
  std::unique_ptr<TextSink> sink;
  std::unique_ptr<Consumer> consumer;

  explicit Fixture(bool quiet = true) {
    ::unlink(path.c_str());
    output = value(Output::open(path));
    value(segment.add_probe(1, "dtrace", "", "", "BEGIN"));
    value(segment.set_guest(7, "web1", "web1.local"));
    sink = std::make_unique<TextSink>(output, TextOptions{.quiet = quiet});
    consumer = std::make_unique<Consumer>(object, segment, *sink, ConsumerOptions{});
  }
  ~Fixture() { ::unlink(path.c_str()); }

  void put(Record r, uint32_t slot = 0) {
    hp_slot* s = segment.view().slot(slot);
    const std::vector<uint64_t> bytes = r.done();
    hp_buf& buf = s->principal[s->active];
    std::memcpy(segment.view().principal(s, s->active) + buf.used, bytes.data(), bytes.size() * 8);
    buf.used += bytes.size() * 8;
  }
  void put_words(std::vector<uint64_t> words, uint32_t slot = 0) {
    hp_slot* s = segment.view().slot(slot);
    hp_buf& buf = s->principal[s->active];
    std::memcpy(segment.view().principal(s, s->active) + buf.used, words.data(), words.size() * 8);
    buf.used += words.size() * 8;
  }
  /* One entry of an aggregation with a short text as key. */
  void aggregate(uint32_t agg, const char* key, uint64_t n, uint32_t slot = 0) {
    hp_slot* s = segment.view().slot(slot);
    hp_aggbuf& buf = s->agg[s->active];
    uint8_t* base = segment.view().aggregation(s, s->active);
    auto* bucket = reinterpret_cast<uint32_t*>(base);
    struct {
      hp_agg_entry head;
      uint64_t length;
      char text[8];
      uint64_t value;
    } e{{*bucket, 0, agg, 16}, std::strlen(key), {}, n};
    std::memcpy(e.text, key, std::strlen(key));
    const uint64_t at = HP_AGG_BUCKETS * 4 + buf.used;
    std::memcpy(base + at, &e, sizeof e);
    buf.used += sizeof e;
    ++buf.entries;
    *bucket = static_cast<uint32_t>(at / 8);
  }
  std::string text() {
    value(output.flush());
    std::ifstream in(path);
    std::stringstream all;
    all << in.rdbuf();
    return all.str();
  }
};

}  // namespace

TEST_CASE("rows, values and the newline at the end of a record") {
  Fixture f(false);
  f.put(Record(1).action(A_TRACE).number(-5).action(A_TRACE_STR).text("hi"));
  f.put(Record(2, 1));
  f.consumer->finish();
  CHECK(
      f.text() ==
      "CPU     ID                    FUNCTION:NAME\n"
      "  3      1                           :BEGIN          -5  hi                               \n"
      "  3      1                           :BEGIN \n");
}

TEST_CASE("quiet prints only what is asked for") {
  Fixture f;
  f.put(Record(1).action(A_PRINTF).text("n is").number(7));
  f.put(Record(2, 1));
  f.consumer->finish();
  CHECK(f.text() == "n is 7\n");
}

TEST_CASE("records of all slots come in the order of time, those of one time in order of writing") {
  Fixture f;
  f.put(Record(30).action(A_PRINTF).text("c").number(30), 0);
  f.put(Record(10).action(A_PRINTF).text("a").number(10), 1);
  f.put(Record(20).action(A_PRINTF).text("b").number(20), 2);
  f.put(Record(20).action(A_PRINTF).text("b").number(21), 2);
  f.consumer->consume();
  CHECK(f.text() == "a 10\nb 20\nb 21\nc 30\n");
}

TEST_CASE("a record from the future waits for the round that it belongs to") {
  Fixture f;
  f.put(Record(UINT64_MAX - 1).action(A_PRINTF).text("late").number(1), 0);
  f.put(Record(1).action(A_PRINTF).text("early").number(2), 1);
  f.consumer->consume();
  CHECK(f.text() == "early 2\n");
  f.put(Record(2).action(A_PRINTF).text("second").number(3), 1);
  f.consumer->finish();
  CHECK(f.text() == "early 2\nsecond 3\nlate 1\n");
}

TEST_CASE("aggregations of all slots merge, printa sees what this round merged") {
  Fixture f;
  f.aggregate(0, "x", 2, 0);
  f.aggregate(0, "x", 3, 1);
  f.aggregate(0, "y", 1, 1);
  f.aggregate(1, "y", 9, 2);
  f.put(Record(1).action(A_PRINTA_ROW).action(A_PRINTA).action(A_PRINTA_BOTH));
  f.consumer->consume();
  const std::string pad(49, ' ');
  CHECK(f.text() == "y=1\nx=5\n\n  y" + pad + "                1\n  x" + pad +
                        "                5\ny 1 9\nx 5 0\n");
}

TEST_CASE("clear, trunc, normalize act in the order of the record") {
  Fixture f;
  for (const char* key : {"x", "y", "z"})
    f.aggregate(0, key, static_cast<uint64_t>(key[0] - 'w') * 10);
  f.put(Record(1)
            .action(A_TRUNC)
            .number(2)
            .action(A_NORMALIZE)
            .number(10)
            .action(A_PRINTA_ROW)
            .action(A_DENORMALIZE)
            .action(A_PRINTA_ROW)
            .action(A_CLEAR)
            .action(A_PRINTA_ROW));
  f.consumer->consume();
  CHECK(f.text() == "y=2\nz=3\ny=20\nz=30\ny=0\nz=0\n");
}

TEST_CASE("a consumer that looks sees the whole each time, and leaves it to the next") {
  Fixture f;
  const auto attach = [&] {
    f.consumer =
        std::make_unique<Consumer>(f.object, f.segment, *f.sink, ConsumerOptions{.look = true});
  };
  attach();
  f.aggregate(0, "x", 2, 0);
  f.aggregate(0, "x", 3, 1);
  f.aggregate(0, "y", 1, 1);
  f.put(Record(1).action(A_PRINTA_ROW));
  f.consumer->consume();
  f.consumer->consume();
  f.aggregate(0, "x", 10, 1);
  f.put(Record(2).action(A_PRINTA_ROW));
  f.consumer->consume();
  attach();
  f.put(Record(3).action(A_PRINTA_ROW));
  f.consumer->consume();
  CHECK_FALSE(f.consumer->pressing());
  CHECK(f.text() == "y=1\nx=5\ny=1\nx=15\ny=1\nx=15\n");
}

TEST_CASE("clear and trunc of a consumer that looks are its own, and hold") {
  Fixture f;
  const auto attach = [&] {
    f.consumer =
        std::make_unique<Consumer>(f.object, f.segment, *f.sink, ConsumerOptions{.look = true});
  };
  attach();
  for (const char* key : {"x", "y", "z"})
    f.aggregate(0, key, static_cast<uint64_t>(key[0] - 'w') * 10);
  f.put(Record(1).action(A_TRUNC).number(2).action(A_PRINTA_ROW).action(A_CLEAR));
  f.consumer->consume();
  CHECK(f.text() == "y=20\nz=30\n");
  f.aggregate(0, "x", 1);
  f.aggregate(0, "z", 2);
  f.put(Record(2).action(A_PRINTA_ROW));
  f.consumer->consume();
  CHECK(f.text() == "y=20\nz=30\ny=0\nx=1\nz=2\n");
  attach();
  f.put(Record(3).action(A_PRINTA_ROW));
  f.consumer->consume();
  CHECK(f.text() == "y=20\nz=30\ny=0\nx=1\nz=2\nx=11\ny=20\nz=32\n");
}

TEST_CASE("what no printa printed is left for the end") {
  Fixture f;
  f.aggregate(0, "x", 1);
  f.aggregate(1, "y", 2);
  f.put(Record(1).action(A_PRINTA_ROW));
  f.consumer->finish();
  f.sink->remaining(f.consumer->table());
  CHECK(f.text() == "x=1\n  y" + std::string(49, ' ') + "                2\n");
}

TEST_CASE("exit() carries its status") {
  Fixture f;
  CHECK_FALSE(f.consumer->exit_status().has_value());
  f.put(Record(1).action(A_EXIT).number(42));
  f.consumer->consume();
  CHECK(f.consumer->exit_status() == 42);
}

TEST_CASE("tracemem, stacks, guests' names") {
  Fixture f;
  const uint64_t pcs[] = {0x1000, 0x2000, 0};
  f.put(Record(1)
            .action(A_TRACEMEM)
            .bytes("ABCD")
            .number(2)
            .action(A_USTACK)
            .bytes({reinterpret_cast<const char*>(pcs), sizeof pcs})
            .action(A_TRACE_VM)
            .number(7));
  f.consumer->consume();
  CHECK(f.text() ==
        "\n             0  1  2  3  4  5  6  7  8  9  a  b  c  d  e  f  0123456789abcdef\n"
        "         0: 41 42                                            AB\n"
        "\n              0x1000\n              0x2000\n"
        "web1");
}

TEST_CASE("freopen, ftruncate, system and setopt") {
  Fixture f;
  const std::string other = f.path + ".other";
  ::unlink(other.c_str());
  std::string set;
  f.sink->on_setopt([&](const std::string& name, const std::string& v) -> Result<> {
    set = name + "=" + v;
    return {};
  });
  f.put(Record(1)
            .action(A_PRINTF)
            .text("gone")
            .number(0)
            .action(A_FTRUNCATE)
            .action(A_PRINTF)
            .text("here")
            .number(1)
            .action(A_FREOPEN)
            .text(other)
            .action(A_PRINTF)
            .text("there")
            .number(2)
            .action(A_FREOPEN)
            .text("")
            .action(A_PRINTF)
            .text("back")
            .number(3)
            .action(A_SETOPT)
            .text("quiet")
            .text("1"));
  f.consumer->consume();
  CHECK(f.text() == "here 1\nback 3\n");
  CHECK(value(read_file(other)) == "there 2\n");
  CHECK(set == "quiet=1");
  ::unlink(other.c_str());
}

TEST_CASE("damaged records are skipped, the rest is printed") {
  Fixture f;
  f.put(Record(1).action(A_PRINTF).text("good").number(1));
  Record wrong_clause(2, 99), wrong_probe(2), wrong_kind(2), short_action(2);
  wrong_probe.head().probe = 1234;
  wrong_kind.head().kind = 9;
  f.put(wrong_clause);
  f.put(wrong_probe);
  f.put(wrong_kind);
  f.put(Record(3).action(99).number(1));
  f.put(Record(3).action(A_PRINTF).number(1 << 20)); /* a string longer than the record */
  f.put(Record(3).action(A_TRACE));                  /* a field is missing */
  f.put(Record(4).action(A_PRINTF).text("also").number(2));
  f.put_words({7, 0, 0, 0}); /* a size that is none */
  f.consumer->finish();
  CHECK(f.text() == "good 1\nalso 2\n");
}

TEST_CASE("a filling buffer presses") {
  Fixture f;
  CHECK_FALSE(f.consumer->pressing());
  hp_slot* s = f.segment.view().slot(1);
  s->principal[s->active].used = f.segment.view().principal_size() / 2;
  CHECK(f.consumer->pressing());
}

TEST_CASE("a full disk is an error, not silence") {
  Output full = value(Output::open("/dev/full"));
  full.write("x");
  const Result<> r = full.flush();
  REQUIRE_FALSE(r.has_value());
  CHECK(r.error().message.find("failed to write to /dev/full") == 0);
  CHECK_FALSE(full.flush().has_value());
}

TEST_CASE("-F indents what happens between an entry and its return") {
  Fixture f;
  f.sink->set_options({.quiet = true, .flowindent = true});
  const auto at = [&](uint32_t probe, uint64_t time, uint32_t clause = 1) {
    Record r(time, clause);
    r.head().probe = probe;
    f.put(r);
  };
  const uint32_t entry = value(f.segment.add_probe(10, "syscall", "vmlinux", "read", "entry"));
  const uint32_t leave = value(f.segment.add_probe(11, "syscall", "vmlinux", "read", "return"));
  at(entry, 1);
  at(entry, 1, 0);
  at(0, 2);
  at(leave, 3);
  f.consumer->finish();
  const auto line = [](std::string s) {
    return "  3 " + s + std::string(41 - s.size(), ' ') + " ";
  };
  CHECK(f.text() == "CPU FUNCTION                                 \n" + line(" => read") +
                        line("   | read:entry") + line("   | :BEGIN") + line(" <= read"));
}

namespace {

/* Reads everything it is given, does nothing with it. */
struct ReadingSink final : Sink {
  uint64_t sum = 0;
  void read(std::string_view s) {
    for (const char c : s) sum += static_cast<unsigned char>(c);
  }
  void begin(const RecordInfo& r) override { read(r.probe->name); }
  void end(const RecordInfo&) override {}
  void traced(const Value& v) override { read(v.text); }
  void packet(const Packet& p) override { read(packet_bytes(p)); }
  void printed(const Shape&, std::span<const Value> v) override { read(v.back().text); }
  void memory(std::string_view bytes) override { read(bytes); }
  void stack(const Value& v) override {
    for (const uint64_t pc : stack_frames(v)) sum += pc;
  }
  void symbol(const Value& v) override { sum += v.number; }
  void formatted(const Format& f, std::span<const Value> values) override {
    std::string out;
    append_printf(out, f, values);
    read(out);
  }
  void aggregations(const AggregationTable& t, std::span<const uint32_t> aggs,
                    const Format*) override {
    for (const AggregationTable::Row& row : t.joined(aggs, {})) {
      std::string out;
      append_aggregation_row(out, *row.key, row.values);
      read(out);
    }
  }
  Result<> redirect(const std::string& path) override { return read(path), Result<>{}; }
  Result<> run(const std::string& command) override { return read(command), Result<>{}; }
  void truncate() override {}
  Result<> setopt(const std::string& name, const std::string& value) override {
    return read(name + value), Result<>{};
  }
  void message(const std::string& line) override { read(line); }
};

}  // namespace

TEST_CASE("whatever other processes write into the segment, the consumer ends and stays whole") {
  Fixture f;
  ReadingSink sink;
  uint64_t state = 12345; /* xorshift: the same bytes in every run */
  const auto random = [&](uint64_t below) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state % below;
  };
  const handler::SegmentView& view = f.segment.view();
  uint64_t records = 0;
  for (int i = 0; i < 20000; ++i) {
    Consumer consumer(f.object, f.segment, sink, {});
    const auto slot = static_cast<uint32_t>(random(view.nslots()));
    f.put(Record(1).action(A_PRINTF).text("some text").number(1), slot);
    f.put(Record(2).action(A_TRACEMEM).bytes("ABCD").number(4).action(A_PRINTA_BOTH), slot);
    for (const char* key : {"x", "y", "z"})
      f.aggregate(static_cast<uint32_t>(random(2)), key, 7, slot);
    hp_slot* s = view.slot(slot);
    uint8_t* const parts[] = {view.principal(s, s->active), view.aggregation(s, s->active)};
    const uint64_t sizes[] = {s->principal[s->active].used,
                              HP_AGG_BUCKETS * 4 + s->agg[s->active].used};
    for (uint64_t n = random(6); n > 0; --n) {
      const uint64_t part = random(2);
      const uint64_t at = part == 1 && random(2) ? sizes[1] - 1 - random(200) : random(sizes[part]);
      parts[part][at] = static_cast<uint8_t>(random(3) ? random(256) : random(2) * 255);
    }
    if (random(20) == 0) s->principal[s->active].used = random(UINT64_MAX);
    if (random(20) == 0) s->agg[s->active].used = random(UINT64_MAX);
    consumer.finish();
    records += sink.sum != 0;
    /* Whatever a lie about sizes left behind must not reach the next round. */
    std::memset(view.aggregation(s, s->active), 0, HP_AGG_BUCKETS * 4);
    s->principal[s->active].used = s->agg[s->active].used = s->agg[s->active].entries = 0;
  }
  CHECK(records > 0);
}
