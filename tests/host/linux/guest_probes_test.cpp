#include <sys/syscall.h>

#include "guest.hpp"

using namespace hp;
using namespace hp::test;
using namespace hp::linux_guest;

TEST_CASE("a system call's entry fires what was committed, by name, and nothing before or after") {
  TestGuest g;
  TestProgram p("syscall::read:entry { @[arg0] = count(); }");
  const Preparation prepared = g.prepare(p);
  CHECK(prepared.probes == 1);
  REQUIRE(prepared.attach.size() == 1);
  const uint32_t id = id_of(prepared, HP_KIND_SYSCALL_ENTRY, SYS_read);
  CHECK(p.entered() == std::vector<std::string>{"syscall:vmlinux:read:entry"});
  CHECK(p.segment.view().probes()[3].id == HP_PROBE_SYSCALL + 2 * SYS_read);

  g.fill(id).args[0] = 7;
  CHECK(g.ring() == HP_RC_OK);
  CHECK(p.counts().empty());
  g.probes.commit(p.ident);
  CHECK(g.ring() == HP_RC_OK);
  CHECK(g.ring() == HP_RC_OK);
  CHECK(p.counts() == std::map<uint64_t, uint64_t>{{7, 2}});
  g.probes.remove(p.ident);
  CHECK(g.ring() == HP_RC_OK);
  CHECK(p.counts().empty());
}

TEST_CASE("a page that is none is refused") {
  TestGuest g;
  TestProgram p("syscall::read:entry { @ = count(); }");
  const uint32_t id = id_of(g.enable(p), HP_KIND_SYSCALL_ENTRY, SYS_read);
  g.fill(id).magic = 1;
  CHECK(g.ring() == HP_RC_INVALID);
  g.fill(id).version = HP_ABI_VERSION + 1;
  CHECK(g.ring() == HP_RC_INVALID);
  CHECK(g.fire(0) == HP_RC_INVALID);
  CHECK(g.fire(HP_TRACE_PROBES) == HP_RC_INVALID);
  CHECK(g.fire(~0u) == HP_RC_INVALID);
  CHECK(g.fire(HP_TRACE_PROBES - 1) == HP_RC_OK); /* of nobody */
  FakeVcpu v(0);
  CHECK(g.probes.fire(v, nullptr) == HP_RC_INVALID);
  CHECK(p.counts().empty());
}

TEST_CASE("descriptions match what the guest has, under the names that they have there") {
  TestGuest g;
  const auto matches = [&](const std::string& description) {
    TestProgram p(description + " { @ = count(); }");
    const uint32_t probes = g.prepare(p).probes;
    CHECK(probes == p.entered().size());
    g.probes.remove(p.ident);
    return p.entered();
  };
  using Names = std::vector<std::string>;
  CHECK(matches("fbt::vfs_read:entry") == Names{"fbt:vmlinux:vfs_read:entry"});
  CHECK(matches("fbt::vfs_*:") == Names{"fbt:vmlinux:vfs_read:entry", "fbt:vmlinux:vfs_read:return",
                                        "fbt:vmlinux:vfs_write:entry",
                                        "fbt:vmlinux:vfs_write:return"});
  CHECK(matches("fbt:ext4::return") == Names{"fbt:ext4:ext4_readdir:return"});
  CHECK(matches("fbt::do_silly:entry").empty());
  CHECK(matches("fbt::after_text:entry").empty());
  CHECK(matches("fbt:hyprobe::").empty());
  CHECK(matches("sdt:sched:sched_switch:") == Names{"sdt:sched:sched_switch:sched_switch"});
  CHECK(matches("sdt:::sched_*") == Names{"sdt:sched:sched_process_exit:sched_process_exit",
                                          "sdt:sched:sched_switch:sched_switch"});
  CHECK(matches("rawtp:::odd_one") == Names{"rawtp:vmlinux:odd_one:odd_one"});
  CHECK(matches("proc:::create") == Names{"proc:vmlinux::create"});
  CHECK(matches("sched:::on-cpu") == Names{"sched:vmlinux::on-cpu"});
  CHECK(matches("sched:::wakeup").empty()); /* this kernel has no sched_waking */
  CHECK(matches("profile:::profile-997") == Names{"profile:::profile-997"});
  CHECK(matches("profile:::tick-1s").empty());
  CHECK(matches("vmm:::exit").size() > 10);
  CHECK(matches("vmm::hypercall:") == Names{"vmm:kvm:hypercall:exit"});
  CHECK(matches("web1:fbt::vfs_read:entry").size() == 1);
  CHECK(matches("web2:fbt::vfs_read:entry").empty());
}

