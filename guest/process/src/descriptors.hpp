/* Where the monitor keeps its own descriptors: high, out of the guest's way. */
#pragma once

namespace hp::guest {

/* Moves fd to the monitor's range (close-on-exec as asked) and returns the new number, -1 on error.
 * The old one is closed. */
int place_descriptor(int fd, bool close_on_exec);
/* Is fd one of the monitor's? */
bool is_monitor_descriptor(int fd);
/* Closes a descriptor that place_descriptor moved. */
void release_descriptor(int fd);
/* The lowest number of the monitor's range. */
int monitor_descriptors_start();

}  // namespace hp::guest
