/* SegmentView: a mapped program segment whose layout has been checked once.
 *
 * The header of a segment lies in memory that other processes write, so its offsets and sizes are
 * read and validated when the segment is attached, and only that copy is used from then on. State,
 * counters and slots are read live, through atomics. Owns the mapping. Thread-safe. */
#pragma once
#include <cstdint>
#include <string>

#include "transport/fd.hpp"
#include "transport/segment.h"

namespace hp::handler {

class SegmentView {
 public:
  SegmentView() = default;
  /* Maps the memfd read-write. The descriptor may be closed afterwards. */
  static Result<SegmentView> attach(int fd);

  hp_seg_header* header() const { return mapping_.as<hp_seg_header>(); }
  uint32_t nslots() const { return nslots_; }
  hp_slot* slot(uint32_t i) const {
    return mapping_.as<hp_slot>(slots_off_ + uint64_t{i} * slot_stride_);
  }
  uint8_t* principal(hp_slot* s, uint32_t half) const {
    return reinterpret_cast<uint8_t*>(s + 1) + (half & 1) * principal_size_;
  }
  uint8_t* aggregation(hp_slot* s, uint32_t half) const {
    return reinterpret_cast<uint8_t*>(s + 1) + 2 * principal_size_ + (half & 1) * agg_size_;
  }
  uint8_t* scratch(hp_slot* s) const {
    return reinterpret_cast<uint8_t*>(s + 1) + 2 * (principal_size_ + agg_size_);
  }
  uint64_t principal_size() const { return principal_size_; }
  uint64_t agg_size() const { return agg_size_; }
  uint64_t scratch_size() const { return scratch_size_; }
  uint64_t globals_size() const { return globals_size_; }
  uint32_t strsize() const { return strsize_; }
  uint64_t size() const { return mapping_.size(); }
  /* Where variables, buffers and slots begin, behind the tables. */
  uint64_t data_offset() const { return symbols_off_; }

  uint32_t max_probes() const { return max_probes_; }
  /* Complete entries; grows. */
  uint32_t nprobes() const {
    uint32_t n = __atomic_load_n(&header()->nprobes, __ATOMIC_ACQUIRE);
    return n < max_probes_ ? n : max_probes_;
  }
  hp_seg_probe* probes() const { return mapping_.as<hp_seg_probe>(probes_off_); }
  hp_seg_guest* guests() const { return mapping_.as<hp_seg_guest>(guests_off_); }
  uint32_t max_modules() const { return max_modules_; }
  hp_seg_module* modules() const { return mapping_.as<hp_seg_module>(modules_off_); }

  uint64_t symbols_size() const { return symbols_size_; }
  uint8_t* symbols() const { return mapping_.as<uint8_t>(symbols_off_); }

  uint32_t state() const { return __atomic_load_n(&header()->state, __ATOMIC_ACQUIRE); }
  bool exiting() const { return __atomic_load_n(&header()->exiting, __ATOMIC_RELAXED) != 0; }
  void count_drop(unsigned reason) const {
    __atomic_fetch_add(&header()->drops[reason], 1, __ATOMIC_RELAXED);
  }
  /* HP_DROP_PRINCIPAL and HP_DROP_AGGREGATION, which are reported by CPU. */
  void count_drop(unsigned reason, uint32_t cpu) const {
    __atomic_fetch_add(&slot(cpu % nslots_)->drops[reason == HP_DROP_AGGREGATION], 1,
                       __ATOMIC_RELAXED);
    count_drop(reason);
  }

 private:
  Mapping mapping_;
  uint64_t probes_off_ = 0, guests_off_ = 0, modules_off_ = 0, slots_off_ = 0, slot_stride_ = 0;
  uint64_t principal_size_ = 0, agg_size_ = 0, scratch_size_ = 0;
  uint64_t globals_off_ = 0, globals_size_ = 0, symbols_off_ = 0, symbols_size_ = 0;
  uint32_t nslots_ = 0, max_probes_ = 0, max_modules_ = 0, strsize_ = 0;
};

}  // namespace hp::handler
