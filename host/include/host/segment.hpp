/* Segment: making, describing and draining a program segment (segment.h), as the consumer does.
 *
 *     Segment segment = HP_TRY(Segment::create(object, options));
 *     uint32_t probe = HP_TRY(segment.add_probe(id, "syscall", "vmlinux", "read", "entry"));
 *     ... hand segment.fd() to the guests, set_state(HP_STATE_ACTIVE) ...
 *     SlotSnapshot snapshot;
 *     for (uint32_t i = 0; i < segment.view().nslots(); i++)
 *       if (segment.take(i, snapshot)) {
 *         snapshot.for_each_record([](const hp_rec& record) { ... });
 *         snapshot.for_each_aggregation(object, [](const hp_agg_entry&, key, value) { ... });
 *       }
 *
 * Other processes write the segment while this one reads it, and one of them may be broken: data is
 * copied to private memory first, then every size and offset in the copy is checked; what does not
 * hold is skipped and counted as malformed. The memfd is sparse: only what is used costs memory.
 *
 * One thread per Segment object; any number of processes may fire meanwhile. */
#pragma once
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "handler/segment_view.hpp"
#include "transport/object.hpp"

namespace hp::host {

struct SegmentOptions { /* sizes in bytes */
  uint32_t bufpolicy = HP_BUF_SWITCH;
  uint64_t bufsize = 4 << 20; /* principal buffer of one slot (each of two halves) */
  uint64_t aggsize = 4 << 20; /* aggregation buffer of one slot (each of two halves) */
  uint64_t dynvarsize = 1 << 20;
  uint64_t specsize = 32 << 10; /* of one speculation */
  uint32_t nspec = 1;           /* speculations, if the program speculates */
  uint64_t scratchsize = 256 << 10;
  uint32_t ncpus = 0; /* 0: those configured; slots are twice as many, at least 4 */
  uint32_t max_probes = 4096;
  int64_t target_pid = 0; /* $target */
};

/* The data of one slot since the last time, in private memory. Reuse one for many slots. */
class SlotSnapshot {
 public:
  /* f(const hp_rec&): the record with its payload behind the header, record.size bytes in all. */
  template <class F>
  void for_each_record(F f) {
    for (size_t at = 0; at < record_bytes_;) {
      const auto* r = reinterpret_cast<const hp_rec*>(bytes(records_) + at);
      if (record_bytes_ - at < sizeof(hp_rec) || r->size < sizeof(hp_rec) || r->size % 8 != 0 ||
          r->size > record_bytes_ - at) {
        malformed_++;
        return;
      }
      at += r->size;
      f(*r);
    }
  }
  /* f(const hp_agg_entry&, std::span<const uint8_t> key, std::span<const uint64_t> value). Checked:
   * entry.agg is in the object's table, key and value lie in the buffer. */
  template <class F>
  void for_each_aggregation(const Object& object, F f) {
    if (aggregation_bytes_ < kBuckets) return;
    const auto* buckets = reinterpret_cast<const uint32_t*>(aggregation_.data());
    uint64_t left = (aggregation_bytes_ - kBuckets) / sizeof(hp_agg_entry); /* ends any cycle */
    for (uint32_t b = 0; b < HP_AGG_BUCKETS; b++)
      for (uint32_t next = buckets[b]; next != 0;) {
        const hp_agg_entry* e = entry_at(object, next);
        if (!e || left == 0) {
          malformed_++;
          break;
        }
        left--;
        const auto* key = reinterpret_cast<const uint8_t*>(e + 1);
        f(*e, std::span<const uint8_t>(key, e->keysize),
          std::span<const uint64_t>(reinterpret_cast<const uint64_t*>(key + e->keysize),
                                    object.aggs()[e->agg].words));
        next = e->next;
      }
  }
  bool empty() const { return record_bytes_ == 0 && aggregation_bytes_ <= kBuckets; }
  /* Records and entries that were skipped because they made no sense. */
  uint64_t malformed() const { return malformed_; }

 private:
  friend class Segment;
  static constexpr size_t kBuckets = HP_AGG_BUCKETS * sizeof(uint32_t);
  static const uint8_t* bytes(const std::vector<uint64_t>& v) {
    return reinterpret_cast<const uint8_t*>(v.data());
  }
  const hp_agg_entry* entry_at(const Object&, uint32_t word) const;
  void copy(const handler::SegmentView&, hp_slot*, uint32_t half);
  void copy_aggregations(const handler::SegmentView&, hp_slot*, uint32_t half);

