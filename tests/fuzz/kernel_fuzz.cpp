/* libFuzzer: any texts as what a guest says of its kernel (HP_FILE_*), separated by NUL bytes: symbols, modules,
 * tracepoints, and the rest as BTF. They are refused with a message, or a kernel that can be asked anything; the
 * consumer's reader takes them as they are. */
#include <bpf/libbpf.h>

#include "host/kernel_symbols.hpp"
#include "linux_guest/guest_kernel.hpp"

namespace {

std::string_view take(std::string_view& rest) {
  const size_t end = rest.find('\0');
  const std::string_view part = rest.substr(0, end);
  rest.remove_prefix(end == rest.npos ? rest.size() : end + 1);
  return part;
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  libbpf_set_print([](libbpf_print_level, const char*, va_list) { return 0; });
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  hp::linux_guest::KernelFiles files;
  files.text_start = 0xffffffff81000000;
  files.symbols = take(rest);
  files.modules = take(rest);
  files.tracepoints = take(rest);
  files.btf = rest;

  hp::host::KernelSymbols names;
  names.set_kernel(1, files.symbols, files.text_start);
  names.set_modules(1, files.modules);
  hp::host::KernelSymbols::Found found;
  for (uint64_t address : {uint64_t{0}, files.text_start, files.text_start + 0x150, ~uint64_t{0}})
    if (names.find(address, found) && found.start > address) __builtin_trap();

  auto kernel = hp::linux_guest::GuestKernel::make(files);
  if (!kernel) {
    if (kernel.error().message.empty()) __builtin_trap();
    return 0;
  }
  const hp::linux_guest::GuestKernel& k = **kernel;
  for (const uint32_t i : k.functions())
    if (k.functions_named(k.symbols()[i].name).empty()) __builtin_trap();
  for (const auto& s : k.symbols()) {
    if (!k.address_of(k.modules()[s.module].name, s.name)) __builtin_trap();
    (void)k.function_at(s.address + 1);
  }
  for (const auto& t : k.tracepoints()) (void)k.layout().tracepoint_arguments(t.name);
  (void)k.code_text();
  (void)k.module_code_text();
  return 0;
}
