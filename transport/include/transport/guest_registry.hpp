/* GuestRegistry: the guests that are registered with a coordinator, and which guest number (vmid) is whose.
 *
 * A number is how a program's segment tells guests apart, so it stays a name's as long as it can: a guest that
 * comes back gets the number that its name had, over restarts of the coordinator too (the caller keeps the pairs
 * of vmid and name, and gives them back with remember()). Another guest gets a remembered number only where no
 * unused one is left, and never one that `in_use` says a program shows.
 *
 * Numbers run from 1 to max_guests - 1. Copyable; not thread-safe. */
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>

#include "transport/guest_description.hpp"
#include "transport/result.hpp"
#include "transport/transaction.hpp"

namespace hp {

struct GuestInfo : GuestDescription {
  int32_t pid = 0;  /* of its supervisor or machine */
  uint32_t uid = 0; /* by SO_PEERCRED */
};

/* A KILL that a guest has not answered: told again until it answers or goes. */
struct OwedKill {
  Transaction transaction = 0;
  Time due{}, interval{};
};

struct Guest : GuestInfo {
  PeerId peer = 0;
  uint32_t vmid = 0;
  Time since{};
  std::map<ProgramIdent, OwedKill> owed;
  std::set<ProgramIdent>
      turned_down; /* programs that it cannot run: not offered again in this session */
};

class GuestRegistry {
 public:
  explicit GuestRegistry(uint32_t max_guests) : max_guests_(max_guests) {}

  /* Before anybody registers: vmid is this name's. */
  void remember(uint32_t vmid, const std::string& name);
  /* wanted: the number it says it had (0: none), granted if it is free and nobody else's.
   * Fails when the name or the connection is registered, or all numbers are taken. */
  Result<Guest*> add(PeerId, const GuestInfo&, uint32_t wanted, Time now,
                     const std::function<bool(uint32_t vmid)>& in_use);
  void remove(uint32_t vmid);

  Guest* find(PeerId);
  const Guest* find(PeerId) const;
  const Guest* find(const std::string& name) const;
  Guest& at(uint32_t vmid) { return guests_.at(vmid); }
  const Guest& at(uint32_t vmid) const { return guests_.at(vmid); }
  std::map<uint32_t, Guest>& all() { return guests_; }
  const std::map<uint32_t, Guest>& all() const { return guests_; }

 private:
  Result<uint32_t> choose(const std::string& name, uint32_t wanted,
                          const std::function<bool(uint32_t)>& in_use);

  uint32_t max_guests_;
  uint32_t last_ = 0;
  std::map<uint32_t, Guest> guests_; /* by vmid */
  std::map<PeerId, uint32_t> by_peer_;
  std::map<uint32_t, std::string> names_; /* whose a number is, or was */
};

}  // namespace hp
