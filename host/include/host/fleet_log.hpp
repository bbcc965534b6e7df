/* FleetLog: what an operator wants to know of the fleet's life: said to the daemon's log, kept in the journal for
 * `probectl log`, and told at once to who follows.
 *
 *     log.say("committed", ident, "", "by 3 guests");
 *     log.warn("refused", ident, guest.name, reason);
 *
 * Kinds are words: started, configured, stopped; registered, gone, spoofing; submitted, committed, aborted, adopted, attached,
 * detached, killed, ended, recovered, returned, remade; joined, refused; denied, limit; error.
 * An event that the journal does not take is lost to it, not to the daemon's log. One thread. */
#pragma once
#include <cstdint>
#include <optional>
#include <set>
#include <string>

#include "host/fleet_journal.hpp"
#include "host/fleet_peers.hpp"

namespace hp {

class FleetLog {
 public:
  using Whom = std::optional<ProgramIdent>;
  FleetLog(FleetJournal& journal, FleetPeers& peers) : journal_(journal), peers_(peers) {}

  void say(const char* kind, const Whom&, const std::string& guest, const std::string& text);
  void warn(const char* kind, const Whom&, const std::string& guest, const std::string& text);
  void error(const Whom&, const std::string& text);

  /* The result of the method `log`; follow: events that come later are sent to the peer. */
  Result<std::string> list(PeerId, uint64_t after, size_t limit, bool follow);
  void forget(PeerId peer) { followers_.erase(peer); }

 private:
  void record(const char* kind, const Whom&, const std::string& guest, const std::string& text);

  FleetJournal& journal_;
  FleetPeers& peers_;
  std::set<PeerId> followers_;
};

}  // namespace hp
