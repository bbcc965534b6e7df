/* ProgramTable: the D programs that a monitor has loaded, one place per program slot of the guest's
 * control page (control.h).
 *
 *     ProgramTable table(ctl, socket);
 *     ProgramTable::Thread* me = table.add_thread();
 *     table.fire(*me, mask, HP_PROBE_SYSCALL + 2 * nr, firing);
 *
 * Programs are loaded when a firing first meets them: the monitor asks the supervisor over the shared
 * socket, each request with a reply socket of its own. They are unloaded when their slot is reused or
 * declared dead, at a moment when no thread can be inside them (epochs.hpp).
 *
 * fire() costs one atomic exchange and a few loads above the programs' own work. It blocks only while
 * it or another thread loads a program; a supervisor that does not answer is given up after kTimeout
 * and asked again at the earliest kRetry later.
 *
 * Threads of one address space share a table (a vfork child its parent's). fork(2) happens between lock()
 * and unlock(), which parent and child both call; the child then calls forked() before anything else. */
#pragma once
#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

#include "handler/ancestry.hpp"
#include "handler/epochs.hpp"
#include "handler/program.hpp"
#include "transport/control.h"

namespace hp::handler {

class ProgramTable {
 public:
  static constexpr int kTimeoutMs = 10'000;
  static constexpr uint64_t kRetryNs = 1'000'000'000;

  /* One for each thread that fires; at most one firing at a time uses it. */
  struct Thread {
    Epochs::Reader reader;
    bool used = true; /* guarded by the table's lock */
    Ancestry ancestry;
  };

  /* control and socket outlive the table. */
  ProgramTable(hp_ctl* control, int socket);
  ~ProgramTable();
  ProgramTable(const ProgramTable&) = delete;
  ProgramTable& operator=(const ProgramTable&) = delete;

  /* Loads what runs already. Only before the guest's first instruction: it opens descriptors in
   * the open, where later loads hide them (private_descriptors.hpp). */
  void prefetch();

  Thread* add_thread();
  void remove_thread(Thread*);
  /* Around fork(2): nobody else loads a program or changes the table. */
  void lock() { lock_.lock(); }
  void unlock() { lock_.unlock(); }
  /* In the child of a fork: the other threads are gone. */
  void forked(Thread* survivor);

  /* Fires a probe in every committed program of the bit mask. Programs that look at it find the parent of
   * the calling process in the firing: nothing tells when another process adopts this one. */
  void fire(Thread&, uint64_t programs, uint32_t id, hp_firing&) noexcept;

  /* Calls f(slot, Program&) for every committed program of the bit mask. */
  template <class F>
  void visit(Thread& thread, uint64_t programs, F f) noexcept {
    epochs_.enter(thread.reader);
    for (; programs != 0; programs &= programs - 1) {
      const auto slot = static_cast<uint32_t>(__builtin_ctzll(programs));
      if (Program* p = meet(slot)) f(slot, *p);
    }
    Epochs::leave(thread.reader);
  }

  /* Programs held in memory, also those that wait to be freed; for tests. */
  size_t loaded();

 private:
  struct Loaded {
    uint32_t generation = 0;
    uint64_t retry_at = 0; /* a failed load: not again before this time; 0 = never */
    std::unique_ptr<Program> program;
  };
  struct Retired {
    uint64_t epoch;
    std::unique_ptr<Loaded> loaded;
  };

  Program* meet(uint32_t slot) noexcept;
  void look_up_parents(Thread&, const Program&, hp_firing&) noexcept;
  Program* load(uint32_t slot, bool hidden);
  Result<std::unique_ptr<Program>> request(uint32_t slot, uint32_t* generation);
  void replace(uint32_t slot, std::unique_ptr<Loaded>);
  void reclaim() noexcept;
  void reclaim_locked();

  hp_ctl* control_;
  int socket_;
  std::atomic<Loaded*> slots_[HP_CTL_PROGRAMS] = {};
  Epochs epochs_;
  std::atomic<bool> pending_{false}; /* retired_ is not empty */
  std::mutex lock_;
  std::vector<Retired> retired_;
  std::vector<std::unique_ptr<Thread>> threads_;
};

}  // namespace hp::handler
