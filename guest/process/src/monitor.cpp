#include "guest/monitor.hpp"

#include <fcntl.h>
#include <linux/futex.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <climits>
#include <cstring>

#include "calls.hpp"
#include "descriptors.hpp"
#include "elf_image.hpp"
#include "exec.hpp"
#include "guest/guest_memory.hpp"
#include "host_maps.hpp"
#include "limits.hpp"
#include "proc_files.hpp"
#include "process.hpp"
#include "signals.hpp"
#include "thread.hpp"
#include "vmm/kvm.hpp"

extern char** environ;

namespace hp::guest {

namespace {

void wait_while_paused(hp_ctl* control) {
  while (__atomic_load_n(&control->paused, __ATOMIC_ACQUIRE))
    syscall(SYS_futex, &control->paused, FUTEX_WAIT, 1, nullptr, nullptr, 0);
}

/* It is the host's own, at the place that the kernel gave this process. */
void add_vdso_module(AddressSpace& space) {
  HostMap data, code;
  if (!find_vdso(data, code)) return;
  Module m;
  m.start = code.start;
  m.end = code.end;
  std::strcpy(m.path, "[vdso]");
  m.unwind = find_unwind_table(reinterpret_cast<const void*>(code.start), code.end - code.start,
                               code.start, 0);
  GuestMemory::allow(code.start, code.end);
  space.add_module(m);
}

}  // namespace

void secure_process(MonitorOptions& o) {
  if (!o.from_exec) guest::secure_limits();
  if (o.self_fd < 0) o.self_fd = open("/proc/self/exe", O_RDONLY);
  o.self_fd = place_descriptor(o.self_fd, false);
  /* A number that is no descriptor stays, for map_control to complain of. */
  for (int* fd : {&o.control_fd, &o.socket_fd})
    if (int placed = place_descriptor(*fd, false); placed >= 0) *fd = placed;
}

Result<hp_ctl*> map_control(int fd) {
  if (fd < 0) return nullptr;
  struct stat st;
  if (fstat(fd, &st) != 0) return fail_errno("cannot map the guest-control page");
  if (st.st_size < static_cast<off_t>(sizeof(hp_ctl)))
    return fail("the guest-control page is too short");
  void* p = mmap(nullptr, sizeof(hp_ctl), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (p == MAP_FAILED) return fail_errno("cannot map the guest-control page");
  auto* control = static_cast<hp_ctl*>(p);
  if (control->magic != HP_CTL_MAGIC || control->version != HP_CTL_VERSION)
    return fail("the guest-control page is of another version of Hyprobe");
  return control;
}

Error run_monitor(const MonitorOptions& options, hp_ctl* control, SyscallObserver* observer,
                  const std::vector<Interposer*>& links) {
  auto error_of = [](const auto& result) { return result.error(); };
  /* Everything here lives as long as the process. */
  auto* p = new Process;
  p->control = control;
  p->observer = observer;
  p->gate = control ? control->gate : options.gate;

  ExecPlan program;
  if (options.from_exec) {
    program.file = Fd(options.program_fd);
    program.execfn = options.program;
    program.comm = options.comm;
    program.argv = options.argv;
  } else {
    std::string path = find_in_path(options.program);
    if (path.empty()) return {options.program + ": command not found", ENOENT};
    uint64_t bytes = 0, count = 0;
    for (char** e = environ; *e; ++e, ++count) bytes += std::strlen(*e) + 1;
    int err = plan_exec(AT_FDCWD, path, 0, options.argv, bytes, count, program);
    std::string why;
    if (err == -ENOEXEC && program.file) check_elf(program.file.get(), &why);
    if (err && !why.empty()) return {path + ": " + why, ENOEXEC};
    if (err) return Error::from_errno(path, -err);
  }
  p->lock_heap = options.lock_heap;
  p->unlock_heap = options.unlock_heap;
  p->self_fd = options.self_fd;
  p->control_fd = options.control_fd;
  p->socket_fd = options.socket_fd;
  if (p->self_fd < 0) return Error::from_errno("cannot open the monitor's own file");

  auto kvm = vmm::Kvm::open([](int fd) { return place_descriptor(fd, true); }, options.kvm_fd);
  if (!kvm) return error_of(kvm);
  auto* engine = new vmm::Kvm(std::move(*kvm));
  set_engine_descriptor(engine->fd());
  auto machine = Machine::create([engine] { return engine->create_vm(); });
  if (!machine) return error_of(machine);
  p->machine = machine->release();
  if (p->gate != HP_GATE_DOORBELL) p->machine->enable_slot_gate();
  p->space = new AddressSpace;
  leave_room_for_stack(*p->space);
  auto image = load_program(*p->space, program.file.get());
  auto no_room = [&](int code) {
    /* Past execve's point of no return the kernel kills a program that its limits have no room for. */
    if (options.from_exec && code == ENOMEM) die_by_signal(SIGSEGV);
  };
  if (!image) {
    no_room(image.error().code);
    return {program.execfn + ": " + image.error().message, image.error().code};
  }
  char link[64], exe[PATH_MAX];
  std::snprintf(link, sizeof link, "/proc/self/fd/%d", program.file.get());
  ssize_t n = readlink(link, exe, sizeof exe);
  p->exe = n > 0 ? std::string(exe, static_cast<size_t>(n)) : program.execfn;
  set_program_descriptor(place_descriptor(program.file.release(), true));

  std::vector<std::string> envp;
  for (char** e = environ; *e; ++e) envp.emplace_back(*e);
  auto cpu = p->machine->acquire();
  if (!cpu) return error_of(cpu);
  uint64_t vdso = p->machine->has_vdso() ? getauxval(AT_SYSINFO_EHDR) : 0;
  auto stack = build_stack(*p->space, *image, program.execfn, program.argv, envp, vdso);
  if (!stack) {
    no_room(stack.error().code);
    return error_of(stack);
  }
  p->space->set_brk(image->end);
  prctl(PR_SET_NAME, program.comm.c_str());

  p->observer_link = new ObserverLink(control, observer);
  p->chain = links;
  if (observer) p->chain.push_back(p->observer_link);
  p->chain.push_back(new KernelLink);

  if (vdso) add_vdso_module(*p->space);
  auto* thread = new GuestThread(*p, **cpu);
  refresh_identity(*thread);
  thread->identity.args_start = stack->args_start;
  thread->identity.args_end = stack->args_end;
  if (options.thread_number != 0)
    thread->number = options.thread_number;
  else
    number_thread(*thread, control);
  void* signal_stack = mmap(nullptr, kHostAltStack, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (signal_stack == MAP_FAILED) return Error::from_errno("cannot map a signal stack");
  use_host_altstack(signal_stack);
  current_thread = thread;
  init_signals(*p);
  uint64_t mask = 0;
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, nullptr, &mask, 8);
  if (options.from_exec) mask = options.exec_sigmask;

  vmm::Registers regs{};
  regs.rip = image->start;
  regs.rsp = stack->pointer;
  regs.rflags = 0x202;
  p->machine->enter_user(**cpu, regs);
  if (control) {
    if (options.from_exec)
      p->observer_link->fire_exit(*thread, Syscall{SYS_execve, {}}, 0);
    else
      wait_while_paused(control);
    __atomic_store_n(&control->started, 1u, __ATOMIC_RELEASE);
  }
  HP_CHECK(set_guest_mask(*thread, mask)); /* nothing is captured before the guest runs */
  thread->run();
}

}  // namespace hp::guest
