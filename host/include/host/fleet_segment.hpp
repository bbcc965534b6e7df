/* FleetSegment: a program's segment as the coordinator handles it: a descriptor that it passes on. It never maps it
 * and trusts nothing in it: the header is read once and checked, and only the guest table is written, with pwrite(2),
 * so a bad one harms nobody but its owner. */
#pragma once
#include <sys/types.h>

#include <cstdint>
#include <set>

#include "host/fleet_channel.hpp"
#include "transport/coordinator.hpp"
#include "transport/program_ident.hpp"

namespace hp {

class FleetSegment {
 public:
  /* Which memfd it is, for as long as anybody has it: fstat(2)'s st_dev and st_ino. */
  struct Identity {
    uint64_t device = 0, inode = 0;
    bool operator==(const Identity&) const = default;
  };

  FleetSegment() = default;
  /* The memfd must be sealed against shrinking, its header be of this version, its guest table inside. */
  static Result<FleetSegment> check(Fd);
  /* A copy that nobody has written since: in the state that its consumer had left it in, without consumer. */
  static Result<FleetSegment> revive(Fd);

  explicit operator bool() const { return fd_ != nullptr; }
  const ProgramIdent& ident() const { return ident_; }
  const Identity& identity() const { return identity_; }
  uint64_t bytes() const { return bytes_; } /* its size, holes included */
  const FleetChannel::SharedFd& fd() const { return fd_; }

  /* The guest table. */
  void mark_live(uint32_t vmid, const GuestOutcome&) const;
  void mark_gone(uint32_t vmid) const;
  std::set<uint32_t> seen() const;

 private:
  FleetChannel::SharedFd fd_;
  ProgramIdent ident_{};
  Identity identity_;
  uint64_t bytes_ = 0, guests_off_ = 0;
};

}  // namespace hp
