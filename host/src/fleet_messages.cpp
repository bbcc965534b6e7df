#include "host/fleet_messages.hpp"

namespace hp {
namespace {

constexpr size_t kReasonsShown = 5;

}  // namespace

std::string outcome_json(const GuestOutcome& g, const std::string* ident) {
  rpc::Object o;
  if (ident) o.text("ident", *ident);
  o.number("vmid", g.vmid).text("name", g.name).text("hostname", g.hostname);
  o.number("probes", g.probes);
  if (!g.reason.empty()) o.text("reason", g.reason);
  return o.json();
}

std::string outcomes_json(const std::vector<GuestOutcome>& guests) {
  std::vector<std::string> items;
  for (const GuestOutcome& g : guests) items.push_back(outcome_json(g));
  return rpc::json_array(items);
}

std::string abort_message(const std::string& reason, const std::vector<GuestOutcome>& guests) {
  std::string text = reason;
  for (size_t i = 0; i < guests.size() && i < kReasonsShown; i++)
    text += (i == 0 ? ": " : "; ") + guests[i].name + ": " + guests[i].reason;
  if (guests.size() > kReasonsShown)
    text += "; and " + std::to_string(guests.size() - kReasonsShown) + " more";
  return text;
}

}  // namespace hp
