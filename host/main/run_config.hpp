/* RunConfig: what `probevm run` was asked for, by options and by a JSON file with the same names.
 *
 *     { "name": "web1", "kernel": "/boot/vmlinuz", "memory": "512M", "cpus": 2, "disk": ["web1.raw", "data.raw,ro"] }
 *
 * An option on the command line wins over the file. Unknown keys and values of the wrong kind are refused by name. */
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "transport/result.hpp"

namespace hp {

struct RunConfig {
  std::string name, hostname, kernel, initramfs, cmdline;
  std::vector<std::string> disks, nets;
  bool rng = false;
  std::string memory = "256M", console = "stdio", doorbell = "auto", on_reboot = "exit";
  uint64_t cpus = 1, stop_timeout = 30; /* seconds */
  std::string socket;
  bool no_register = false, require_coordinator = false;
};

/* What a JSON text says; what it does not mention stays as it is in `config`. */
Result<> apply_json(std::string_view text, RunConfig& config);
/* "512M", "2G", "1048576K"; a number alone is bytes. In bytes, a multiple of the page size. */
Result<uint64_t> parse_memory(std::string_view);

}  // namespace hp
