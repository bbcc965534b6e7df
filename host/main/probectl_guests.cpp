#include "probectl_commands.hpp"
#include "probectl_text.hpp"

namespace hp::probectl {
namespace {

void print_guests(const Json& answer) {
  Table table({{"VMID", true},
               {"NAME"},
               {"KIND"},
               {"HOSTNAME"},
               {"OS"},
               {"DOORBELL"},
               {"PID", true},
               {"UP", true},
               {"PROGRAMS", true}});
  for (const Json& g : list(answer, "guests"))
    table.add({std::to_string(number(g, "vmid")), text(g, "name"), text(g, "kind"),
               text(g, "hostname"), text(g, "osversion"), text(g, "doorbell"),
               std::to_string(number(g, "pid")), duration(number(g, "uptime_s")),
               std::to_string(number(g, "programs"))});
  table.print();
}

}  // namespace

int guests(const Options& options) {
  return ask(options, "guest.list", "{}", print_guests);
}

}  // namespace hp::probectl
