#include "linux_guest/task_reader.hpp"

#include <bpf/btf.h>

#include "guest.hpp"

using namespace hp;
using namespace hp::test;
using namespace hp::linux_guest;

namespace {

constexpr uint64_t kMemory = 0xffff888000000000;
/* Offsets as no kernel has them. */
constexpr TaskLayout kLayout{.real_parent = 8,
                             .tgid = 16,
                             .cred = 24,
                             .signal = 32,
                             .fs = 40,
                             .euid = 4,
                             .egid = 12,
                             .pids = 8,
                             .pid_number = 20,
                             .pwd = 0,
                             .root = 16,
                             .path_mount = 8,
                             .path_dentry = 0,
                             .dentry_parent = 8,
                             .dentry_name = 16,
                             .mount_mnt = 32,
                             .mount_parent = 8,
                             .mountpoint = 16,
                             .mnt_root = 8};

/* A kernel's memory, in which structures are made one after the other. */
struct Kernel {
  Kernel() { REQUIRE(machine.map(kMemory, 2 << 20, vmm::kWritable, kLargePageSize)); }
  uint64_t make(uint64_t size = 64) {
    next += size;
    return next - size;
  }
  void put(uint64_t at, uint64_t v, size_t size = 8) {
    std::memcpy(machine.host((2 << 20) + (at - kMemory)), &v, size);
  }
  uint64_t text(const std::string& s) {
    const uint64_t at = make(s.size() + 1);
    std::memcpy(machine.host((2 << 20) + (at - kMemory)), s.c_str(), s.size() + 1);
    return at;
  }
  uint64_t task(int32_t pid, uint64_t parent) {
    const uint64_t t = make();
    put(t + kLayout.tgid, static_cast<uint64_t>(pid), 4);
    put(t + kLayout.real_parent, parent != 0 ? parent : t);
    return t;
  }
  /* parent 0: its own */
  uint64_t dentry(uint64_t parent, const std::string& name) {
    const uint64_t d = make();
    put(d + kLayout.dentry_parent, parent != 0 ? parent : d);
    put(d + kLayout.dentry_name, text(name));
    return d;
  }
  /* The struct vfsmount in it. parent 0: its own */
  uint64_t mount(uint64_t root, uint64_t parent, uint64_t mountpoint) {
    const uint64_t m = make();
    put(m + kLayout.mount_parent, parent != 0 ? parent - kLayout.mount_mnt : m);
    put(m + kLayout.mountpoint, mountpoint);
    put(m + kLayout.mount_mnt + kLayout.mnt_root, root);
    return m + kLayout.mount_mnt;
  }
  void set_path(uint64_t at, uint64_t mount, uint64_t dentry) {
    put(at + kLayout.path_mount, mount);
    put(at + kLayout.path_dentry, dentry);
  }
  std::string path(uint64_t task, uint32_t what, uint32_t max = 256) {
    vmm::GuestWalk walk(machine.ram(), machine.paging());
    char out[256];
    return {out, TaskReader(walk, kLayout, task).path(what, out, max)};
  }

  FakeMachine machine;
  uint64_t next = kMemory + 64;
};

struct Types {
  btf* b = btf__new_empty();
  ~Types() { btf__free(b); }
  void tracepoint(const char* name, int parameters) {
    const int proto = btf__add_func_proto(b, 0);
    for (int i = 0; i < parameters; ++i) REQUIRE(btf__add_func_param(b, "p", 1) == 0);
    btf__add_typedef(b, name, btf__add_ptr(b, proto));
  }
  std::string bytes() const {
    uint32_t size = 0;
    const void* data = btf__raw_data(b, &size);
    return {static_cast<const char*>(data), size};
  }
};

}  // namespace

TEST_CASE("ancestors are processes, up to the first") {
  Kernel k;
  const uint64_t idle = k.task(0, 0), init = k.task(1, idle), shell = k.task(50, init),
                 leader = k.task(77, shell), thread = k.task(77, leader);
  vmm::GuestWalk walk(k.machine.ram(), k.machine.paging());
  int32_t pids[TaskReader::kAncestors];
  REQUIRE(TaskReader(walk, kLayout, thread).ancestors(pids) == 3);
  CHECK(pids[0] == 77);
  CHECK(pids[1] == 50);
  CHECK(pids[2] == 1);
  const uint64_t a = k.task(5, init), b = k.task(6, a);
  k.put(a + kLayout.real_parent, b); /* a guest that would have it go on for ever */
  CHECK(TaskReader(walk, kLayout, a).ancestors(pids) == TaskReader::kAncestors);
  CHECK(TaskReader(walk, kLayout, 0x1234).ancestors(pids) == 0);
}

