/* FleetLock: at most one coordinator per control socket.
 *
 * flock(2) on PATH.lock, which holds the owner's pid. The lock dies with its owner, however that ends,
 * so a socket found while holding it is stale and may be removed. */
#pragma once
#include <string>

#include "transport/fd.hpp"
#include "transport/result.hpp"

namespace hp {

class FleetLock {
 public:
  FleetLock() = default;
  FleetLock(FleetLock&&) = default;
  FleetLock& operator=(FleetLock&&) = default;
  ~FleetLock() { release(); }
  /* Creates the directory if need be (0755 for root, else 0700). The error names the pid that holds
   * the lock. */
  static Result<FleetLock> take(const std::string& socket_path);
  /* Removes the lock file and lets go. */
  void release();

 private:
  std::string path_;
  Fd fd_;
};

}  // namespace hp
