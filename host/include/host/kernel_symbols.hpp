/* KernelSymbols: names of addresses in the kernel of one Linux guest, from the texts that its VMM put into the segment
 * (segment.h, hp_seg_text): its functions and those of its modules. Not trusted, bounded. One thread. */
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hp::host {

class KernelSymbols {
 public:
  struct Found {
    std::string_view module, function;
    uint64_t start = 0; /* of the function */
  };

  /* Takes the text of vmlinux (base: what its addresses are relative to) or of the modules. Lines that make no
   * sense are left out. boot: grows with every boot of the guest; an older one's is ignored. */
  void set_kernel(uint64_t boot, std::string text, uint64_t base);
  void set_modules(uint64_t boot, std::string text);

  /* The function that an address lies in; false: none is known. */
  bool find(uint64_t address, Found& found) const;

 private:
  struct Symbol {
    uint64_t start;
    std::string_view name;
    uint32_t module; /* index + 1; 0: vmlinux */
  };
  struct Module {
    std::string_view name;
    uint64_t start, size;
  };
  struct Part {
    uint64_t boot = 0;
    std::string text;
    std::vector<Symbol> symbols; /* by start */
  };
  static void sort(Part& part);
  static const Symbol* at(const Part& part, uint64_t address);

  Part kernel_, modules_;
  std::vector<Module> module_list_;
};

}  // namespace hp::host
