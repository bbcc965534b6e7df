/* GuestKernel: what is known of the kernel that a Linux guest runs: its functions, tracepoints and types.
 *
 *     KernelFiles files{build_id, release, text_start, btf, symbols, tracepoints, modules};
 *     std::shared_ptr<const GuestKernel> kernel = HP_TRY(GuestKernel::make(std::move(files)));
 *     probes.set_kernel(kernel);
 *
 * The files come from the guest (transport/trace.h, HP_FILE_*) and are not trusted: a line that makes no
 * sense is an error that says which. A guest that lies about its kernel traces nonsense, nothing else. A
 * file that is empty means that nothing of that kind is known. Immutable, so any thread may read it. */
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "linux_guest/kernel_layout.hpp"
#include "transport/result.hpp"

namespace hp::linux_guest {

/* The bytes of HP_FILE_*, and what HELLO said. */
struct KernelFiles {
  std::string build_id, release;
  uint64_t text_start = 0; /* address of _text */
  std::string btf, symbols, tracepoints, modules;
};

struct KernelSymbol {
  uint64_t address;
  std::string_view name;
  uint32_t module; /* index in modules() */
  char type;       /* as nm(1) has it: tTwW are code; x: code that the guest says takes no probe */
};
struct KernelModule {
  std::string_view name; /* the first is "vmlinux" */
  uint64_t start, size;  /* bytes; vmlinux: of its code */
};
struct KernelTracepoint {
  std::string_view subsystem, name; /* "" where the subsystem is unknown */
};

class GuestKernel {
 public:
  static constexpr size_t kMaxText = 64u << 20; /* bytes of one file */
  static constexpr size_t kMaxSymbols = 1u << 21;
  static Result<std::shared_ptr<const GuestKernel>> make(KernelFiles files);

  const std::string& build_id() const { return files_.build_id; }
  const std::string& release() const { return files_.release; }
  uint64_t text_start() const { return files_.text_start; }
  const KernelFiles& files() const { return files_; }
  const KernelLayout& layout() const { return layout_; }

  std::span<const KernelModule> modules() const { return modules_; }
  std::span<const KernelTracepoint> tracepoints() const { return tracepoints_; } /* by name */
  /* All symbols by address. */
  std::span<const KernelSymbol> symbols() const { return symbols_; }
  /* Functions that may be probed (traceable.hpp), by name, then address: indices of symbols(). */
  std::span<const uint32_t> functions() const { return functions_; }
  /* Of those, the ones of this very name. */
  std::span<const uint32_t> functions_named(std::string_view name) const;
  /* Address of a symbol of any type. module "" or "vmlinux": of the kernel itself. */
  std::optional<uint64_t> address_of(std::string_view module, std::string_view name) const;
  /* The function that an address lies in; nullptr: in none. */
  const KernelSymbol* function_at(uint64_t address) const;
  const KernelTracepoint* tracepoint(std::string_view name) const;
  /* Code only, as HP_FILE_SYMBOLS and HP_FILE_MODULES have it: what it takes to name addresses. */
  std::string code_text() const;
  std::string module_code_text() const;

 private:
  explicit GuestKernel(KernelFiles files) : files_(std::move(files)), layout_(files_.btf) {}
  static std::string without_data(std::string_view text);
  Result<> parse_symbols();
  Result<> parse_modules();
  Result<> parse_tracepoints();
  void index();

  KernelFiles files_;
  KernelLayout layout_;
  std::vector<KernelModule> modules_;
  std::vector<KernelSymbol> symbols_;
  std::vector<KernelTracepoint> tracepoints_;
  std::vector<uint32_t> functions_, by_name_;
};

inline bool is_code(const KernelSymbol& s) {
  return s.type == 't' || s.type == 'T' || s.type == 'w' || s.type == 'W' || s.type == 'x';
}

}  // namespace hp::linux_guest
