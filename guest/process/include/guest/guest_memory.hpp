/* Checked access to a process guest's memory from the monitor that serves it.
 *
 * Guest addresses equal the monitor's, so an access is a plain copy; what makes it checked is that
 * only addresses of the guest's arena are touched (never the monitor's own memory) and that a fault
 * during the copy (PROT_NONE, unmapped, truncated file) ends it instead of the process. No system
 * call, no lock. Thread-safe. */
#pragma once
#include <cstddef>
#include <cstdint>

namespace hp::guest {

class GuestMemory {
 public:
  /* Copy size bytes. False (with *fault, if given, at the first address that failed) on a bad
   * address; dst may then be partly written. */
  static bool read(void* dst, uint64_t gva, size_t size, uint64_t* fault = nullptr) noexcept;
  static bool write(uint64_t gva, const void* src, size_t size, uint64_t* fault = nullptr) noexcept;
  /* Copies a NUL-terminated string of at most max-1 bytes and terminates it; *len without NUL.
   * Longer strings are cut. */
  static bool read_string(char* dst, uint64_t gva, size_t max, uint64_t* len,
                          uint64_t* fault = nullptr) noexcept;
  template <class T>
  static bool get(T& value, uint64_t gva) noexcept {
    return read(&value, gva, sizeof value);
  }
  template <class T>
  static bool put(uint64_t gva, const T& value) noexcept {
    return write(gva, &value, sizeof value);
  }
  /* [start, end) may be read besides the arena: the vDSO, which nobody unmaps. Before the guest runs. */
  static void allow(uint64_t start, uint64_t end) noexcept;
  /* Called by the monitor's SIGSEGV/SIGBUS handler with the interrupted RIP: where to continue if
   * the fault belongs to one of the copies above, else 0. */
  static uint64_t fixup(uint64_t rip) noexcept;
};

}  // namespace hp::guest
