#include <cstdio>

#include "probectl_commands.hpp"
#include "probectl_text.hpp"
#include "transport/rpc.hpp"

namespace hp::probectl {
namespace {

constexpr size_t kScriptColumn = 60;

/* On one line, and so long at most. */
std::string shortened(std::string script) {
  for (char& c : script)
    if (c == '\n' || c == '\t') c = ' ';
  return script.size() > kScriptColumn ? script.substr(0, kScriptColumn - 3) + "..." : script;
}

void print_programs(const Json& answer) {
  Table table({{"IDENT"},
               {"STATE"},
               {"MODE"},
               {"PID", true},
               {"UP", true},
               {"GUESTS", true},
               {"PROBES", true},
               {"SCRIPT"}});
  for (const Json& p : list(answer, "programs")) {
    uint64_t probes = 0;
    for (const Json& g : list(p, "guests")) probes += number(g, "probes");
    table.add({text(p, "ident"), text(p, "state"), flag(p, "detached") ? "detached" : "attached",
               std::to_string(number(p, "pid")), duration(age(number(p, "since"))),
               std::to_string(list(p, "guests").size()), std::to_string(probes),
               shortened(text(p, "script"))});
  }
  table.print();
}

void line(const char* what, const std::string& value) {
  std::printf("%-13s%s\n", what, value.c_str());
}

void print_program(const Json& p) {
  line("program", text(p, "ident"));
  std::string state = text(p, "state");
  if (flag(p, "recovered")) state += ", known from a former start";
  line("state", state);
  const uint64_t consumer = number(p, "attached");
  line("consumer", std::string(flag(p, "detached") ? "detached" : "attached") +
                       (consumer != 0 ? ", pid " + std::to_string(consumer) : ", nobody now"));
  line("submitted", local_time(number(p, "received_ns")) + " by pid " +
                        std::to_string(number(p, "pid")) + ", uid " +
                        std::to_string(number(p, "uid")));
  line("committed", local_time(number(p, "committed_ns")));
  line("onfail", text(p, "onfail"));
  line("timeout", std::to_string(number(p, "timeout_ms")) + " ms");
  line("object", size_text(number(p, "object_bytes")));
  line("segment", flag(p, "has_segment") ? size_text(number(p, "segment_bytes")) : "not here yet");
  if (flag(p, "data_lost")) line("data", "what it had recorded before a restart is lost");
  const char* heading = "probes";
  for (const Json& d : list(p, "descriptions")) {
    line(heading, d.kind() == Json::String ? d.string() : "?");
    heading = "";
  }
  line("script", text(p, "script"));
  std::puts("");
  Table table({{"VMID", true}, {"GUEST"}, {"STATE"}, {"PROBES", true}, {"TRANSACTION", true}});
  for (const Json& g : list(p, "guests")) {
    const uint64_t transaction = number(g, "transaction"); /* epoch and counter */
    table.add({std::to_string(number(g, "vmid")), text(g, "name"), text(g, "state"),
               std::to_string(number(g, "probes")),
               std::to_string(transaction >> 32) + "." + std::to_string(transaction & UINT32_MAX)});
  }
  table.print();
}

std::string by_ident(const std::string& ident) {
  return rpc::Object().text("ident", ident).json();
}

}  // namespace

int programs(const Options& options) {
  return ask(options, "program.list", "{}", print_programs);
}

int show(const Options& options, const std::string& ident) {
  return ask(options, "program.show", by_ident(ident), print_program);
}

int kill(const Options& options, const std::string& ident) {
  return ask(options, "program.kill", by_ident(ident), [](const Json& answer) {
    std::printf("program %s has ended\n", text(answer, "ident").c_str());
  });
}

}  // namespace hp::probectl
