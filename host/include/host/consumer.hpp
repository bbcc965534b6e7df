/* Consumer: reads a program segment and tells a Sink what happened, in order.
 *
 *     Consumer consumer(object, segment, sink, options);
 *     loop: consumer.consume();          every switchrate, and when consumer.pressing()
 *     ... END ran, guests are done ...
 *     consumer.finish();
 *
 * Each round takes every slot's records and aggregations. Aggregations are merged first; then the
 * records of all slots run in the order of their time stamps, each record's actions in program order:
 * what printa(), clear(), trunc() and normalize() see is the consumer's own table. Records written
 * while a round was collecting wait for the next one, so that order holds across slots.
 *
 * The segment is written by other processes: every record is checked against the object's
 * descriptions; one that does not fit is counted and reported as damaged, and skipped.
 *
 * One thread. object, segment and sink must outlive the consumer. */
#pragma once
#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "host/aggregation.hpp"
#include "host/aggregation_look.hpp"
#include "host/segment.hpp"
#include "host/sink.hpp"
#include "host/symbols.hpp"
#include "transport/object.hpp"

namespace hp::host {

struct ConsumerOptions {
  bool droptags = false; /* -x droptags */
  bool look = false;     /* aggregations stay in the segment, for who looks next */
};

class Consumer {
 public:
  Consumer(const Object&, Segment&, Sink&, ConsumerOptions);

  /* One round; none of records while buffers are kept for the end (bufpolicy fill, ring). */
  void consume() {
    if (!kept() || look_) round(false);
  }
  /* Kept buffers, when tracing has ended and END is still to come. */
  void consume_kept() {
    if (segment_.header()->bufpolicy == HP_BUF_FILL) round(true);
  }
  /* The last round: everything, stuck slots too; then what was dropped. */
  void finish();

  /* Is some buffer filling up, so that the next round should not wait? Cheap. */
  bool pressing() const;
  /* Status of the last exit() whose record was consumed, or of the segment. */
  std::optional<int> exit_status() const;
  /* Reports drops since the last call; finish() does too. Every statusrate. */
  void report_drops();
  /* Records and aggregation entries that did not fit the object, and were skipped. */
  uint64_t damaged() const { return damaged_ + snapshot_.malformed(); }

  const AggregationTable& table() const { return table_; }
  const Names& names() const { return names_; }

 private:
  struct Pending {
    uint64_t timestamp;
    uint64_t sequence; /* keeps the order within a slot */
    std::vector<uint64_t> bytes;
  };
  void round(bool last);
  bool kept() const { return segment_.header()->bufpolicy != HP_BUF_SWITCH; }
  void look_at_slots(bool last);
  void take_slots(bool last);
  void collect(SlotSnapshot&);
  void refresh_names();
  void record(const hp_rec&);
  void clause(const hp_rec&);
  bool action(const hp_rec&, const hp_rec_action&, std::span<const std::byte> data);
  void error(const hp_rec&);
  void check(const hp_rec&, const Result<>& done);
  const Shape* shape(uint32_t string);
  const Format* format(uint32_t string);

  const Object& object_;
  Segment& segment_;
  Sink& sink_;
  ConsumerOptions options_;
  AggregationTable table_;
  std::optional<AggregationLook> look_; /* with options.look */
  bool taken_ = false;                  /* what look_ has is nowhere else any more */
  Symbols symbols_;
  Names names_;
  SlotSnapshot snapshot_, older_;
  std::vector<Pending> pending_;
  uint64_t sequence_ = 0;
  bool more_ = false;                                 /* RecordInfo::more of the record at hand */
  std::map<uint32_t, std::optional<Format>> formats_; /* by string offset */
  std::map<uint32_t, std::optional<Shape>> shapes_;   /* likewise */
  std::optional<int> exit_status_;
  uint64_t drops_[HP_DROP_MAX] = {};
  std::vector<std::array<uint64_t, 2>> drops_on_cpu_; /* principal, aggregation */
  uint64_t damaged_ = 0, damaged_reported_ = 0;       /* records that did not fit the object */
  bool uses_guests_ = false;
  std::vector<hp_seg_guest> known_guests_; /* what names_.guests was made from, by vmid */
};

}  // namespace hp::host
