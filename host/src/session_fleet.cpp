#include "host/session_fleet.hpp"

#include <utility>

#include "host/text.hpp"

namespace hp::host {
namespace {

std::string names(const std::vector<FleetGuest>& guests, bool reasons) {
  std::string list;
  for (const FleetGuest& g : guests) {
    list += list.empty() ? "" : ", ";
    list += g.name;
    if (reasons && !g.reason.empty()) list += " (" + g.reason + ")";
  }
  return list;
}

/* "enabled in 2 guests: web1, web2" */
std::string where(const std::vector<FleetGuest>& guests) {
  if (guests.empty()) return "no guest matches yet; waiting for guests to appear";
  std::string line;
  appendf(line, "enabled in %zu guest%s: %s", guests.size(), guests.size() == 1 ? "" : "s",
          names(guests, false).c_str());
  return line;
}

}  // namespace

void SessionFleet::notice(const std::string& line) {
  if (!sink_.options().quiet) sink_.message(line + "\n");
}

void SessionFleet::fail_with(const std::string& why) {
  sink_.message(why + "\n");
  failed_ = true;
}

Result<> SessionFleet::enabled(const std::vector<FleetGuest>& guests) {
  if (!guests.empty()) guests_seen_ = true;
  return options_.on_enabled ? options_.on_enabled(guests.size()) : Result<>();
}

Result<> SessionFleet::submit(int object_fd, int segment_fd) {
  HP_TRYV(client_->submit(object_fd, segment_fd, options_.submit));
  for (;;) {
    const FleetEvent e =
        HP_TRY(client_->wait_decision(options_.submit.timeout + std::chrono::seconds(2)));
    if (e.kind == FleetEvent::Away) {
      notice(e.reason + "; waiting for the next one");
      continue;
    }
    if (e.kind != FleetEvent::Committed) {
      std::string why = e.reason.empty() ? "the fleet refused the program" : e.reason;
      if (!e.guests.empty()) why += ": " + names(e.guests, true);
      return fail(why);
    }
    HP_TRYV(enabled(e.guests));
    enabled_ = e.guests;
    return {};
  }
}

void SessionFleet::announce() {
  notice(where(enabled_));
}

void SessionFleet::attached(const std::vector<FleetGuest>& guests) {
  guests_seen_ = true; /* what matched was told when the program was enabled */
  notice(where(guests));
}

void SessionFleet::serve() {
  for (const FleetEvent& e : client_->dispatch()) {
    const std::string who = e.guests.empty() ? "a guest" : "guest " + e.guests[0].name;
    switch (e.kind) {
      case FleetEvent::Joined:
        if (options_.verbose) notice(who + " has joined");
        if (guests_seen_) break;
        if (const Result<> r = enabled(e.guests); !r) fail_with(r.error().message);
        break;
      case FleetEvent::Gone:
        if (options_.verbose) notice(who + " has gone");
        break;
      case FleetEvent::Refused:
        sink_.message(who + " cannot run the program: " +
                      (e.guests.empty() ? e.reason : e.guests[0].reason) + "\n");
        break;
      case FleetEvent::Away:
        notice(e.reason + "; tracing goes on");
        break;
      case FleetEvent::Back:
        notice("the coordinator is back; " + where(e.guests));
        if (guests_seen_ || e.guests.empty()) break;
        if (const Result<> r = enabled(e.guests); !r) fail_with(r.error().message);
        break;
      case FleetEvent::Ended:
      case FleetEvent::Aborted:
        ended_ = true;
        fail_with(e.reason.empty() ? "the program was ended by the fleet" : e.reason);
        break;
      case FleetEvent::Committed:
        break;
    }
  }
}

void SessionFleet::end() {
  if (!ended_) client_->kill(std::chrono::milliseconds(2000));
}

}  // namespace hp::host
