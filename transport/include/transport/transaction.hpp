/* Transaction numbers: what tells a message of this PREPARE from one of a former PREPARE.
 *
 * The coordinator numbers every PREPARE to every guest: epoch << 32 | counter, so numbers grow over its life and,
 * as its journal counts its starts in the epoch, over its restarts. COMMIT, ABORT, KILL and all answers carry the
 * number of the PREPARE that they belong to. A repetition carries the same number. 0 is no number: peers of
 * protocol 1 send none, and 0 is taken as "the one that you have".
 *
 * Pure values. */
#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <set>

#include "transport/program_ident.hpp"

namespace hp {

using Time = std::chrono::nanoseconds; /* on any monotonic clock */
using PeerId = uint64_t;               /* a session: one connection; never used again */
using Transaction = uint64_t;

inline constexpr uint32_t kEpochBits = 32;
constexpr Transaction first_transaction(uint32_t epoch) {
  return static_cast<Transaction>(epoch) << kEpochBits;
}

/* What a guest says at its registration that it runs. */
struct Claim {
  ProgramIdent ident{};
  Transaction transaction = 0;
  uint32_t probes = 0;
};

/* The numbers that a session has met: of each, only the first PREPARE does anything. Remembers the highest
 * kKept exactly and takes all below them as met, so that PREPAREs may overtake each other and the memory is
 * bounded all the same. */
class SeenTransactions {
 public:
  static constexpr size_t kKept = 64;
  bool has(Transaction n) const { return n <= floor_ || numbers_.count(n) != 0; }
  void add(Transaction n) {
    if (n <= floor_) return;
    numbers_.insert(n);
    if (numbers_.size() <= kKept) return;
    floor_ = *numbers_.begin();
    numbers_.erase(numbers_.begin());
  }
  void clear() {
    floor_ = 0;
    numbers_.clear();
  }
  Transaction floor() const { return floor_; }
  const std::set<Transaction>& numbers() const { return numbers_; }

 private:
  Transaction floor_ = 0;
  std::set<Transaction> numbers_;
};

}  // namespace hp