TEST_CASE("attachments say what the module needs") {
  TestGuest g;
  TestProgram p(
      "fbt::vfs_read:return, sdt:sched:sched_switch:, profile:::profile-100, syscall::write:return "
      "{ @[ustackdepth] = count(); trace(uregs[R_RIP]); stack(); }");
  const Preparation got = g.prepare(p);
  REQUIRE(got.attach.size() == 4);
  for (const Attachment& a : got.attach) {
    CHECK(a.head.flags == (HP_ATTACH_UREGS | HP_ATTACH_STACK));
    CHECK(a.head.probe != 0);
  }
  CHECK(got.attach[0].head.kind == HP_KIND_FUNCTION_RETURN);
  CHECK(got.attach[0].head.address == 0xffffffff81000100);
  CHECK(got.attach[0].text == "vfs_read");
  CHECK(got.attach[1].head.kind == HP_KIND_TRACEPOINT);
  CHECK(got.attach[1].text == "sched_switch");
  CHECK(got.attach[2].head.kind == HP_KIND_PROFILE);
  CHECK(got.attach[2].head.address == 10'000'000);
  CHECK(got.attach[2].head.number == 1);
  CHECK(got.attach[3].head.kind == HP_KIND_SYSCALL_RETURN);
  CHECK(got.attach[3].head.number == SYS_write);
}

TEST_CASE("programs share a probe, two functions of one name share its entry") {
  TestGuest g;
  TestProgram a("fbt::helper:entry { @ = count(); }", 1), b("fbt::h*:entry { @ = count(); }", 2);
  const Preparation of_a = g.enable(a), of_b = g.enable(b);
  CHECK(of_a.probes == 1);
  REQUIRE(of_a.attach.size() == 2);
  CHECK(of_a.attach[0].head.probe != of_a.attach[1].head.probe);
  for (int i : {0, 1}) CHECK(of_a.attach[i].head.probe == of_b.attach[i].head.probe);
  for (int i : {0, 1}) CHECK(g.fire(of_a.attach[i].head.probe) == HP_RC_OK);
  CHECK(a.counts() == std::map<uint64_t, uint64_t>{{0, 2}});
  CHECK(b.counts() == std::map<uint64_t, uint64_t>{{0, 2}});
  g.probes.remove(a.ident);
  CHECK(g.fire(of_a.attach[0].head.probe) == HP_RC_OK);
  CHECK(a.counts().empty());
  CHECK(b.counts() == std::map<uint64_t, uint64_t>{{0, 1}});
}

TEST_CASE("two guests share the entries of one program's table") {
  TestGuest g, h;
  TestProgram p("fbt::vfs_read:entry, vmm::hlt:exit { @ = count(); }");
  g.enable(p);
  h.enable(p);
  CHECK(p.entered() == std::vector<std::string>{"fbt:vmlinux:vfs_read:entry", "vmm:kvm:hlt:exit"});
  CHECK(p.segment.view().probes()[3].id == HP_PROBE_SHARED + 3);
  CHECK(p.segment.view().probes()[4].id == HP_PROBE_SHARED + 4);
}

TEST_CASE("a table without room is an error that says how much there is") {
  TestGuest g;
  TestProgram p("fbt:::entry { @ = count(); }", 1, 6);
  const auto r = g.probes.prepare(p.ident, p.object(), p.segment.fd());
  REQUIRE(!r);
  CHECK(r.error().message == "more than 6 probes match the program");
  CHECK(p.entered().empty());
}

TEST_CASE("what a firing says comes from the page, who it is from the host") {
  TestGuest g;
  TestProgram p(
      "syscall::read:return /vmname == \"web1\" && hostname == \"web1.example\" && vmid == 5 && "
      "execname == \"cat\" && pid == 100 && tid == 101 && ppid == 1 && uid == 33 && gid == 34 && "
      "vcpu == 3 && errno == 2 && arg0 == -1 && vtimestamp == 777 && (uint64_t)curthread == "
      "0x1230/ "
      "{ @ = count(); }");
  const uint32_t id = id_of(g.enable(p), HP_KIND_SYSCALL_RETURN, SYS_read);
  hp_probe_page& page = g.fill(id, 3);
  page.vcpu = 77; /* a lie */
  page.uid = 33;
  page.gid = 34;
  page.cputime = 777;
  page.task = 0x1230;
  page.args[0] = static_cast<uint64_t>(-2);
  CHECK(g.ring(3) == HP_RC_OK);
  CHECK(p.counts().size() == 1);
  CHECK(p.segment.errors() == 0);
}

