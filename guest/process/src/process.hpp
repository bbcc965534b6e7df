/* The process that a monitor runs: what its threads share. */
#pragma once
#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "address_space.hpp"
#include "guest/interposer.hpp"
#include "guest/monitor.hpp"
#include "machine.hpp"
#include "signal_state.hpp"

namespace hp::guest {

struct Process {
  Machine* machine = nullptr; /* shared by vfork children, like address_space */
  AddressSpace* space = nullptr;
  hp_ctl* control = nullptr;
  SyscallObserver* observer = nullptr;
  ObserverLink* observer_link = nullptr;
  std::vector<Interposer*> chain; /* outermost first; the last one forwards to the kernel */
  SignalActions actions;          /* copied for vfork children */
  std::string exe;                /* the program's path: /proc/self/exe */
  int self_fd = -1, control_fd = -1, socket_fd = -1;
  unsigned gate = HP_GATE_AUTO;
  void (*lock_heap)() = nullptr;
  void (*unlock_heap)() = nullptr;
  bool vfork_child = false;     /* shares its memory with another process */
  bool parent_waits = false;    /* a vfork_child whose parent sleeps, and cleans up after it */
  std::atomic<int> threads{1};  /* live guest threads */
  std::atomic<int> in_guest{0}; /* threads that run guest code just now, not a system call */
  std::atomic<bool> slot_forbidden{
      false}; /* credentials or namespaces may differ between threads */
};

}  // namespace hp::guest
