/* GuestDescription: what a guest is registered with in the fleet. The name is the host's; the rest of a Linux
 * guest is what it claims, and nothing but what is shown and matched may depend on it. */
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace hp {

enum class GuestKind : uint8_t { Process, Linux };

struct GuestDescription {
  std::string name;
  std::string hostname;
  std::string osversion; /* "Linux-6.1.0-56-cloud-amd64" */
  GuestKind kind = GuestKind::Process;
  /* Of a Linux guest. */
  std::string build_id; /* of its kernel, hexadecimal; empty: unknown */
  std::string doorbell; /* how it fires: "vmcall", "xen", "out" */
};

inline const char* to_text(GuestKind kind) {
  return kind == GuestKind::Linux ? "linux" : "process";
}
inline std::optional<GuestKind> guest_kind(std::string_view text) {
  if (text == "process") return GuestKind::Process;
  if (text == "linux") return GuestKind::Linux;
  return std::nullopt;
}

}  // namespace hp
