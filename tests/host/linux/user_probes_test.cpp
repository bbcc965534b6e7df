#include "linux_guest/user_probes.hpp"

#include <elf.h>

#include <algorithm>

#include "guest.hpp"
#include "linux_guest/linux_memory.hpp"
#include "linux_guest/static_arguments.hpp"

using namespace hp;
using namespace hp::test;
using namespace hp::linux_guest;

/* This very program is what the tests look into. */
extern "C" [[gnu::noinline, gnu::used]] int user_probes_test_function(int n) {
  asm volatile("" ::: "memory");
  return n + 1;
}

namespace {

std::string own_file() {
  return value(read_file("/proc/self/exe"));
}

std::string note(const std::string& provider, const std::string& name, uint64_t pc) {
  std::string d(24, '\0');
  std::memcpy(d.data(), &pc, sizeof pc);
  return d + provider + '\0' + name + '\0' + "8@%rdi -4@$-5" + '\0';
}

/* An ELF file with one loaded segment at 0x400000 and the notes of static probes. */
std::string file_with_static_probes() {
  const std::string names("\0.note.stapsdt\0.shstrtab\0", 25);
  std::string notes;
  for (const std::string& text :
       {note("server", "query__start", 0x400010), note("server", "bad", 1)}) {
    const uint32_t head[] = {8, static_cast<uint32_t>(text.size()), 3};
    notes.append(reinterpret_cast<const char*>(head), sizeof head)
        .append("stapsdt", 8)
        .append(text);
    notes.resize((notes.size() + 3) & ~size_t{3});
  }
  Elf64_Ehdr e{};
  std::memcpy(e.e_ident, ELFMAG, SELFMAG);
  e.e_ident[EI_CLASS] = ELFCLASS64;
  e.e_ident[EI_DATA] = ELFDATA2LSB;
  e.e_ident[EI_VERSION] = e.e_version = EV_CURRENT;
  e.e_type = ET_EXEC;
  e.e_machine = EM_X86_64;
  e.e_ehsize = sizeof e;
  e.e_phoff = sizeof e;
  e.e_phnum = 1;
  e.e_phentsize = sizeof(Elf64_Phdr);
  e.e_shentsize = sizeof(Elf64_Shdr);
  e.e_shnum = 3;
  e.e_shstrndx = 2;
  Elf64_Phdr p{PT_LOAD, PF_R | PF_X, 0x1000, 0x400000, 0x400000, 0x100, 0x100, 0x1000};
  const size_t notes_at = sizeof e + sizeof p, names_at = notes_at + notes.size();
  e.e_shoff = (names_at + names.size() + 7) & ~size_t{7};
  Elf64_Shdr s[3] = {};
  s[1] = {1, SHT_NOTE, 0, 0, notes_at, notes.size(), 0, 0, 4, 0};
  s[2] = {15, SHT_STRTAB, 0, 0, names_at, names.size(), 0, 0, 1, 0};
  std::string out(reinterpret_cast<const char*>(&e), sizeof e);
  out.append(reinterpret_cast<const char*>(&p), sizeof p).append(notes).append(names);
  out.resize(e.e_shoff);
  return out.append(reinterpret_cast<const char*>(s), sizeof s);
}

}  // namespace

TEST_CASE("a program's functions are found with their place in the file") {
  const std::string bytes = own_file();
  const ElfProbes elf = value(ElfProbes::parse(bytes));
  const auto it = std::find_if(elf.functions().begin(), elf.functions().end(),
                               [](const auto& f) { return f.name == "user_probes_test_function"; });
  REQUIRE(it != elf.functions().end());
  CHECK(std::memcmp(bytes.data() + it->offset,
                    reinterpret_cast<const void*>(&user_probes_test_function), 3) == 0);
}

TEST_CASE("files that are none are refused, damaged ones give what they have") {
  CHECK(!ElfProbes::parse(""));
  CHECK(!ElfProbes::parse("#!/bin/sh\n"));
  const std::string whole = file_with_static_probes();
  CHECK(value(ElfProbes::parse(whole)).statics().size() == 1); /* the other lies nowhere */
  for (size_t cut = 0; cut < whole.size(); cut += 7) (void)ElfProbes::parse(whole.substr(0, cut));
  for (size_t at = 0; at < whole.size(); ++at) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 0xff);
    (void)ElfProbes::parse(damaged);
  }
}

TEST_CASE("uprobes are attached in the file that the description names") {
  TestGuest g;
  TestProgram p(
      "uprobe:/usr/bin/app:user_probes_test_f*:entry, "
      "uprobe:/usr/bin/app:user_probes_test_f*:return "
      "{ @[arg0] = count(); }");
  const auto wanted = g.probes.files_of(p.object(), {});
  REQUIRE(wanted == std::vector<std::string>{"/usr/bin/app"});
  CHECK(g.probes.files_of(p.object(), {{"/usr/bin/app", ""}}).empty());
  CHECK(
      value(g.probes.prepare(p.ident, p.object(), p.segment.fd(), {{"/usr/bin/app", ""}})).probes ==
      0);
  const auto got =
      value(g.probes.prepare(p.ident, p.object(), p.segment.fd(), {{"/usr/bin/app", own_file()}}));
  REQUIRE(got.attach.size() == 2);
  CHECK(got.attach[0].head.kind == HP_KIND_USER_ENTRY);
  CHECK(got.attach[1].head.kind == HP_KIND_USER_RETURN);
  CHECK(got.attach[0].text == "/usr/bin/app");
  CHECK(got.attach[0].head.number == 0);
  CHECK(p.entered()[0] == "uprobe:/usr/bin/app:user_probes_test_function:entry");
  g.probes.commit(p.ident);
  g.fill(got.attach[0].head.probe).args[0] = 41;
  g.ring();
  CHECK(p.counts() == std::map<uint64_t, uint64_t>{{41, 1}});
}

