/* A monitor without a machine: speaks the control protocol of transport/control.h to a real
 * supervisor over the real descriptors, and runs its program natively. It lets the supervisor's tests
 * run where there is no /dev/kvm, and lets them ask for things at chosen moments.
 *
 *   fleet_monitor --control FD --socket FD -- PROGRAM ARGS...   execvp
 *   fleet_monitor --control FD --socket FD -- @fetch N          N times: waits until a program is
 *       enabled for read entry, fetches it, writes the object's first byte to the segment's last
 *       byte, waits until it is disabled. Exits 0.
 *   fleet_monitor --control FD --socket FD -- @ask SLOT         exits with the errno of the reply */
#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "transport/control.h"
#include "transport/fd.hpp"

using namespace hp;

namespace {

hp_ctl_reply ask(int sock, uint32_t slot, uint32_t generation, Fd fds[2]) {
  int pair[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) std::exit(90);
  Fd mine(pair[0]), theirs(pair[1]);
  hp_ctl_request request{HP_CTL_GET_PROGRAM, slot, generation, ::getpid()};
  int end = theirs.get();
  if (!send_with_fds(sock, &request, sizeof request, &end, 1)) std::exit(91);
  theirs.reset();
  hp_ctl_reply reply{};
  size_t n = 0;
  auto got = recv_with_fds(mine.get(), &reply, sizeof reply, fds, 2, &n);
  if (!got || *got != sizeof reply) std::exit(92);
  if (reply.error == 0 && n != 2) std::exit(93);
  return reply;
}

void spin_until(auto&& condition) {
  while (!condition()) ::usleep(200);
}

int fetch(hp_ctl* ctl, int sock, int times) {
  uint32_t last = 0;
  for (int i = 0; i < times; i++) {
    uint64_t mask = 0;
    spin_until([&] { return (mask = __atomic_load_n(&ctl->mask[0][0], __ATOMIC_ACQUIRE)) != 0; });
    auto slot = static_cast<uint32_t>(__builtin_ctzll(mask));
    spin_until([&] {
      return __atomic_load_n(&ctl->program[slot].state, __ATOMIC_ACQUIRE) == HP_PROG_COMMITTED;
    });
    uint32_t generation = __atomic_load_n(&ctl->program[slot].generation, __ATOMIC_ACQUIRE);
    Fd fds[2];
    hp_ctl_reply reply = ask(sock, slot, generation, fds);
    if (reply.error != 0 || reply.generation != generation || generation == last) return 94;
    last = generation;
    char c;
    off_t last_byte = ::lseek(fds[1].get(), 0, SEEK_END) - 1;
    if (::pread(fds[0].get(), &c, 1, 0) != 1 || ::pwrite(fds[1].get(), &c, 1, last_byte) != 1)
      return 95;
    spin_until([&] { return !(__atomic_load_n(&ctl->any, __ATOMIC_ACQUIRE) >> slot & 1); });
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 7 || std::string(argv[1]) != "--control" || std::string(argv[3]) != "--socket")
    return 99;
  int control = std::atoi(argv[2]), sock = std::atoi(argv[4]);
  auto map = Mapping::shared(control, sizeof(hp_ctl));
  if (!map) return 98;
  auto* ctl = map->as<hp_ctl>();
  if (ctl->magic != HP_CTL_MAGIC) return 97;
  while (__atomic_load_n(&ctl->paused, __ATOMIC_ACQUIRE) == 1)
    ::syscall(SYS_futex, &ctl->paused, FUTEX_WAIT, 1, nullptr, nullptr, 0);
  std::string program = argv[6];
  if (program == "@fetch") return fetch(ctl, sock, std::atoi(argv[7]));
  if (program == "@ask") {
    Fd fds[2];
    return ask(sock, static_cast<uint32_t>(std::atoi(argv[7])), 1, fds).error;
  }
  ::close(control); /* a native program knows nothing of these; a monitor hides them */
  ::close(sock);
  ::execvp(argv[6], argv + 6);
  std::perror(argv[6]);
  return 127;
}