TEST_CASE("identity comes from credentials and the signal structure") {
  Kernel k;
  const uint64_t t = k.task(77, 0), cred = k.make(), signal = k.make(), group = k.make(),
                 session = k.make();
  k.put(t + kLayout.cred, cred);
  k.put(t + kLayout.signal, signal);
  k.put(cred + kLayout.euid, 1000, 4);
  k.put(cred + kLayout.egid, 0xfffffffe, 4);
  k.put(signal + kLayout.pids + 2 * 8, group);
  k.put(signal + kLayout.pids + 3 * 8, session);
  k.put(group + kLayout.pid_number, 70, 4);
  k.put(session + kLayout.pid_number, 60, 4);
  vmm::GuestWalk walk(k.machine.ram(), k.machine.paging());
  TaskReader r(walk, kLayout, t);
  CHECK(r.identity(HP_ID_EUID) == 1000);
  CHECK(r.identity(HP_ID_EGID) == 0xfffffffe);
  CHECK(r.identity(HP_ID_PGID) == 70);
  CHECK(r.identity(HP_ID_SID) == 60);
  CHECK(TaskReader(walk, kLayout, 0).identity(HP_ID_SID) == 0);
}

TEST_CASE("paths cross mounts, end at the process's root, and keep their end when they are long") {
  Kernel k;
  const uint64_t slash = k.dentry(0, "/"), mnt = k.dentry(slash, "mnt"),
                 disk_root = k.dentry(0, "/"), etc = k.dentry(disk_root, "etc"),
                 ssh = k.dentry(etc, "ssh");
  const uint64_t first = k.mount(slash, 0, slash), disk = k.mount(disk_root, first, mnt);
  const uint64_t t = k.task(77, 0), fs = k.make();
  k.put(t + kLayout.fs, fs);
  k.set_path(fs + kLayout.root, first, slash);
  k.set_path(fs + kLayout.pwd, disk, ssh);
  CHECK(k.path(t, HP_TEXT_CWD) == "/mnt/etc/ssh");
  CHECK(k.path(t, HP_TEXT_ROOT) == "/");
  CHECK(k.path(t, HP_TEXT_CWD, 6) == "tc/ssh");
  k.set_path(fs + kLayout.root, disk, etc); /* chroot(2) */
  CHECK(k.path(t, HP_TEXT_CWD) == "/ssh");
  CHECK(k.path(t, HP_TEXT_ROOT) == "/mnt/etc");
  k.set_path(fs + kLayout.pwd, disk, etc);
  CHECK(k.path(t, HP_TEXT_CWD) == "/");
  k.put(etc + kLayout.dentry_parent, ssh); /* in a circle */
  k.set_path(fs + kLayout.root, first, slash);
  k.set_path(fs + kLayout.pwd, disk, ssh);
  CHECK(k.path(t, HP_TEXT_CWD).size() == 256);
  k.put(t + kLayout.fs, 0);
  CHECK(k.path(t, HP_TEXT_CWD).empty());
}

TEST_CASE("the types of a kernel say how many arguments its tracepoints have") {
  Types t;
  REQUIRE(btf__add_int(t.b, "int", 4, BTF_INT_SIGNED) == 1);
  t.tracepoint("btf_trace_sched_switch", 5);
  t.tracepoint("btf_trace_none", 1);
  t.tracepoint("btf_trace_many", 40);
  btf__add_typedef(t.b, "btf_trace_odd", 1);
  const KernelLayout l(t.bytes());
  CHECK(l.tracepoint_arguments("sched_switch") == 4);
  CHECK(l.tracepoint_arguments("none") == 0);
  CHECK(l.tracepoint_arguments("many") == 10);
  CHECK(l.tracepoint_arguments("odd") == 5);
  CHECK(l.tracepoint_arguments("unknown") == 5);
  CHECK(l.task() == nullptr);
  CHECK(KernelLayout("no types at all").task() == nullptr);
}