  std::vector<uint64_t> records_, aggregation_; /* grown, never shrunk */
  size_t record_bytes_ = 0, aggregation_bytes_ = 0;
  uint64_t malformed_ = 0;
};

class Segment {
 public:
  static constexpr uint64_t kDefaultWait = 2'000'000; /* ns */

  Segment() = default;
  Segment(Segment&&) = default;
  Segment& operator=(Segment&&) = default;
  /* The creator's end of a segment is everyone's: see retire(). */
  ~Segment();
  /* An empty segment in HP_STATE_NEW. Fails, with dtrace(1)'s words where it has some, when a buffer is
   * smaller than the program's largest record, or when there is no memory. */
  static Result<Segment> create(const Object&, const SegmentOptions&);
  /* An existing one, e.g. to inspect it. */
  static Result<Segment> open(Fd fd);

  int fd() const { return fd_.get(); }
  const handler::SegmentView& view() const { return view_; }
  hp_seg_header* header() const { return view_.header(); }

  /* Appends a probe and returns its index. Names are cut to the table's field sizes. */
  Result<uint32_t> add_probe(uint32_t id, std::string_view prov, std::string_view mod,
                             std::string_view func, std::string_view name);
  /* state: 1 live, 2 gone. vmid < HP_MAX_GUESTS. */
  Result<> set_guest(uint32_t vmid, std::string_view name, std::string_view hostname,
                     uint32_t state = 1);

  /* HP_STATE_*; release order: what was set up before is visible to whoever sees the state. */
  void set_state(uint32_t state);
  void set_target_pid(int64_t pid) { header()->target_pid = pid; }
  bool exiting() const { return view_.exiting(); }
  /* As exit(status) in a clause does: guests stop firing; END is still to come. */
  void request_exit(int32_t status);
  /* Counters since start. reason: HP_DROP_*. */
  uint64_t drops(unsigned reason) const {
    return __atomic_load_n(&header()->drops[reason], __ATOMIC_RELAXED);
  }
  /* Of those, HP_DROP_PRINCIPAL or HP_DROP_AGGREGATION on one CPU. */
  uint64_t drops_on_cpu(unsigned reason, uint32_t cpu) const {
    return __atomic_load_n(&view_.slot(cpu)->drops[reason == HP_DROP_AGGREGATION],
                           __ATOMIC_RELAXED);
  }
  uint64_t errors() const { return __atomic_load_n(&header()->errors, __ATOMIC_RELAXED); }
  uint64_t firings() const;

  /* Flips the slot's halves and moves what was written since the last time into the snapshot.
   * Waits at most wait_ns for a firing in progress; false: its holder does not run (stopped or
   * starved), try again later. */
  bool take(uint32_t slot, SlotSnapshot&, uint64_t wait_ns = kDefaultWait);
  /* Both halves, the older one first: the end of a program whose buffers are kept (fill, ring). False as
   * take() does. */
  bool take_kept(uint32_t slot, SlotSnapshot& older, SlotSnapshot& newer, uint64_t wait_ns);
  /* Records are taken, aggregations stay for the next look: first and second together hold every aggregation
   * of the slot once, however much fires meanwhile. If the slot's holder does not run, what is complete is
   * read in place, and its records stay. Kept buffers keep their records, too. */
  void look(uint32_t slot, SlotSnapshot& first, SlotSnapshot& second,
            uint64_t wait_ns = kDefaultWait);
  /* The last look at a slot whose holder will not let go (stopped in the middle of a firing):
   * complete records and entries, read in place. Nothing may be taken from the slot afterwards. */
  void peek(uint32_t slot, SlotSnapshot&);

  /* Declares the program dead and gives the memory back at once, though guests that fired it may keep
   * the segment mapped until they load their next program. Late firings see the state, or write
   * to pages that nobody reads. */
  void retire();
  /* The segment outlives its creator: a detached program's. */
  void leave() { creator_ = false; }

 private:
  void empty(hp_slot*, uint32_t half, SlotSnapshot&);

  Fd fd_;
  handler::SegmentView view_;
  bool creator_ = false;
};

}  // namespace hp::host
