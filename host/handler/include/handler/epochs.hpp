/* Epochs: when may what firings use without a lock be freed?
 *
 *     firing:   Epochs::Reader& me; epochs.enter(me); ... load pointers, use what they point to ...; leave(me)
 *     owner:    take it out of the pointers; const uint64_t e = epochs.advance();
 *               free it when every reader's oldest(...) > e
 *
 * Every firing marks its reader with the epoch it began in. What was taken out in epoch e can only be in use by a
 * reader that is inside with a mark of e or less. The owner keeps the list of readers, one for each thread
 * that fires, and locks it. enter() costs one atomic exchange. */
#pragma once
#include <atomic>
#include <cstdint>

namespace hp::handler {

class Epochs {
 public:
  static constexpr uint64_t kNobody = ~0ull;
  struct Reader {
    std::atomic<uint64_t> mark{0}; /* 0: outside */
  };

  /* Sequentially consistent, so that whoever takes something out either sees this mark or is seen by the loads
   * that follow. */
  void enter(Reader& r) noexcept {
    r.mark.exchange(now_.load(std::memory_order_relaxed), std::memory_order_seq_cst);
  }
  static void leave(Reader& r) noexcept { r.mark.store(0, std::memory_order_release); }

  /* After taking something out (with a sequentially consistent store): the epoch in which it was. */
  uint64_t advance() noexcept { return now_.fetch_add(1); }
  /* The smaller of `least` and the reader's mark: begin with kNobody, ask every reader. */
  static uint64_t oldest(uint64_t least, const Reader& r) noexcept {
    const uint64_t mark = r.mark.load();
    return mark != 0 && mark < least ? mark : least;
  }

 private:
  std::atomic<uint64_t> now_{1};
};

}  // namespace hp::handler
