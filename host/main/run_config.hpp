/* RunConfig: what `probevm run` was asked for, by options and by a JSON file with the same names.
 *
 *     { "name": "web1", "kernel": "/boot/vmlinuz", "memory": "512M", "cpus": 2,
 *       "disk": ["web1.raw", "data.raw,ro"], "rng": true }
 *
 * One table, kRunFields, says what there is; options and file are read by it. An option given on the command
 * line replaces what the file says. Unknown keys, values of the wrong kind and values that make no sense are
 * refused by name. */
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "transport/result.hpp"

namespace hp {

struct RunConfig {
  std::string name, hostname, kernel, initramfs, cmdline;
  std::vector<std::string> disks, nets;
  bool rng = false;
  std::string hvc; /* none */
  std::string memory = "256M", console = "stdio", doorbell = "auto", on_reboot = "exit";
  uint64_t cpus = 1, stop_timeout = 30; /* seconds */
  std::string socket;
  bool no_register = false, require_coordinator = false;
};

struct RunField {
  std::string_view name;
  std::variant<std::string RunConfig::*, uint64_t RunConfig::*, bool RunConfig::*,
               std::vector<std::string> RunConfig::*>
      member;
  std::string_view help;
};
std::span<const RunField> run_fields();

/* An option's or key's value, or values, as text; a flag takes none. */
Result<> set_field(RunConfig&, const RunField&, const std::vector<std::string>& values);
/* What a JSON text says; what it does not mention stays as it is. */
Result<> apply_json(RunConfig&, std::string_view text);
/* Whether it is complete and makes sense, once everything is in. */
Result<> check_config(const RunConfig&);

/* "512M", "2G", "1048576K"; a number alone is bytes. In bytes, a multiple of the page size. */
Result<uint64_t> parse_memory(std::string_view);
struct DiskChoice {
  std::string path;
  bool read_only;
};
/* "FILE" or "FILE,ro" */
DiskChoice parse_disk(std::string_view);
struct NetChoice {
  bool tap; /* or a socket */
  std::string where, mac;
};
/* "tap=INTERFACE" or "socket=PATH", and ",mac=ADDRESS" behind it. */
Result<NetChoice> parse_net(std::string_view);

}  // namespace hp
