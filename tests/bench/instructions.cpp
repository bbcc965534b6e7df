#include "instructions.hpp"

#include <capstone/capstone.h>
#include <linux/perf_event.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace hp::bench {

uint64_t count_instructions(std::string_view code) {
  csh handle;
  if (cs_open(CS_ARCH_X86, CS_MODE_64, &handle) != CS_ERR_OK) return 0;
  cs_option(handle, CS_OPT_SKIPDATA, CS_OPT_ON);
  const auto* at = reinterpret_cast<const uint8_t*>(code.data());
  size_t left = code.size();
  uint64_t address = 0, n = 0;
  cs_insn* insn = cs_malloc(handle);
  while (cs_disasm_iter(handle, &at, &left, &address, insn)) n += insn->id != 0;
  cs_free(insn, 1);
  cs_close(&handle);
  return n;
}

RetiredInstructions::RetiredInstructions() {
  perf_event_attr attr{};
  attr.size = sizeof attr;
  attr.type = PERF_TYPE_HARDWARE;
  attr.config = PERF_COUNT_HW_INSTRUCTIONS;
  attr.exclude_kernel = attr.exclude_hv = 1;
  fd_ =
      Fd(static_cast<int>(::syscall(SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC)));
}

std::optional<uint64_t> RetiredInstructions::read() const {
  uint64_t n = 0;
  if (!fd_ || ::read(fd_.get(), &n, sizeof n) != sizeof n) return std::nullopt;
  return n;
}

}  // namespace hp::bench
