/* The monitor's own file descriptors, which a guest must neither see nor lose.
 *
 * They live from kOwnDescriptors upwards, even where RLIMIT_NOFILE allows no such number any more (the
 * limit counts when a number is given out, so it is raised for that moment: DescriptorRoom). The kernel never gives the
 * guest a number that is in use; calls that name one of ours are answered as if it were closed
 * (correct_descriptor_call), and listings of /proc/self/fd leave them out. What remains visible: dup2(2)
 * to such a number fails with EBADF, and while a vCPU is made, lower numbers are in use for an instant.
 *
 * A process has one table of descriptors, so this is state of the process; fork(2) copies both. */
#pragma once
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace hp::guest {

inline constexpr int kOwnDescriptors = 700;

/* Moves fd out of the guest's way (close-on-exec as asked), closes the old number and returns the new
 * one; fd itself, where the limits leave no room; -1 with errno if fd is no descriptor. */
int place_descriptor(int fd, bool close_on_exec);
/* The same for one that only crosses an execve: it is not remembered as the monitor's. */
int move_descriptor(int fd, bool close_on_exec);
/* Is fd one of the monitor's? */
bool is_monitor_descriptor(int fd);
/* The descriptor of /dev/kvm, which a guest's next program needs too: its user may not be allowed to open
 * it any more. -1: none. */
void set_engine_descriptor(int fd);
int engine_descriptor();
/* Closes a descriptor that place_descriptor moved. */
void release_descriptor(int fd);

/* A set of descriptor numbers. Thread-safe. Numbers of kCount and more are not kept. */
class DescriptorSet {
 public:
  static constexpr uint64_t kCount = 1 << 16;
  void add(int fd);
  void remove(int fd);
  bool has(uint64_t fd) const {
    return fd < kCount && (words_[fd / 64].load(std::memory_order_relaxed) >> (fd % 64) & 1);
  }
  /* The first number of the set at or above fd; kCount if there is none. */
  uint64_t next(uint64_t fd) const;

 private:
  std::array<std::atomic<uint64_t>, kCount / 64> words_{};
};

/* Takes the names that `hide` says out of what getdents64(2) (or getdents(2)) stored; returns the
 * bytes that are left. */
size_t hide_records(char* records, size_t size, bool dirent64,
                    const std::function<bool(const char* name)>& hide);

}  // namespace hp::guest
