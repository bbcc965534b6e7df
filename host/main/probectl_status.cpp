#include <cstdio>

#include "probectl_commands.hpp"
#include "probectl_text.hpp"

namespace hp::probectl {
namespace {

void print_status(const Json& s) {
  auto line = [](const char* what, const std::string& value) {
    std::printf("%-13s%s\n", what, value.c_str());
  };
  auto counted = [&](const char* what, const char* key) {
    line(what, std::to_string(number(s, key)));
  };
  line("socket", text(s, "socket"));
  line("release", text(s, "version") + ", protocol " + std::to_string(number(s, "protocol")));
  counted("pid", "pid");
  line("up", duration(age(number(s, "since"))));
  counted("start", "epoch");
  counted("guests", "guests");
  line("programs", std::to_string(number(s, "programs")) + ", " +
                       std::to_string(number(s, "recovered")) + " known from a former start");
  line("base folder", text(s, "base"));
  line("journal", size_text(number(s, "journal_bytes")));
}

}  // namespace

int status(const Options& options) {
  return ask(options, "status", "{}", print_status);
}

}  // namespace hp::probectl
