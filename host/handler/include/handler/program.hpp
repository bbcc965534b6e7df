/* Program: a compiled D program, loaded into this process and joined to its segment.
 *
 *     auto program = HP_TRY(Program::load(HP_TRY(Object::read(object_fd)), segment_fd, target));
 *     program->fire_id(HP_PROBE_SYSCALL + 2 * nr, firing);
 *
 * Monitors and the consumer load the same object in the same way; what differs is where the firings
 * come from. Loading checks, links (link.hpp) and maps; which clauses a probe runs is worked out at
 * its first firing and remembered, so that starting costs the same for one probe and for a thousand.
 *
 * When clauses run, by probe: guest and timer probes only while the segment is ACTIVE and nobody has
 * called exit(); BEGIN before that (and no further BEGIN clause after exit()); END and ERROR always.
 * A clause that faults leaves an error record in place of its own, then the ERROR clauses run.
 *
 * Firing is thread-safe, takes no lock but a slot's, does not allocate, and never throws. It must
 * not be entered from within a firing. */
#pragma once
#include <atomic>
#include <memory>

#include "handler/core_types.hpp"
#include "handler/link.hpp"
#include "handler/match.hpp"
#include "handler/segment_view.hpp"
#include "handler/user_space.hpp"
#include "transport/object.hpp"
#include "transport/segment.h"

namespace hp::handler {

class Program {
 public:
  static constexpr uint32_t kNoProbe = ~0u;

  /* segment_fd is only used during the call. target: who fires (target element of 5-tuples). core: the
   * kernel that fires; null: what looks into a kernel's structures sees those it was compiled for. */
  static Result<std::unique_ptr<Program>> load(Object object, int segment_fd, const Target& target,
                                               const CoreTypes* core = nullptr);

  /* Runs the clauses enabled for a probe of the segment's table. False: none were run (not enabled,
   * not the time for it, or no slot was free, which is counted as HP_DROP_SLOTBUSY). */
  bool fire(uint32_t probe, const hp_firing& firing) noexcept;
  /* The same by probe ID (HP_PROBE_*); ids that are not in the table fire nothing. */
  bool fire_id(uint32_t id, const hp_firing& firing) noexcept {
    uint32_t probe = index_of(id);
    return probe != kNoProbe && fire(probe, firing);
  }

  /* Index of a probe ID in the segment's table, kNoProbe if it is not there (yet). */
  uint32_t index_of(uint32_t id) noexcept;
  /* Number of (description, probe) pairs that this target enables in the table as it is now. */
  uint32_t count_enabled() const;

  /* Does a clause look at hp_firing::ppid? */
  bool uses_ppid() const { return uses_ppid_; }
  /* ... at hp_firing::ancestors? Then at ppid too. */
  bool uses_ancestors() const { return uses_ancestors_; }

  const Object& object() const { return object_; }
  const SegmentView& segment() const { return segment_; }
  const Image& image() const { return image_; }
  /* nullptr: the program does not look at user addresses. */
  UserSpace* user_space() const { return user_space_.get(); }
  /* In the child of fork(2), before anything fires. */
  void forked() {
    if (user_space_) user_space_->forked();
  }

 private:
  static constexpr uint32_t kFastIds = 4 + 2 * 512 + 64;
  struct Enabling { /* a probe description, in the order written */
    uint32_t desc, clause;
  };
  struct Frame; /* state of one firing */

  Program() = default;
  const std::atomic<uint64_t>* enabled(uint32_t probe) noexcept;
  bool may_run(uint32_t probe_id) const noexcept;
  void run(Frame&, uint32_t probe, const std::atomic<uint64_t>* bits) noexcept;
  void handle_fault(Frame&, int fault) noexcept;
  void record_error(hp_ctx&) noexcept;
  static void send_signals(const hp_firing&, uint64_t signals) noexcept;

  Object object_;
  SegmentView segment_;
  Image image_;
  std::vector<Enabling> enablings_;
  uint32_t words_ = 1; /* of 64 bits per probe: bit 0 = known, bit i+1 = enablings_[i] */
  Mapping tables_;
  std::atomic<uint64_t>* bits_ = nullptr;  /* words_ for each probe of the table */
  std::atomic<uint32_t>* index_ = nullptr; /* by id: index + 1, 0 = not seen yet */
  std::atomic<uint32_t> indexed_{0};       /* entries of the probe table that index_ covers */
  uint64_t locals_ = 0;
  bool uses_ppid_ = false, uses_ancestors_ = false;
  std::unique_ptr<UserSpace> user_space_;
};

}  // namespace hp::handler