TEST_CASE("clauses read kernel and user memory, and fault at what is not there") {
  TestGuest g;
  REQUIRE(g.machine.map(0xffff888000001000, 3 << 20));
  REQUIRE(g.machine.map(0x7fff00000000, (3 << 20) + 0x1000, vmm::kUser | vmm::kWritable));
  const uint64_t secret = 4711;
  std::memcpy(g.machine.host((3 << 20) + 0x10), &secret, sizeof secret);
  std::strcpy(reinterpret_cast<char*>(g.machine.host((3 << 20) + 0x1000)), "/etc/passwd");
  TestProgram p(
      "fbt::vfs_read:entry /copyinstr(arg1) == \"/etc/passwd\"/ { @[*(uint64_t*)arg0] = count(); "
      "}");
  const uint32_t id = id_of(g.enable(p), HP_KIND_FUNCTION_ENTRY, 0, "vfs_read");
  hp_probe_page& page = g.fill(id);
  page.args[0] = 0xffff888000001010;
  page.args[1] = 0x7fff00000000;
  CHECK(g.ring() == HP_RC_OK);
  CHECK(p.counts() == std::map<uint64_t, uint64_t>{{4711, 1}});
  page.args[0] = 0xffff888000002010;
  CHECK(g.ring() == HP_RC_OK);
  CHECK(p.counts().empty());
  CHECK(p.segment.errors() == 1);
}

TEST_CASE("paging is asked for once in a firing, and only when memory is read") {
  TestGuest g;
  TestProgram p("fbt::vfs_read:entry { @[stringof(arg0), stringof(arg1)] = count(); }"),
      q("fbt::vfs_write:entry { @ = count(); }", 2);
  const uint32_t reads = g.enable(p).attach[0].head.probe,
                 counts = g.enable(q).attach[0].head.probe;
  FakeVcpu v(0, g.machine.paging());
  g.fill(counts);
  g.probes.fire(v, g.page());
  CHECK(v.asked == 0);
  REQUIRE(g.machine.map(0x1000, 3 << 20));
  g.fill(reads).args[0] = 0x1000;
  g.page()->args[1] = 0x1000;
  g.probes.fire(v, g.page());
  CHECK(v.asked == 1);
  CHECK(p.segment.errors() == 0);
}

TEST_CASE(
    "self variables belong to a thread, also when its tid is given again or another guest has it") {
  TestGuest g, h;
  h.probes.set_vmid(6);
  TestProgram p(
      "fbt::vfs_read:entry { self->n++; @[self->n] = count(); }"
      "fbt::vfs_write:entry { self->n = 0; }");
  const uint32_t of_g = id_of(g.enable(p), HP_KIND_FUNCTION_ENTRY, 0, "vfs_read");
  const uint32_t of_h = id_of(h.enable(p), HP_KIND_FUNCTION_ENTRY, 0, "vfs_read");
  const auto counts = [&] { return p.counts(); };
  using Counts = std::map<uint64_t, uint64_t>;
  g.fire(of_g);
  g.fire(of_g, 1); /* on another vCPU it is the same thread */
  CHECK(counts() == Counts{{1, 1}, {2, 1}});
  h.fire(of_h);
  CHECK(counts() == Counts{{1, 1}});
  g.fill(of_g).start++;
  g.ring();
  CHECK(counts() == Counts{{1, 1}});
  g.fire(of_g);
  CHECK(counts() == Counts{{1, 1}}); /* the first one came back? No: its number is gone for good */
  for (uint32_t vcpu : {0u, 1u}) {   /* idle threads are their vCPU's */
    g.fill(of_g, vcpu).tid = 0;
    g.ring(vcpu);
  }
  CHECK(counts() == Counts{{1, 2}});
}

