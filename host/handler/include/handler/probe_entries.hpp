/* Adding probes to the table of a segment that others add to at the same time.
 *
 *     auto indices = HP_TRY(enter_probes(program.segment(), wanted));
 *
 * Each name is there once, whoever enters it: the VMMs of two guests that have vfs_read share its entry, so
 * that the consumer counts both under one name. Writers are kept apart by hp_seg_header.tables_lock, which is
 * taken over from the dead; readers see an entry only when it is complete. */
#pragma once
#include <span>
#include <vector>

#include "handler/segment_view.hpp"

namespace hp::handler {

/* Owns the segment's tables_lock while it lives. */
class TablesLock {
 public:
  /* Waits for as long as a living holder may take to add many entries; false in *this after that. */
  explicit TablesLock(const SegmentView&);
  ~TablesLock();
  TablesLock(const TablesLock&) = delete;
  TablesLock& operator=(const TablesLock&) = delete;
  explicit operator bool() const { return held_; }

 private:
  uint32_t* word_;
  uint32_t self_;
  bool held_ = false;
};

/* The indices of these probes in the table, in their order. Names that are not there are appended; their id
 * is the one given, or HP_PROBE_SHARED + index where that is 0. Names are NUL-terminated. Fails when the table
 * is full, and then has added nothing, or when the lock cannot be had. */
Result<std::vector<uint32_t>> enter_probes(const SegmentView&, std::span<const hp_seg_probe>);

}  // namespace hp::handler
