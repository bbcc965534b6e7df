/* FleetConfig: the coordinator's configuration file, hyprobe.toml(5): rights, limits, the socket.
 *
 *     FleetConfig config = HP_TRY(FleetConfig::load(path));     of --config: must be there
 *     FleetConfig config = HP_TRY(FleetConfig::load_default()); /etc/hyprobe/hyprobe.toml, or the defaults
 *
 * Strict: unknown keys, unknown users and groups, wrong types, values out of range are errors, "FILE:LINE: what is
 * wrong and what to write instead". One of them is told. A file that is not root's or the caller's own, or that
 * others may write, is refused. What the file leaves out keeps its default.
 *
 * parse() is pure but for the lookup of names. */
#pragma once
#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "host/fleet_access.hpp"
#include "host/fleet_limits.hpp"
#include "transport/result.hpp"

namespace hp {

/* Names of users and groups: getpwnam(3), getgrnam(3), numbers taken as such. Tests have their own. */
struct Accounts {
  std::function<std::optional<uint32_t>(const std::string&)> user, group;
  static Accounts of_system();
};

struct FleetConfig {
  static constexpr size_t kMaxBytes = 64u << 10;
  static constexpr const char* kDefaultPath = "/etc/hyprobe/hyprobe.toml";

  FleetAccess access;
  LimitValues users = LimitValues::of_users(), root = LimitValues::of_root();
  std::optional<uint32_t> socket_group; /* root's socket is open to it; none: to root */
  mode_t socket_mode = 0660;            /* of root's socket, if it has a group; else 0600 */
  std::string origin;                   /* the file; empty: the defaults */

  static FleetConfig defaults(const Accounts& = Accounts::of_system());
  static Result<FleetConfig> parse(std::string_view text, const std::string& file,
                                   const Accounts& = Accounts::of_system());
  static Result<FleetConfig> load(const std::string& path);
  /* load(), or the defaults where there is no such file. */
  static Result<FleetConfig> load_default(const std::string& path = kDefaultPath);
};

}  // namespace hp
