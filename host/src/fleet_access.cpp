#include "host/fleet_access.hpp"

#include <algorithm>

namespace hp {
namespace {

constexpr const char* kDefaultFile = "/etc/hyprobe/hyprobe.toml";

const char* what_it_allows(Right r) {
  switch (r) {
    case Right::List:
      return "list what other users run";
    case Right::Register:
      return "register guests";
    case Right::Trace:
      return "run programs";
    case Right::TraceOthers:
      return "trace guests of other users";
    case Right::Destructive:
      return "run programs with destructive actions";
    case Right::KillOthers:
      return "end programs of other users";
    case Right::Log:
      return "read the log";
  }
  return "do that";
}

/* Acting on what belongs to others is root's, unless rules say otherwise. */
bool is_of_others(Right r) {
  return r == Right::TraceOthers || r == Right::KillOthers;
}

}  // namespace

const char* to_text(Right r) {
  static constexpr const char* names[kRights] = {
      "list", "register", "trace", "trace_others", "destructive", "kill_others", "log"};
  return names[static_cast<size_t>(r)];
}

FleetAccess FleetAccess::defaults(uint32_t own_uid, std::optional<uint32_t> group) {
  FleetAccess a;
  a.own_uid_ = own_uid;
  for (size_t i = 0; group && i < kRights; i++)
    if (!is_of_others(static_cast<Right>(i))) a.given_[i].groups.insert(*group);
  return a;
}

bool FleetAccess::may(const PeerCredentials& peer, Right r) const {
  if (peer.uid == 0 || (peer.uid == own_uid_ && !is_of_others(r))) return true;
  const Grantees& who = given_[static_cast<size_t>(r)];
  return who.everyone || who.users.count(peer.uid) != 0 ||
         std::any_of(who.groups.begin(), who.groups.end(),
                     [&](uint32_t g) { return peer.is_in(g); });
}

Rights FleetAccess::rights(const PeerCredentials& peer) const {
  Rights rights;
  for (size_t i = 0; i < kRights; i++)
    if (may(peer, static_cast<Right>(i))) rights.add(static_cast<Right>(i));
  return rights;
}

Result<> FleetAccess::check(const PeerCredentials& peer, Right r) const {
  if (may(peer, r)) return {};
  return fail("uid " + std::to_string(peer.uid) + " may not " + what_it_allows(r) +
              " here; that is given by \"" + to_text(r) + "\" in [access] of " +
              (origin_.empty() ? std::string("the coordinator's configuration, ") + kDefaultFile
                               : origin_));
}

}  // namespace hp
