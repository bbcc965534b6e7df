/* libFuzzer: a program segment whose slot 0 was written by a broken or hostile process. Taking it
 * must stay within the segment and the object's tables, and so must printing what was taken. Input:
 * the first bytes say how full each buffer claims to be, the rest is what stands in the two buffers. */
#include <cstring>

#include "host/consumer.hpp"
#include "host/segment.hpp"
#include "host/text_sink.hpp"
#include "transport/fd.hpp"

namespace {

struct World {
  hp::Object object;
  hp::host::Segment segment;
};

World& world() {
  static World w = [] {
    auto bytes = hp::read_file(std::getenv("HP_FUZZ_OBJECT"));
    HP_CHECK(bytes.has_value());
    auto object = hp::Object::parse(*bytes);
    HP_CHECK(object.has_value());
    hp::host::SegmentOptions options;
    options.bufsize = options.aggsize = 64 << 10;
    options.ncpus = 1;
    auto segment = hp::host::Segment::create(*object, options);
    HP_CHECK(segment.has_value());
    return World{std::move(*object), std::move(*segment)};
  }();
  return w;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  auto& [object, segment] = world();
  const auto& view = segment.view();
  hp_slot* slot = view.slot(0);
  uint64_t used[2] = {};
  if (size < sizeof used) return 0;
  std::memcpy(used, data, sizeof used);
  data += sizeof used;
  size -= sizeof used;
  uint32_t half = slot->active & 1;
  auto put = [&](uint8_t* to, uint64_t room) {
    uint64_t n = size < room ? size : room;
    std::memcpy(to, data, n);
  };
  put(view.principal(slot, half), view.principal_size());
  /* Chains: buckets named by the input's first words, entries behind them. */
  std::memset(view.aggregation(slot, half), 0, HP_AGG_BUCKETS * 4);
  put(view.aggregation(slot, half) + HP_AGG_BUCKETS * 4 - 64, view.agg_size() - HP_AGG_BUCKETS * 4);
  /* Mostly what can be, so that the records are looked at. */
  auto claimed = [](uint64_t n, uint64_t room) { return n >> 63 ? n : n % (room + 1); };
  slot->principal[half].used = claimed(used[0], view.principal_size());
  slot->agg[half].used = claimed(used[1], view.agg_size());
  slot->owner = 0;
  const uint64_t principal = slot->principal[half].used, aggregated = slot->agg[half].used;

  hp::host::SlotSnapshot snapshot;
  if (!segment.take(0, snapshot, 0)) return 0;
  uint64_t sum = 0;
  snapshot.for_each_record([&](const hp_rec& r) {
    const auto* bytes = reinterpret_cast<const uint8_t*>(&r);
    for (uint32_t i = 0; i < r.size; i++) sum += bytes[i];
  });
  snapshot.for_each_aggregation(object, [&](const hp_agg_entry& e, auto key, auto value) {
    HP_CHECK(e.agg < object.aggs().size());
    for (uint8_t b : key) sum += b;
    for (uint64_t w : value) sum += w;
  });
  volatile uint64_t seen = sum;
  (void)seen;

  /* Again, by who prints it. */
  half = slot->active & 1;
  put(view.principal(slot, half), view.principal_size());
  std::memset(view.aggregation(slot, half), 0, HP_AGG_BUCKETS * 4);
  put(view.aggregation(slot, half) + HP_AGG_BUCKETS * 4 - 64, view.agg_size() - HP_AGG_BUCKETS * 4);
  slot->principal[half].used = principal;
  slot->agg[half].used = aggregated;
  auto output = hp::host::Output::open("/dev/null");
  HP_CHECK(output.has_value());
  hp::host::TextSink sink(*output, {}, "fuzz");
  hp::host::Consumer consumer(object, segment, sink, {});
  consumer.consume();
  consumer.finish();
  sink.remaining(consumer.table());
  HP_CHECK(output->flush().has_value());
  return 0;
}
