#include "elf_image.hpp"

#include <cpuid.h>
#include <elf.h>
#include <fcntl.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstring>

#include "transport/fd.hpp"

namespace hp::guest {

namespace {

constexpr uint64_t kProgramBase = 0x560000000000ull;
constexpr uint64_t kStackTop = kArenaTop - 0x1000;
constexpr uint64_t kMinStack = 4ull << 20, kMaxStack = 1ull << 30;

uint64_t page_down(uint64_t n) {
  return n & ~(kPageSize - 1);
}
uint64_t page_up(uint64_t n) {
  return page_down(n + kPageSize - 1);
}

struct Headers {
  Elf64_Ehdr file;
  std::vector<Elf64_Phdr> program;
};

Result<Headers> read_headers(int fd) {
  Headers h;
  std::string why;
  int err = check_elf(fd, &why);
  if (err) return fail(why, err);
  HP_CHECK(pread(fd, &h.file, sizeof h.file, 0) == sizeof h.file);
  h.program.resize(h.file.e_phnum);
  size_t size = h.program.size() * sizeof(Elf64_Phdr);
  if (pread(fd, h.program.data(), size, static_cast<off_t>(h.file.e_phoff)) !=
      static_cast<ssize_t>(size))
    return fail("program headers cannot be read", ENOEXEC);
  return h;
}

struct Placed {
  uint64_t bias, end;
};

int protection(uint32_t flags) {
  return (flags & PF_R ? PROT_READ : 0) | (flags & PF_W ? PROT_WRITE : 0) |
         (flags & PF_X ? PROT_EXEC : 0);
}

/* Maps the PT_LOAD segments; position-independent files go to a place that `choose` gives. */
template <class Choose>
Result<Placed> map_segments(AddressSpace& space, int fd, const Headers& h, Choose choose) {
  uint64_t low = ~0ull, high = 0, align = kPageSize;
  for (const auto& p : h.program) {
    if (p.p_type != PT_LOAD) continue;
    if (p.p_memsz < p.p_filesz || p.p_vaddr + p.p_memsz < p.p_vaddr)
      return fail("bad program header", ENOEXEC);
    low = std::min(low, page_down(p.p_vaddr));
    high = std::max(high, page_up(p.p_vaddr + p.p_memsz));
    if (p.p_align > align && (p.p_align & (p.p_align - 1)) == 0) align = p.p_align;
  }
  if (low >= high) return fail("nothing to load", ENOEXEC);
  uint64_t bias = 0;
  if (h.file.e_type == ET_DYN) {
    uint64_t at = choose(high - low, align);
    if (!at) return fail("no room for the program", ENOMEM);
    bias = at - low;
  }
  if (!in_arena(low + bias, high - low))
    return fail("the program wants addresses that are not available to guests", ENOMEM);
  for (const auto& p : h.program) {
    if (p.p_type != PT_LOAD || p.p_memsz == 0) continue;
    uint64_t start = page_down(bias + p.p_vaddr);
    uint64_t file_end = bias + p.p_vaddr + p.p_filesz, end = bias + p.p_vaddr + p.p_memsz;
    int prot = protection(p.p_flags);
    if (p.p_filesz) {
      uint64_t skew = bias + p.p_vaddr - start;
      if (p.p_offset < skew || (p.p_offset - skew) % kPageSize)
        return fail("segment offset and address disagree", ENOEXEC);
      int64_t r =
          space.mmap(start, file_end - start, prot, MAP_PRIVATE | MAP_FIXED, fd, p.p_offset - skew);
      if (r < 0) return fail_errno("cannot map a segment", static_cast<int>(-r));
    }
    uint64_t anonymous = p.p_filesz ? page_up(file_end) : start;
    if (page_up(end) > anonymous) {
      int64_t r = space.mmap(anonymous, page_up(end) - anonymous, prot,
                             MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
      if (r < 0) return fail_errno("cannot map a segment", static_cast<int>(-r));
    }
    /* The dynamic linker counts on zeros up to the end of the page. */
    if (end > file_end && p.p_filesz && file_end < anonymous && (p.p_flags & PF_W))
      std::memset(reinterpret_cast<void*>(file_end), 0, anonymous - file_end);
  }
  return Placed{bias, high + bias};
}

/* As the kernel gave it to this process: the C library's getauxval() answers with bits of its own. */
uint64_t kernel_hwcap() {
  uint64_t pair[2] = {0, 0};
  Fd fd(open("/proc/self/auxv", O_RDONLY | O_CLOEXEC));
  while (fd && read(fd.get(), pair, sizeof pair) == sizeof pair && pair[0] != AT_NULL)
    if (pair[0] == AT_HWCAP) return pair[1];
  uint32_t a, b, c, d;
  __cpuid(1, a, b, c, d);
  return d;
}

/* As much as the limit lets the stack grow to; it is only touched as it grows. */
uint64_t stack_size() {
  rlimit limit{};
  getrlimit(RLIMIT_STACK, &limit);
  return page_up(std::clamp<uint64_t>(limit.rlim_cur, kMinStack, kMaxStack));
}

}  // namespace

void leave_room_for_stack(AddressSpace& space) {
  /* A gap of 1 MiB catches overflows. */
  space.set_mmap_top(kStackTop - stack_size() - (1ull << 20));
}

int check_elf(int fd, std::string* why) {
  std::string ignored;
  std::string& reason = why ? *why : ignored;
  Elf64_Ehdr e;
  ssize_t n = pread(fd, &e, sizeof e, 0);
  if (n < 0) return errno;
  if (n < static_cast<ssize_t>(EI_NIDENT) || std::memcmp(e.e_ident, ELFMAG, SELFMAG) != 0) {
    reason = "not an ELF program";
    return ENOEXEC;
  }
  if (e.e_ident[EI_CLASS] != ELFCLASS64 || n < static_cast<ssize_t>(sizeof e) ||
      e.e_machine != EM_X86_64) {
    reason = "not an x86-64 program (process guests run 64-bit x86 code)";
    return ENOEXEC;
  }
  if ((e.e_type != ET_EXEC && e.e_type != ET_DYN) || e.e_phentsize != sizeof(Elf64_Phdr) ||
      e.e_phnum == 0 || e.e_phnum > 512) {
    reason = "not an executable ELF file";
    return ENOEXEC;
  }
  return 0;
}

Result<ProgramImage> load_program(AddressSpace& space, int fd) {
  Headers h = HP_TRY(read_headers(fd));
  ProgramImage image;
  Placed placed = HP_TRY(map_segments(space, fd, h, [&](uint64_t size, uint64_t align) {
    uint64_t base = space.find_above(kProgramBase, size + align);
    return (base + align - 1) & ~(align - 1);
  }));
  image.entry = image.start = placed.bias + h.file.e_entry;
  image.end = placed.end;
  image.phnum = h.file.e_phnum;
  image.phent = sizeof(Elf64_Phdr);
  std::string interpreter;
  for (const auto& p : h.program) {
    if (p.p_type == PT_PHDR) image.phdr = placed.bias + p.p_vaddr;
    if (!image.phdr && p.p_type == PT_LOAD && p.p_offset <= h.file.e_phoff &&
        h.file.e_phoff < p.p_offset + p.p_filesz)
      image.phdr = placed.bias + p.p_vaddr + h.file.e_phoff - p.p_offset;
    if (p.p_type == PT_INTERP && p.p_filesz > 1 && p.p_filesz < 4096) {
      interpreter.resize(p.p_filesz);
      if (pread(fd, interpreter.data(), p.p_filesz, static_cast<off_t>(p.p_offset)) !=
          static_cast<ssize_t>(p.p_filesz))
        return fail("the interpreter's name cannot be read", ENOEXEC);
      interpreter.resize(std::strlen(interpreter.c_str()));
    }
  }
  if (interpreter.empty()) return image;
  Fd ifd(open(interpreter.c_str(), O_RDONLY | O_CLOEXEC));
  if (!ifd) return fail_errno("cannot open the program's interpreter " + interpreter);
  Headers ih = HP_TRY(read_headers(ifd.get()));
  Placed iplaced = HP_TRY(map_segments(space, ifd.get(), ih, [&](uint64_t size, uint64_t align) {
    return space.find_gap(size, align);
  }));
  image.interpreter_base = iplaced.bias;
  image.start = iplaced.bias + ih.file.e_entry;
  return image;
}

Result<InitialStack> build_stack(AddressSpace& space, const ProgramImage& image,
                                 const std::string& execfn, const std::vector<std::string>& argv,
                                 const std::vector<std::string>& envp, uint64_t vdso) {
  size_t strings = execfn.size() + 1 + 256;
  for (const auto& s : argv) strings += s.size() + 1;
  for (const auto& s : envp) strings += s.size() + 1;
  uint64_t size = stack_size();
  if (strings + (argv.size() + envp.size()) * 8 > size / 2)
    return fail("argument list too long", E2BIG);
  int64_t base = space.map_stack(kStackTop - size, size);
  if (base < 0) return fail_errno("cannot map the guest's stack", static_cast<int>(-base));
  uint64_t at = kStackTop;
  auto push_bytes = [&](const void* data, size_t n) {
    at -= n;
    std::memcpy(reinterpret_cast<void*>(at), data, n);
    return at;
  };
  auto push_string = [&](const std::string& s) { return push_bytes(s.c_str(), s.size() + 1); };
  at -= 8; /* the null word at the very top */
  uint64_t execfn_at = push_string(execfn);
  std::vector<uint64_t> arg_at(argv.size()), env_at(envp.size());
  for (size_t i = envp.size(); i-- > 0;) env_at[i] = push_string(envp[i]);
  uint64_t env_start = at, env_end = execfn_at;
  for (size_t i = argv.size(); i-- > 0;) arg_at[i] = push_string(argv[i]);
  uint64_t arg_start = at, arg_end = env_start;
  uint64_t platform = push_string("x86_64");
  uint8_t random[16];
  if (getrandom(random, sizeof random, 0) != sizeof random) std::memset(random, 0x5a, 16);
  at &= ~15ull;
  uint64_t random_at = push_bytes(random, sizeof random);

  std::vector<uint64_t> aux;
  auto add = [&](uint64_t type, uint64_t value) {
    aux.push_back(type);
    aux.push_back(value);
  };
  if (vdso) add(AT_SYSINFO_EHDR, vdso);
  add(AT_HWCAP, kernel_hwcap());
  add(AT_PAGESZ, kPageSize);
  add(AT_CLKTCK, getauxval(AT_CLKTCK));
  add(AT_PHDR, image.phdr);
  add(AT_PHENT, image.phent);
  add(AT_PHNUM, image.phnum);
  add(AT_BASE, image.interpreter_base);
  add(AT_FLAGS, 0);
  add(AT_ENTRY, image.entry);
  add(AT_UID, getuid());
  add(AT_EUID, geteuid());
  add(AT_GID, getgid());
  add(AT_EGID, getegid());
  add(AT_SECURE, getauxval(AT_SECURE));
  add(AT_RANDOM, random_at);
  add(AT_HWCAP2, getauxval(AT_HWCAP2));
  add(AT_EXECFN, execfn_at);
  add(AT_PLATFORM, platform);
  if (uint64_t v = getauxval(AT_MINSIGSTKSZ)) add(AT_MINSIGSTKSZ, v);
  add(AT_NULL, 0);

  std::vector<uint64_t> words;
  words.push_back(argv.size());
  words.insert(words.end(), arg_at.begin(), arg_at.end());
  words.push_back(0);
  words.insert(words.end(), env_at.begin(), env_at.end());
  words.push_back(0);
  size_t aux_index = words.size();
  words.insert(words.end(), aux.begin(), aux.end());
  at = (at - words.size() * 8) & ~15ull;
  std::memcpy(reinterpret_cast<void*>(at), words.data(), words.size() * 8);

  /* /proc/PID/cmdline and environ show the guest's; the kernel may refuse, which only shows there.
   */
  prctl_mm_map map{};
  map.start_code = image.entry;
  map.end_code = image.entry + 1;
  map.start_data = map.end_data = image.end - 1;
  map.start_brk = map.brk = reinterpret_cast<uint64_t>(sbrk(0)); /* the monitor's own */
  map.start_stack = at;
  map.arg_start = arg_start;
  map.arg_end = arg_end;
  map.env_start = env_start;
  map.env_end = env_end;
  map.auxv = reinterpret_cast<decltype(map.auxv)>(at + aux_index * 8);
  map.auxv_size = static_cast<uint32_t>(aux.size() * 8);
  map.exe_fd = static_cast<uint32_t>(-1);
  prctl(PR_SET_MM, PR_SET_MM_MAP, &map, sizeof map, 0);
  return InitialStack{at, arg_start, arg_end};
}

}  // namespace hp::guest
