/* The commands of probectl. Each returns probectl's exit status: 0, or 1 after a message. */
#pragma once
#include <cstdint>
#include <string>

#include "transport/json.hpp"

namespace hp::probectl {

struct Options {
  std::string socket; /* empty: fleet_socket_path() */
  bool json = false;  /* the answer as it came */
};

/* One request; the answer is printed as JSON or by the function. */
int ask(const Options&, const std::string& method, const std::string& params,
        void (*print)(const Json&));

int guests(const Options&);
int programs(const Options&);
int status(const Options&);
/* ident: or the first digits of it. */
int show(const Options&, const std::string& ident);
int kill(const Options&, const std::string& ident);

struct LogOptions {
  uint32_t last = 100; /* events to begin with */
  bool follow = false; /* then those that come, until a signal; over the coordinator's restarts */
};
int log(const Options&, const LogOptions&);

}  // namespace hp::probectl
