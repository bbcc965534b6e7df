/* ThreadNumbers: a number of its own for every thread of a Linux guest.
 *
 * D's self-> variables belong to a thread, whose tid its kernel gives again when the thread has ended. A thread is
 * told from an earlier one with its tid by when it began (hp_probe_page.start), and gets the next number of a
 * counter that never goes back, not at a reboot of the guest either. Tid 0 is a vCPU's own idle thread.
 *
 * A guest that lies about its threads mixes up its own variables, nobody else's: keys hold the guest's vmid too
 * (probec/runtime/dynvar.cpp), for which numbers leave 16 bits.
 *
 * of() is for vCPU threads, several at once: without a lock for a thread that is known. 16 bytes for
 * each tid that ever fired, 64 MiB at most. */
#pragma once
#include <atomic>
#include <cstdint>
#include <mutex>

#include "transport/fd.hpp"
#include "transport/result.hpp"

namespace hp::linux_guest {

class ThreadNumbers {
 public:
  static constexpr uint32_t kTids = 1u << 22; /* Linux's PID_MAX_LIMIT */

  static Result<ThreadNumbers> make();
  ThreadNumbers(ThreadNumbers&&) noexcept;
  ThreadNumbers& operator=(ThreadNumbers&&) = delete;

  /* start: ns since the guest's boot. Never 0. */
  uint64_t of(uint32_t tid, uint64_t start, uint32_t vcpu) noexcept;
  /* Of no thread of the guest's, but of a vCPU: exits. */
  static uint64_t of_vcpu(uint32_t vcpu) noexcept { return kVcpu | vcpu; }
  /* The guest boots anew: its threads are others from here on. Not while of() runs. */
  void forget() noexcept;

 private:
  struct Entry {
    std::atomic<uint64_t> number; /* 0: none yet, or just changing */
    std::atomic<uint64_t> start;
  };
  static constexpr uint64_t kIdle = 1ull << 47, kVcpu = 1ull << 46;
  explicit ThreadNumbers(Mapping entries) : entries_(std::move(entries)) {}

  Mapping entries_;
  std::mutex lock_;
  uint64_t last_ = 0;
};

}  // namespace hp::linux_guest
