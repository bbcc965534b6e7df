/* RLIMIT_AS and RLIMIT_DATA of a guest, which the kernel would count the monitor against.
 *
 * The kernel holds the guest's value plus kMonitorRoom, far more than a monitor ever maps, and the monitor
 * subtracts it again wherever the guest looks: getrlimit(2), prlimit(2) of this and other guest
 * processes, /proc/PID/limits. So the value follows fork and exec by itself. AddressSpace refuses what
 * would exceed it. A limit below kMonitorRoom is one that was set from outside the guest and that an
 * unprivileged monitor could not raise: it is taken as it stands, by the kernel too.
 *
 * State is the kernel's, per process; all functions are thread-safe. See getrlimit(2). */
#pragma once
#include <sys/resource.h>

#include <cstdint>
#include <string>

namespace hp::guest {

inline constexpr uint64_t kMonitorRoom = 1ull << 40; /* bytes */

/* What the kernel is told for a guest's value, and back. Infinity stays infinity. */
uint64_t kernel_limit(uint64_t guest);
uint64_t guest_limit(uint64_t kernel);

/* Before the first program of a guest: makes room for the monitor in the limits it was started with. */
void secure_limits();

/* This process's limit as the guest sees it. resource: RLIMIT_AS or RLIMIT_DATA. */
rlimit limit_of_guest(int resource);

/* /proc/PID/limits with the guest's values. */
std::string correct_limits(const std::string& limits);

}  // namespace hp::guest
