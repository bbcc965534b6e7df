/* Which functions of a kernel may be probed.
 *
 * The kernel refuses probes in what runs before it can take one: entry code, code without instrumentation,
 * the probes' own machinery. Where such code lies it says by symbols around it (vmlinux.lds.h of Linux), and single
 * functions by a symbol for each (NOKPROBE_SYMBOL()); the rest is known by name. A function that is left in all the same and refused makes the guest refuse the whole
 * program, so this errs on the side of leaving out. */
#pragma once
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "linux_guest/guest_kernel.hpp"

namespace hp::linux_guest {

class Traceable {
 public:
  /* symbols: of vmlinux, in any order. */
  explicit Traceable(std::span<const KernelSymbol> symbols);
  /* module: its name. */
  bool operator()(const KernelSymbol& s, std::string_view module) const;

 private:
  std::vector<std::pair<uint64_t, uint64_t>> forbidden_; /* [start, end) */
  std::unordered_set<std::string_view> refused_;         /* names */
  uint64_t text_start_ = 0, text_end_ = ~0ull;
};

}  // namespace hp::linux_guest
