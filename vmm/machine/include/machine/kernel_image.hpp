/* KernelImage: a Linux kernel file, taken apart and checked.
 *
 * Accepts a bzImage (Documentation/arch/x86/boot.rst, protocol 2.08 and later), whose payload is
 * decompressed on the host, or a vmlinux ELF file. Either way the kernel starts at the 64-bit entry of
 * vmlinux itself: its decompressor does not run in the guest, nor does its address randomisation.
 *
 *     KernelImage kernel = HP_TRY(KernelImage::parse(HP_TRY(read_file(path))));
 *     HP_TRYV(kernel.load(ram));
 *
 * The file is not trusted: every offset is checked, decompression is bounded, errors say what is wrong.
 * A value; thread-safe when const. */
#pragma once
#include <asm/bootparam.h>

#include <string>
#include <vector>

#include "machine/decompress.hpp"
#include "vmm/guest_ram.hpp"

namespace hp::machine {

class KernelImage {
 public:
  struct Segment {
    Gpa at;
    uint64_t file_offset, file_size, memory_size; /* bytes; what the file lacks is zero */
  };
  static constexpr size_t kMaxVmlinux = 1ull << 30; /* bytes, decompressed */
  /* Kernels lie above the first MiB: below are the boot parameters and the firmware's tables. */
  static constexpr Gpa kLowest{1ull << 20};

  static Result<KernelImage> parse(std::string file, size_t limit = kMaxVmlinux);

  /* Copies the segments; RAM must be as after power-on (zero). */
  Result<> load(const vmm::GuestRam&) const;

  const std::vector<Segment>& segments() const { return segments_; }
  Gpa entry() const { return entry_; }
  Gpa end() const; /* first byte after everything the kernel occupies when it starts */
  /* The bzImage's, or one made up for a vmlinux; the loader's fields are not filled in. */
  const setup_header& header() const { return header_; }

 private:
  Result<> read_elf();

  std::string_view elf() const { return file_.empty() ? expanded_.view() : file_; }

  std::string file_; /* a vmlinux as it was given; empty: it is in expanded_ */
  Expanded expanded_;
  std::vector<Segment> segments_;
  Gpa entry_;
  setup_header header_{};
};

}  // namespace hp::machine
