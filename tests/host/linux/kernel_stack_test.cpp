#include <sys/mman.h>

#include "guest.hpp"
#include "host/consumer.hpp"
#include "host/text_sink.hpp"

using namespace hp;
using namespace hp::test;
using namespace hp::linux_guest;

namespace {

constexpr uint64_t kText = 0xffffffff81000000;

/* What probec would print of a program that has run. */
std::string consumed(TestProgram& p) {
  Fd file = value(make_memfd("out", 0));
  const std::string path = "/proc/self/fd/" + std::to_string(file.get());
  host::Output output = value(host::Output::open(path));
  host::TextOptions shown;
  shown.quiet = true;
  host::TextSink sink(output, shown, "test");
  const Object object = p.object();
  host::Consumer consumer(object, p.segment, sink, {});
  p.segment.set_state(HP_STATE_DRAINING);
  consumer.finish();
  sink.remaining(consumer.table());
  value(output.flush());
  CHECK(consumer.damaged() == 0);
  return value(read_file(path));
}

void fire_with_stack(TestGuest& g, uint32_t id, std::initializer_list<uint64_t> stack) {
  hp_probe_page& page = g.fill(id);
  page.flags = HP_PROBE_STACK;
  for (const uint64_t pc : stack) page.stack[page.nstack++] = pc;
  CHECK(g.ring() == HP_RC_OK);
}

}  // namespace

TEST_CASE("stack() is printed with the names of the guest's functions and modules") {
  TestGuest g;
  TestProgram p("fbt::vfs_read:entry { stack(); }");
  const uint32_t id = g.enable(p).attach.at(0).head.probe;
  fire_with_stack(g, id, {kText + 0x100, kText + 0x204, 0xffffffffc0000018, 0x1234});
  CHECK(consumed(p) ==
        "\n              vmlinux`vfs_read\n              vmlinux`vfs_write+0x4\n"
        "              ext4`ext4_readdir+0x8\n              0x1234\n");
}

TEST_CASE("stacks, callers and symbols are keys, told apart by guest") {
  TestGuest g, h;
  h.probes.set_vmid(6);
  KernelFiles other = kernel_files();
  other.symbols = "0 T other_start\n200 T renamed\n1000 T other_end\n";
  other.text_start = kText;
  TestProgram p(
      "syscall::read:entry { @s[sym(caller)] = count(); @f[func(caller), mod(caller)] = count(); "
      "@d = max(stackdepth); }");
  h.probes.set_kernel(nullptr);
  h.probes.set_kernel(value(GuestKernel::make(other)));
  const uint32_t in_g = g.enable(p).attach.at(0).head.probe,
                 in_h = h.enable(p).attach.at(0).head.probe;
  fire_with_stack(g, in_g, {1, kText + 0x210, 3});
  fire_with_stack(g, in_g, {1, kText + 0x220});
  fire_with_stack(h, in_h, {1, kText + 0x210});
  const std::string text = consumed(p);
  CAPTURE(text);
  CHECK(text.find("vmlinux`vfs_write ") != text.npos);
  CHECK(text.find("vmlinux`renamed ") != text.npos);
  CHECK(text.find(" 2\n") != text.npos);
  CHECK(text.find(" 3\n") != text.npos);
}

TEST_CASE("printf(%a) names a kernel address when the program has the names") {
  TestGuest g;
  TestProgram p("fbt::vfs_read:entry { printf(\"%a %a\\n\", arg0, arg1); this->d = stackdepth; }");
  const uint32_t id = g.enable(p).attach.at(0).head.probe;
  g.fill(id).args[0] = kText + 0x210;
  g.page()->args[1] = 0x10;
  g.ring();
  CHECK(consumed(p) == "vmlinux`vfs_write+0x10 0x10\n");
}

TEST_CASE("a guest that says it has more frames than there are is cut") {
  TestGuest g;
  TestProgram p("fbt::vfs_read:entry { @[stackdepth] = count(); }");
  const uint32_t id = g.enable(p).attach.at(0).head.probe;
  hp_probe_page& page = g.fill(id);
  page.flags = HP_PROBE_STACK;
  page.nstack = ~0u;
  g.ring();
  page.flags = 0;
  g.ring();
  CHECK(p.counts() == std::map<uint64_t, uint64_t>{{HP_PROBE_FRAMES, 1}, {0, 1}});
}

TEST_CASE("ustack() follows frame pointers through the guest's memory, and is printed as numbers") {
  TestGuest g;
  constexpr uint64_t kStack = 0x7ffff000;
  REQUIRE(g.machine.map(kStack, 3 << 20, vmm::kUser));
  const uint64_t frames[] = {kStack + 0x40, 0x401111, 0, 0x402222};
  std::memcpy(g.machine.host((3 << 20) + 0x20), frames, 16);
  std::memcpy(g.machine.host((3 << 20) + 0x40), frames + 2, 16);
  TestProgram p("syscall::read:entry { ustack(); }");
  const uint32_t id = g.enable(p).attach.at(0).head.probe;
  hp_probe_page& page = g.fill(id);
  page.pid = page.tid = ::getpid(); /* the consumer's own names are not the guest's */
  page.pc = reinterpret_cast<uint64_t>(&::getpid);
  page.user_stack = kStack + 0x10;
  page.user_frame = kStack + 0x20;
  g.ring();
  const std::string text = consumed(p);
  CAPTURE(text);
  CHECK(text.find("`") == text.npos);
  CHECK(text.find("0x401111\n              0x402222\n") != text.npos);
}
