/* hyprobe-guest: the monitor of one process of a process guest.
 *
 *   hyprobe-guest [--control FD --socket FD] [--gate=auto|doorbell|slot] -- PROGRAM ARG...
 *
 * runs PROGRAM as a process guest; without --control it is not traced. The guest's exit status or
 * signal is this program's. Other options are for the monitor's own use across execve (exec.hpp).
 * Exit statuses of its own, as env(1): 127 not found, 126 cannot be run, 125 Hyprobe's failure. */
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "guest/monitor.hpp"
#include "monitor_heap.hpp"
#include "syscall_observer.hpp"

namespace {

constexpr const char* kUsage =
    "usage: hyprobe-guest [--control FD --socket FD] [--gate=auto|doorbell|slot] -- PROGRAM "
    "ARG...\n";

[[noreturn]] void usage() {
  std::fputs(kUsage, stderr);
  std::exit(125);
}

unsigned parse_gate(const char* text) {
  if (!std::strcmp(text, "auto") || !std::strcmp(text, "0")) return HP_GATE_AUTO;
  if (!std::strcmp(text, "doorbell") || !std::strcmp(text, "1")) return HP_GATE_DOORBELL;
  if (!std::strcmp(text, "slot") || !std::strcmp(text, "2")) return HP_GATE_SLOT;
  usage();
}

hp::guest::MonitorOptions parse(int argc, char** argv) {
  hp::guest::MonitorOptions o;
  int i = 1;
  auto value = [&](const char* name) -> const char* {
    size_t n = std::strlen(name);
    if (std::strncmp(argv[i], name, n) != 0) return nullptr;
    if (argv[i][n] == '=') return argv[i] + n + 1;
    if (argv[i][n] != 0) return nullptr;
    if (++i >= argc) usage();
    return argv[i];
  };
  for (; i < argc && std::strcmp(argv[i], "--") != 0; ++i) {
    if (const char* v = value("--control"))
      o.control_fd = std::atoi(v);
    else if (const char* v2 = value("--socket"))
      o.socket_fd = std::atoi(v2);
    else if (const char* v3 = value("--self"))
      o.self_fd = std::atoi(v3);
    else if (const char* v4 = value("--program-fd"))
      o.program_fd = std::atoi(v4);
    else if (const char* name = value("--comm"))
      o.comm = name;
    else if (const char* kvm = value("--kvm"))
      o.kvm_fd = std::atoi(kvm);
    else if (const char* v5 = value("--gate"))
      o.gate = parse_gate(v5);
    else if (const char* thread = value("--thread"))
      o.thread_number = std::strtoull(thread, nullptr, 10);
    else if (const char* v6 = value("--exec")) {
      o.from_exec = true;
      o.exec_sigmask = std::strtoull(v6, nullptr, 16);
    } else
      usage();
  }
  if (i + 1 >= argc) usage();
  o.program = argv[++i];
  /* The first program's own name is its argv[0]; after an execve the guest chose one. */
  if (o.from_exec) ++i;
  o.argv.assign(argv + i, argv + argc);
  return o;
}

}  // namespace

int main(int argc, char** argv) {
  hp::guest::MonitorOptions options = parse(argc, argv);
  options.lock_heap = hp::host::lock_heap;
  options.unlock_heap = hp::host::unlock_heap;
  hp::guest::secure_process(options);
  auto control = hp::guest::map_control(options.control_fd);
  if (!control) {
    std::fprintf(stderr, "hyprobe-guest: %s\n", control.error().message.c_str());
    return 125;
  }
  /* Lives as long as the process, whose end is the guest's. */
  hp::guest::SyscallObserver* observer = nullptr;
  if (*control) observer = new hp::host::DispatchingObserver(*control, options.socket_fd);
  hp::Error error = hp::guest::run_monitor(options, *control, observer);
  std::fprintf(stderr, "hyprobe-guest: %s\n", error.message.c_str());
  if (error.code == ENOENT) return 127;
  if (error.code == EACCES || error.code == ENOEXEC) return 126;
  return 125;
}
