/* GuestKernel: what is known of the kernel that a Linux guest runs: its functions, tracepoints and types.
 *
 *     KernelFiles files{build_id, release, text_start, btf, symbols, tracepoints, modules};
 *     std::shared_ptr<const GuestKernel> kernel = HP_TRY(GuestKernel::make(std::move(files)));
 *     probes.set_kernel(kernel);
 *
 * The files come from the guest (transport/trace.h, HP_FILE_*) and are not trusted: a line that makes no
 * sense is an error that says which. A guest that lies about its kernel traces nonsense, nothing else. A
 * module or kernel without a file (empty text) has nothing of that kind. Immutable, so any thread may read it. */
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "transport/result.hpp"

namespace hp::linux_guest {

/* The bytes of HP_FILE_*, and what HELLO said. */
struct KernelFiles {
  std::string build_id, release;
  uint64_t text_start = 0; /* address of _text */
  std::string btf, symbols, tracepoints, modules;
};

class GuestKernel {
 public:
  static Result<std::shared_ptr<const GuestKernel>> make(KernelFiles files);

  const std::string& build_id() const { return files_.build_id; }
  const std::string& release() const { return files_.release; }
  uint64_t text_start() const { return files_.text_start; }
  std::string_view btf() const { return files_.btf; }

 private:
  GuestKernel() = default;
  KernelFiles files_;
};

}  // namespace hp::linux_guest