TEST_CASE("pid probes find the program and the libraries of a process") {
  TestGuest g;
  TestProgram p(
      "pid77:a.out:user_probes_test_function:entry, pid77:lib*:user_probes_test_function:entry "
      "{ @ = count(); }");
  GuestFiles files;
  CHECK(g.probes.files_of(p.object(), files) ==
        std::vector<std::string>{"/proc/77/exe", "/proc/77/maps"});
  files["/proc/77/exe"] = own_file();
  files["/proc/77/maps"] =
      "1000-2000 r-xp 00000000 fe:01 77    /usr/bin/app\n"
      "3000-4000 r--p 00000000 fe:01 78    /usr/lib/libread.so\n"
      "5000-6000 r-xp 00000000 fe:01 79    /usr/lib/libz.so.1\n"
      "7000-8000 r-xp 00000000 00:00 0     [vdso]\n";
  CHECK(g.probes.files_of(p.object(), files) ==
        std::vector<std::string>{"/proc/77/root/usr/lib/libz.so.1"});
  files["/proc/77/root/usr/lib/libz.so.1"] = own_file();
  CHECK(g.probes.files_of(p.object(), files).empty());
  const auto got = value(g.probes.prepare(p.ident, p.object(), p.segment.fd(), files));
  REQUIRE(got.attach.size() == 2);
  CHECK(got.attach[0].head.number == 77);
  CHECK(p.entered() == std::vector<std::string>{"pid77:a.out:user_probes_test_function:entry",
                                                "pid77:libz.so.1:user_probes_test_function:entry"});
}

TEST_CASE("static probes fire with the arguments that their notes describe") {
  TestGuest g;
  TestProgram p("usdt:/srv/server:server:query__start { @[arg0] = sum(arg1); }"),
      q("server9:::query-start { @ = count(); }", 2);
  const auto got = value(g.probes.prepare(p.ident, p.object(), p.segment.fd(),
                                          {{"/srv/server", file_with_static_probes()}}));
  REQUIRE(got.attach.size() == 1);
  CHECK(got.attach[0].head.address == 0x1010);
  CHECK(got.attach[0].head.flags == HP_ATTACH_UREGS);
  g.probes.commit(p.ident);
  hp_probe_page& page = g.fill(got.attach[0].head.probe);
  page.flags = HP_PROBE_USER | HP_PROBE_UREGS;
  page.uregs[14] = 88; /* rdi, as struct pt_regs has it */
  g.ring();
  CHECK(p.counts() == std::map<uint64_t, uint64_t>{{88, static_cast<uint64_t>(-5)}});
  const auto of_process = value(g.probes.prepare(q.ident, q.object(), q.segment.fd(),
                                                 {{"/proc/9/exe", file_with_static_probes()}}));
  CHECK(of_process.attach.size() == 1);
  CHECK(q.entered() == std::vector<std::string>{"server9:a.out::query-start"});
}

TEST_CASE("operands of static probes are read as the assembler means them") {
  FakeMachine machine;
  REQUIRE(machine.map(0x5000, 3 << 20));
  const int64_t word = -2;
  std::memcpy(machine.host((3 << 20) + 0x20), &word, sizeof word);
  FakeVcpu vcpu(0, machine.paging());
  LinuxMemory memory(machine.ram(), vcpu, nullptr, nullptr, nullptr);
  hp_uregs r{};
  r.rax = 0x1122334455667788;
  r.rbx = 0x5000;
  r.rcx = 4;
  const auto values = [&](std::string_view text) {
    uint64_t args[StaticArguments::kMost];
    const StaticArguments a(text);
    a.evaluate(r, memory, args);
    return std::vector<uint64_t>(args, args + a.size());
  };
  using V = std::vector<uint64_t>;
  CHECK(values("8@%rax 4@%eax 2@%ax 1@%al 1@%ah") ==
        V{0x1122334455667788, 0x55667788, 0x7788, 0x88, 0x77});
  CHECK(values("-1@%al 8@$0x10 -4@$-1") == V{0xffffffffffffff88, 16, ~uint64_t{0}});
  CHECK(values("8@32(%rbx) 4@0x20(%rbx) -4@(%rbx,%rcx,8)") ==
        V{static_cast<uint64_t>(-2), 0xfffffffe, static_cast<uint64_t>(-2)});
  CHECK(values("8@(%rcx)") == V{0}); /* nothing is mapped there */
  CHECK(values("8@symbol(%rip) 8@%rax").empty());
  CHECK(values("3@%rax").empty());
  CHECK(values("8@%xmm0").empty());
  CHECK(values("8@(%rbx,%rcx,3)").empty());
  CHECK(values("8@%rax  8@%rcx @ 8@%rbx") == V{0x1122334455667788, 4});
}
