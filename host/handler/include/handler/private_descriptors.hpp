/* Running a piece of work with a descriptor table of its own.
 *
 * A monitor that opens a descriptor while its guest's threads run takes the lowest free number away
 * from them for a moment: `close(0); open(...)` in one thread could then get another number than 0.
 * So what a monitor opens after its guest has started, it opens here. */
#pragma once
#include <type_traits>

namespace hp::handler {

/* Calls work(argument) on a short-lived thread whose descriptor table holds only `keep`, while the
 * caller waits (all its signals blocked; only SIGKILL ends it). Memory, and even the caller's
 * thread-local storage, is shared: to the work it looks like a plain call, on kPrivateStack bytes of
 * stack. Descriptors that it opens vanish with it; mappings stay. If there is no memory for a
 * thread the call is made directly. Follows clone(2), unshare(2), close_range(2). */
void call_with_private_descriptors(int keep, void (*work)(void*), void* argument);
inline constexpr unsigned kPrivateStack = 256 << 10;

template <class F>
void with_private_descriptors(int keep, F&& work) {
  using Work = std::remove_reference_t<F>;
  call_with_private_descriptors(
      keep, [](void* p) { (*static_cast<Work*>(p))(); },
      const_cast<void*>(static_cast<const void*>(&work)));
}

}  // namespace hp::handler
