/* libFuzzer: any bytes as a kernel file, as an ELF file, as the payload of a bzImage. Parsing refuses or succeeds
 * cleanly, within the limit; what it accepts loads within the memory or is refused. */
#include "../machine/kernel_file.hpp"
#include "machine/kernel_image.hpp"
#include "machine/linux_boot.hpp"

namespace {

constexpr size_t kLimit = 1 << 20, kMemory = 24 << 20;

void boot(std::string file) {
  auto kernel = hp::machine::KernelImage::parse(std::move(file), kLimit);
  if (!kernel) {
    if (kernel.error().message.empty()) __builtin_trap();
    return;
  }
  static std::string memory(kMemory, '\0');
  const hp::vmm::GuestRam ram({{hp::Gpa(0), kMemory, reinterpret_cast<uint8_t*>(memory.data())}});
  auto written = hp::machine::write_boot_state(ram, {&*kernel, "initramfs", "quiet"});
  if (!written && written.error().message.empty()) __builtin_trap();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 3) {
    case 0:
      boot(std::string(rest));
      break;
    case 1: { /* over a good file: what is not there stays as it should be */
      std::string file = hp::test::vmlinux("code of the kernel");
      file.replace(0, std::min(rest.size(), file.size()), rest);
      boot(std::move(file));
      break;
    }
    default:
      boot(hp::test::bzimage(rest));
  }
  return 0;
}
