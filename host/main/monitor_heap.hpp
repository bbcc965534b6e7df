/* The monitor's own heap, in place of the C library's.
 *
 * A guest's fork(2) copies the monitor while other threads may be inside malloc: the heap must have a
 * lock that the forking thread can take. And it must leave brk(2) alone and be small, as there are
 * hundreds of monitors. Power-of-two classes from 64 KiB chunks; large blocks come from mmap(2). */
#pragma once

namespace hp::host {

/* Around fork(2), in parent and child. */
void lock_heap();
void unlock_heap();

}  // namespace hp::host
