/* SymbolFile: the functions of one ELF file, by address.
 *
 * Symbols come from .symtab, else .dynsym, and from separate debugging information where it is
 * installed (libdw's usual places: build ID, debug link, .gnu_debugdata). They are read at the first
 * lookup. The file is hostile as any; libdw and libelf read it. Not thread-safe. */
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "transport/fd.hpp"

namespace hp::host {

class SymbolFile {
 public:
  struct Symbol {
    uint64_t start = 0, size = 0; /* by the file's own addresses */
    uint64_t rank = 0;            /* among those of one address: smaller is better */
    std::string_view name;        /* without version; lives as long as the file */
  };

  /* path is only opened if it is the file with these numbers (0: any). Without a file there are no
   * symbols, and the name is the path's last part. "[vdso]" is this kernel's. */
  SymbolFile(const std::string& path, uint64_t device, uint64_t inode);
  ~SymbolFile();
  SymbolFile(const SymbolFile&) = delete;
  SymbolFile& operator=(const SymbolFile&) = delete;

  const std::string& name() const { return name_; }
  /* The function at this offset of the file; nullptr: none is known. *within: bytes from its start. */
  const Symbol* lookup(uint64_t offset, uint64_t* within);

 private:
  struct Dwfl;
  void load();
  bool address_of(uint64_t offset, uint64_t& address) const;

  std::string name_, path_;
  Fd fd_;
  bool loaded_ = false;
  std::unique_ptr<Dwfl> dwfl_;
  struct Segment {
    uint64_t offset, size, address;
  };
  std::vector<Segment> segments_;
  std::vector<Symbol> symbols_; /* by start, then rank */
};

}  // namespace hp::host