TEST_CASE("vmm probes fire for exits without the guest's help") {
  FakeMachine machine;
  GuestProbes probes(machine.ram(), "web1", "web1", "");
  TestProgram p("vmm:kvm:hlt:exit { @[arg0] = count(); }");
  CHECK(!probes.wants_exits());
  const Preparation got = value(probes.prepare(p.ident, p.object(), p.segment.fd()));
  CHECK(got.probes == 1);
  CHECK(got.attach.empty());
  probes.commit(p.ident);
  CHECK(probes.wants_exits());
  FakeVcpu v(0);
  probes.exit(v, 5, "hlt");
  probes.exit(v, 2, "io");
  probes.exit(v, 4'000'000'000, "?");
  CHECK(p.counts() == std::map<uint64_t, uint64_t>{{5, 1}});
  probes.remove(p.ident);
  CHECK(!probes.wants_exits());
}

TEST_CASE("without a kernel there is nothing to prepare, and its end silences what was") {
  TestGuest g;
  TestProgram p("syscall::read:entry, vmm::hlt:exit { @ = count(); }");
  const uint32_t id = id_of(g.enable(p), HP_KIND_SYSCALL_ENTRY, SYS_read);
  FakeVcpu v(0);
  g.probes.set_kernel(nullptr);
  CHECK(g.fire(id) == HP_RC_OK);
  CHECK(p.counts().empty());
  g.probes.exit(v, 5, "hlt");
  CHECK(p.counts().size() == 1);
  TestProgram q("syscall::read:entry { @ = count(); }", 2);
  CHECK(!g.probes.prepare(q.ident, q.object(), q.segment.fd()));

  g.probes.set_kernel(value(GuestKernel::make(kernel_files())));
  g.probes.commit(p.ident); /* it was not prepared for this boot */
  CHECK(g.fire(id) == HP_RC_OK);
  CHECK(p.counts().empty());
  const uint32_t again = id_of(g.enable(p), HP_KIND_SYSCALL_ENTRY, SYS_read);
  CHECK(g.fire(again) == HP_RC_OK);
  CHECK(p.counts().size() == 1);
}

TEST_CASE("an agent that comes again finds what runs running") {
  TestGuest g;
  TestProgram p("syscall::read:entry { @ = count(); }");
  const uint32_t id = id_of(g.enable(p), HP_KIND_SYSCALL_ENTRY, SYS_read);
  g.probes.set_kernel(value(GuestKernel::make(kernel_files())));
  CHECK(g.fire(id) == HP_RC_OK);
  CHECK(p.counts().size() == 1);
  CHECK(id_of(g.prepare(p), HP_KIND_SYSCALL_ENTRY, SYS_read) == id);
  CHECK(g.fire(id) == HP_RC_OK);
  g.probes.commit(p.ident);
  CHECK(g.fire(id) == HP_RC_OK);
  CHECK(p.counts() == std::map<uint64_t, uint64_t>{{0, 2}});
}

TEST_CASE("aliases take some of the firings that they are made of") {
  TestGuest g;
  TestProgram p(
      "proc:::create { @[1] = count(); } proc:::lwp-create { @[2] = count(); }"
      "proc:::exit { @[3] = count(); } proc:::lwp-exit { @[4] = count(); }");
  const Preparation got = g.enable(p);
  CHECK(got.probes == 4);
  CHECK(got.attach.size() == 2);
  const uint32_t created =
      id_of(got, HP_KIND_TRACEPOINT, got.attach[0].head.number, "task_newtask");
  const uint32_t ended =
      id_of(got, HP_KIND_TRACEPOINT, got.attach[0].head.number, "sched_process_exit");
  g.fire(created);
  g.fill(created).args[1] = 0x10000;
  g.ring();
  g.ring();
  g.fire(ended);
  g.fill(ended).tid = 100;
  g.ring();
  CHECK(p.counts() == std::map<uint64_t, uint64_t>{{1, 1}, {2, 2}, {3, 1}, {4, 2}});
}

TEST_CASE("profile probes tell the kernel's place from the user's") {
  TestGuest g;
  TestProgram p("profile:::profile-99 { @[arg0] = count(); @[arg1] = count(); }");
  const uint32_t id = g.enable(p).attach.at(0).head.probe;
  hp_probe_page& page = g.fill(id);
  page.kernel_pc = 111;
  page.pc = 222;
  g.ring();
  page.flags = HP_PROBE_USER;
  g.ring();
  CHECK(p.counts() == std::map<uint64_t, uint64_t>{{0, 2}, {111, 1}, {222, 1}});
}
