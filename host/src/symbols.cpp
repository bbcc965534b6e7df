#include "host/symbols.hpp"

#include <unistd.h>

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <fstream>

#include "host/text.hpp"

namespace hp::host {

namespace {

std::string number_text(uint64_t address) {
  std::string out;
  appendf(out, "0x%" PRIx64, address);
  return out;
}

}  // namespace

void Symbols::collect(const handler::SegmentView& segment) {
  if (segment.max_modules() == 0) return;
  const uint32_t used = std::min(__atomic_load_n(&segment.header()->used_modules, __ATOMIC_ACQUIRE),
                                 segment.max_modules());
  for (uint32_t i = 0; i < used; ++i) {
    hp_seg_module* entry = segment.modules() + i;
    if (__atomic_load_n(&entry->state, __ATOMIC_ACQUIRE) != HP_MODULE_READY) continue;
    hp_seg_module m;
    std::memcpy(&m, entry, sizeof m); /* others can write it: from here on it is this copy */
    __atomic_store_n(&entry->state, uint32_t{HP_MODULE_FREE}, __ATOMIC_RELEASE);
    if (m.space & HP_SPACE_KERNEL) {
      collect_kernel(segment, m);
      continue;
    }
    const std::string path(m.path, ::strnlen(m.path, sizeof m.path));
    add(m.space, m.start, m.end, m.offset, path, m.device, m.inode);
  }
}

void Symbols::collect_kernel(const handler::SegmentView& segment, const hp_seg_module& m) {
  const uint32_t vmid = m.space & ~HP_SPACE_KERNEL;
  const uint64_t room = segment.symbols_size();
  if (vmid >= HP_MAX_GUESTS || m.offset > room || m.inode > room - m.offset) return;
  std::string text(reinterpret_cast<const char*>(segment.symbols() + m.offset), m.inode);
  if (m.path[0] != '\0')
    kernels_[vmid].set_kernel(m.device, std::move(text), m.start);
  else
    kernels_[vmid].set_modules(m.device, std::move(text));
}

bool Symbols::find_kernel(uint64_t whose, uint64_t address, KernelSymbols::Found& found) const {
  const auto space = static_cast<uint32_t>(whose >> 32);
  if (!(space & HP_SPACE_KERNEL)) return false;
  const auto known = kernels_.find(space & ~HP_SPACE_KERNEL);
  return known != kernels_.end() && known->second.find(address, found);
}

void Symbols::add(uint32_t space, uint64_t start, uint64_t end, uint64_t offset,
                  const std::string& path, uint64_t device, uint64_t inode) {
  if (start >= end) return;
  auto& file = files_[{path, device, inode}];
  if (!file) file = std::make_unique<SymbolFile>(path, device, inode);
  spaces_[space].push_back({start, end, offset, file.get()});
}

/* What this process itself has mapped: BEGIN and timers fire in it. */
void Symbols::learn_own() const {
  knows_own_ = true;
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    uint64_t start, end, offset, inode;
    char perms[5];
    unsigned major, minor;
    int name = 0;
    if (std::sscanf(line.c_str(), "%" SCNx64 "-%" SCNx64 " %4s %" SCNx64 " %x:%x %" SCNu64 " %n",
                    &start, &end, perms, &offset, &major, &minor, &inode, &name) < 7 ||
        perms[2] != 'x' || name == 0)
      continue;
    const std::string path = line.substr(static_cast<size_t>(name));
    if (path.empty()) continue;
    auto& file = files_[{path, 0, 0}];
    if (!file) file = std::make_unique<SymbolFile>(path, 0, 0);
    spaces_[0].push_back({start, end, offset, file.get()});
  }
}

Symbols::Found Symbols::find(uint64_t whose, uint64_t address) const {
  const auto space = static_cast<uint32_t>(whose >> 32);
  if (space == 0) {
    if (static_cast<uint32_t>(whose) != static_cast<uint32_t>(::getpid())) return {};
    if (!knows_own_) learn_own();
  }
  const auto known = spaces_.find(space);
  if (known == spaces_.end()) return {};
  for (auto it = known->second.rbegin(); it != known->second.rend(); ++it) {
    if (address < it->start || address >= it->end) continue;
    Found found{it->file, nullptr, 0};
    found.symbol = it->file->lookup(it->offset + (address - it->start), &found.within);
    return found;
  }
  return {};
}

std::string Symbols::address_text(uint64_t whose, uint64_t address) const {
  if (KernelSymbols::Found k; find_kernel(whose, address, k)) {
    const std::string name = std::string(k.module) + "`" + std::string(k.function);
    return address == k.start ? name : name + "+" + number_text(address - k.start);
  }
  const Found f = find(whose, address);
  if (!f.file) return number_text(address);
  std::string out = f.file->name() + "`";
  if (!f.symbol) return out + number_text(address);
  out += f.symbol->name;
  if (f.within != 0) out += "+" + number_text(f.within);
  return out;
}

uint64_t Symbols::function_start(uint64_t whose, uint64_t address) const {
  if (KernelSymbols::Found k; find_kernel(whose, address, k)) return k.start;
  const Found f = find(whose, address);
  return f.symbol ? address - f.within : address;
}

std::string Symbols::module_text(uint64_t whose, uint64_t address) const {
  if (KernelSymbols::Found k; find_kernel(whose, address, k)) return std::string(k.module);
  const Found f = find(whose, address);
  return f.file ? f.file->name() : number_text(address);
}

}  // namespace hp::host
