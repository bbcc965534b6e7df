/* RateLimit: how often a guest may make its host do something: so many times at once, then once in each interval.
 *
 *     RateLimit lines(20, 1s);
 *     if (lines.take(now)) log(...);
 *
 * Times are of any clock that does not go back. Not thread-safe. */
#pragma once
#include <algorithm>
#include <chrono>

namespace hp::linux_guest {

class RateLimit {
 public:
  using Time = std::chrono::nanoseconds;
  RateLimit(int burst, Time interval) : most_(burst * interval), interval_(interval), has_(most_) {}
  /* False: not now, but at next(). */
  bool take(Time now) {
    has_ = std::min(has_ + (now - last_), most_);
    last_ = now;
    if (has_ < interval_) return false;
    has_ -= interval_;
    return true;
  }
  Time next() const { return last_ + std::max(interval_ - has_, Time{}); }

 private:
  Time most_, interval_, has_;
  Time last_{};
};

}  // namespace hp::linux_guest
