#include "host/fleet_log.hpp"

#include <spdlog/spdlog.h>

#include <vector>

#include "transport/rpc.hpp"

namespace hp {
namespace {

std::string line(const char* kind, const FleetLog::Whom& program, const std::string& guest,
                 const std::string& text) {
  std::string l = kind;
  if (program) l += " program " + to_hex(*program);
  if (!guest.empty()) l += " guest " + guest;
  return text.empty() ? l : l + ": " + text;
}

std::string event_json(const FleetJournal::Event& e) {
  rpc::Object o;
  o.number("id", e.id).number("time_ns", e.time_ns).text("kind", e.kind);
  if (e.program) o.text("program", to_hex(*e.program));
  if (!e.guest.empty()) o.text("guest", e.guest);
  return o.text("text", e.text).json();
}

}  // namespace

void FleetLog::say(const char* kind, const Whom& program, const std::string& guest,
                   const std::string& text) {
  spdlog::info(line(kind, program, guest, text));
  record(kind, program, guest, text);
}

void FleetLog::warn(const char* kind, const Whom& program, const std::string& guest,
                    const std::string& text) {
  spdlog::warn(line(kind, program, guest, text));
  record(kind, program, guest, text);
}

void FleetLog::error(const Whom& program, const std::string& text) {
  spdlog::error(line("error", program, "", text));
  record("error", program, "", text);
}

void FleetLog::record(const char* kind, const Whom& program, const std::string& guest,
                      const std::string& text) {
  auto event = journal_.event(kind, program, guest, text);
  if (!event) {
    spdlog::error("cannot keep an event: {}", event.error().message);
    return;
  }
  if (followers_.empty()) return;
  const std::string message = rpc::notification("log.event", event_json(*event));
  for (PeerId id : followers_)
    if (FleetPeer* p = peers_.find(id)) peers_.send(*p, message);
}

Result<std::string> FleetLog::list(PeerId peer, uint64_t after, size_t limit, bool follow) {
  const auto events =
      HP_TRY(after == 0 ? journal_.recent_events(limit) : journal_.events(after, limit));
  std::vector<std::string> items;
  items.reserve(events.size());
  for (const FleetJournal::Event& e : events) items.push_back(event_json(e));
  if (follow) followers_.insert(peer);
  return rpc::Object().raw("events", rpc::json_array(items)).json();
}

}  // namespace hp
