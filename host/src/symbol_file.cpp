#include "host/symbol_file.hpp"

#include <elfutils/libdwfl.h>
#include <fcntl.h>
#include <gelf.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

namespace hp::host {

struct SymbolFile::Dwfl {
  ::Dwfl* handle = nullptr;
  Dwfl_Module* module = nullptr;
  ~Dwfl() {
    if (handle) ::dwfl_end(handle);
  }
};

namespace {

std::string last_part(std::string path) {
  constexpr std::string_view deleted = " (deleted)";
  if (path.ends_with(deleted)) path.resize(path.size() - deleted.size());
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? path : path.substr(slash + 1);
}

/* This kernel's vDSO as a file: the guests' is the same. */
Fd vdso_file() {
  const auto* image = reinterpret_cast<const char*>(::getauxval(AT_SYSINFO_EHDR));
  if (!image) return {};
  Elf64_Ehdr e;
  std::memcpy(&e, image, sizeof e);
  const size_t size = e.e_shoff + size_t{e.e_shnum} * e.e_shentsize;
  Result<Fd> fd = make_memfd("vdso", size);
  if (!fd || ::pwrite(fd->get(), image, size, 0) != static_cast<ssize_t>(size)) return {};
  return std::move(*fd);
}

/* Of several names for one address: functions, global ones, with fewer leading underscores. */
uint64_t rank_of(const GElf_Sym& s, const char* name) {
  const int type = GELF_ST_TYPE(s.st_info);
  const uint64_t underscores = std::min<uint64_t>(std::strspn(name, "_"), 255);
  const uint64_t no_function = type != STT_FUNC && type != STT_GNU_IFUNC;
  const uint64_t local = GELF_ST_BIND(s.st_info) == STB_LOCAL;
  return no_function << 63 | local << 62 | underscores << 48 |
         std::min<uint64_t>(s.st_size, (uint64_t{1} << 48) - 1);
}

}  // namespace

SymbolFile::SymbolFile(const std::string& path, uint64_t device, uint64_t inode)
    : name_(last_part(path)), path_(path) {
  if (path == "[vdso]") {
    fd_ = vdso_file();
    return;
  }
  if (!path.starts_with('/')) return;
  /* A FIFO or a device of that name would make open(2) wait or do things. */
  Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  struct stat st;
  if (!fd || ::fstat(fd.get(), &st) != 0 || !S_ISREG(st.st_mode)) return;
  if (inode != 0 && (st.st_ino != inode || st.st_dev != device)) return;
  fd_ = std::move(fd);
}

SymbolFile::~SymbolFile() = default;

void SymbolFile::load() {
  loaded_ = true;
  if (!fd_) return;
  static char* no_path = nullptr;
  static const Dwfl_Callbacks callbacks = {.find_elf = ::dwfl_build_id_find_elf,
                                           .find_debuginfo = ::dwfl_standard_find_debuginfo,
                                           .section_address = ::dwfl_offline_section_address,
                                           .debuginfo_path = &no_path};
  auto dwfl = std::make_unique<Dwfl>();
  dwfl->handle = ::dwfl_begin(&callbacks);
  const int fd = ::fcntl(fd_.get(), F_DUPFD_CLOEXEC, 0); /* libdwfl's from here on */
  if (!dwfl->handle || fd < 0) return;
  dwfl->module = ::dwfl_report_offline(dwfl->handle, name_.c_str(), path_.c_str(), fd);
  if (!dwfl->module) {
    ::close(fd);
    return;
  }
  ::dwfl_report_end(dwfl->handle, nullptr, nullptr);
  GElf_Addr bias = 0;
  Elf* elf = ::dwfl_module_getelf(dwfl->module, &bias);
  if (!elf) return;
  size_t headers = 0;
  if (::elf_getphdrnum(elf, &headers) == 0)
    for (size_t i = 0; i < headers; ++i) {
      GElf_Phdr p;
      if (::gelf_getphdr(elf, static_cast<int>(i), &p) && p.p_type == PT_LOAD)
        segments_.push_back({p.p_offset, p.p_filesz, p.p_vaddr});
    }
  const int n = ::dwfl_module_getsymtab(dwfl->module);
  for (int i = 0; i < n; ++i) {
    GElf_Sym s;
    GElf_Addr address = 0;
    GElf_Word section = 0;
    const char* name =
        ::dwfl_module_getsym_info(dwfl->module, i, &s, &address, &section, nullptr, nullptr);
    const int type = GELF_ST_TYPE(s.st_info);
    if (!name || !*name || section == SHN_UNDEF || section == SHN_ABS ||
        (type != STT_FUNC && type != STT_GNU_IFUNC && type != STT_NOTYPE))
      continue;
    symbols_.push_back({address - bias, s.st_size, rank_of(s, name),
                        std::string_view(name, std::strcspn(name, "@"))});
  }
  std::sort(symbols_.begin(), symbols_.end(), [](const Symbol& a, const Symbol& b) {
    if (a.start != b.start) return a.start < b.start;
    return a.rank != b.rank ? a.rank < b.rank : a.name < b.name;
  });
  dwfl_ = std::move(dwfl);
}

bool SymbolFile::address_of(uint64_t offset, uint64_t& address) const {
  for (const Segment& s : segments_)
    if (offset >= s.offset && offset - s.offset < s.size) {
      address = s.address + (offset - s.offset);
      return true;
    }
  return false;
}

const SymbolFile::Symbol* SymbolFile::lookup(uint64_t offset, uint64_t* within) {
  if (!loaded_) load();
  uint64_t address;
  if (!address_of(offset, address)) return nullptr;
  auto it = std::upper_bound(symbols_.begin(), symbols_.end(), address,
                             [](uint64_t a, const Symbol& s) { return a < s.start; });
  /* The innermost one that covers it; of the same start the best. Symbols rarely nest deep. */
  const Symbol* found = nullptr;
  for (int steps = 0; it != symbols_.begin() && steps < 32; ++steps) {
    --it;
    if (found && it->start != found->start) break;
    if (address - it->start < std::max<uint64_t>(it->size, 1)) found = &*it;
  }
  if (found) *within = address - found->start;
  return found;
}

}  // namespace hp::host
