/* Probes with the names of the dtrace documentation, and what of a Linux kernel they are made of.
 *
 * Arguments are those of what fires, without the first `shift`; the D libraries translate them. Of the rows of
 * one probe all that this kernel has are attached, but where `instead` is set only the first.
 *
 *   probe                       arg0 ...
 *   proc:::create, lwp-create   the new task, clone(2) flags
 *   proc:::exec                 path, argv, envp as the caller passed them
 *   proc:::exec-success         -                            proc:::start, lwp-start   -
 *   proc:::exit, lwp-exit       the task                     proc:::signal-handle      signal, info, action
 *   proc:::signal-send          signal, info, to which task
 *   sched:::on-cpu              the task that was there      sched:::off-cpu  preempted, this task, the next
 *   sched:::wakeup              the task                     sched:::change-pri        the task, priority
 *   sched:::enqueue, dequeue    run queue, task, flags
 *   io:::start, done            struct bio
 *   tcp:::...                   the socket, old state, new state */
#pragma once
#include "linux_guest/universe.hpp"

namespace hp::linux_guest {

struct Alias {
  const char *provider, *name;
  uint32_t kind; /* HP_KIND_* */
  const char*
      what; /* tracepoint, function or system call; a function's name may go on with ".isra" or so */
  Filter filter = Filter::None;
  uint8_t shift = 0;
  bool instead = false; /* only where no earlier row of this probe is there */
};

inline constexpr Alias kAliases[] = {
    {"proc", "create", HP_KIND_TRACEPOINT, "task_newtask", Filter::NewProcess},
    {"proc", "lwp-create", HP_KIND_TRACEPOINT, "task_newtask", Filter::NewThread},
    {"proc", "exec", HP_KIND_SYSCALL_ENTRY, "execve"},
    {"proc", "exec", HP_KIND_SYSCALL_ENTRY, "execveat", Filter::None, 1},
    {"proc", "exec-success", HP_KIND_TRACEPOINT, "sched_process_exec"},
    {"proc", "start", HP_KIND_FUNCTION_ENTRY, "schedule_tail", Filter::Leader, 10},
    {"proc", "lwp-start", HP_KIND_FUNCTION_ENTRY, "schedule_tail", Filter::None, 10},
    {"proc", "exit", HP_KIND_TRACEPOINT, "sched_process_exit", Filter::Leader},
    {"proc", "lwp-exit", HP_KIND_TRACEPOINT, "sched_process_exit"},
    {"proc", "signal-send", HP_KIND_TRACEPOINT, "signal_generate"},
    {"proc", "signal-handle", HP_KIND_TRACEPOINT, "signal_deliver"},
    {"sched", "on-cpu", HP_KIND_FUNCTION_ENTRY, "finish_task_switch"},
    {"sched", "off-cpu", HP_KIND_TRACEPOINT, "sched_switch"},
    {"sched", "wakeup", HP_KIND_TRACEPOINT, "sched_waking"},
    {"sched", "change-pri", HP_KIND_TRACEPOINT, "sched_pi_setprio"},
    {"sched", "enqueue", HP_KIND_FUNCTION_ENTRY, "enqueue_task"},
    {"sched", "enqueue", HP_KIND_FUNCTION_ENTRY, "activate_task", Filter::None, 0, true},
    {"sched", "dequeue", HP_KIND_FUNCTION_ENTRY, "dequeue_task"},
    {"sched", "dequeue", HP_KIND_FUNCTION_ENTRY, "deactivate_task", Filter::None, 0, true},
    {"io", "start", HP_KIND_TRACEPOINT, "block_bio_queue"},
    {"io", "done", HP_KIND_TRACEPOINT, "block_bio_complete", Filter::None, 1},
    {"tcp", "state-change", HP_KIND_TRACEPOINT, "inet_sock_set_state"},
    {"tcp", "connect-request", HP_KIND_TRACEPOINT, "inet_sock_set_state", Filter::Connecting},
    {"tcp", "connect-established", HP_KIND_TRACEPOINT, "inet_sock_set_state", Filter::Connected},
    {"tcp", "connect-refused", HP_KIND_TRACEPOINT, "inet_sock_set_state", Filter::ConnectRefused},
    {"tcp", "accept-established", HP_KIND_TRACEPOINT, "inet_sock_set_state", Filter::Accepted},
};

}  // namespace hp::linux_guest
