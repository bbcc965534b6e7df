/* CoreTypes: what a compiled program takes from the kernel that it is linked for (object.h, .hyprobe.core).
 *
 *     auto types = HP_TRY(CoreTypes::parse(btf_of_the_guest));
 *     auto program = HP_TRY(Program::load(object, segment_fd, target, types.get()));
 *
 * A program is compiled once, against the types of one kernel. The offset, size, signedness and bits of
 * every member that it reads are looked up here by name, in the types that the guest's own kernel has by
 * its BTF; so one object runs on kernels whose structures differ. What a kernel does not have is an error
 * that names structure, member and kernel.
 *
 * The BTF is the guest's word: it is bounded, checked by libbpf (Documentation/bpf/btf.rst of Linux) and
 * here; what it says can make a program read other bytes of that same guest, nothing else.
 *
 * Only parse() needs libbpf, and the library hp_core_types; process guests have no kernel and link neither.
 * Immutable: any number of threads may ask. */
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "transport/object.hpp"
#include "transport/result.hpp"

namespace hp::handler {

class CoreTypes {
 public:
  static constexpr size_t kMaxBtf = 64u << 20;
  static constexpr uint32_t kMaxSize = 1u << 30; /* bytes of a type */
  static constexpr uint32_t kMaxDepth = 64;      /* of types within types */

  /* The address of a symbol, of module "" for the kernel itself; no value: there is none. */
  using Symbols = std::function<std::optional<uint64_t>(std::string_view module, std::string_view)>;

  /* btf: the bytes of /sys/kernel/btf/vmlinux; copied. kernel: its name in messages. symbols: for programs
   * that name variables of the kernel; empty: such a program is refused. Thread-safe if it is. */
  static Result<std::shared_ptr<const CoreTypes>> parse(std::string_view btf,
                                                        std::string kernel = "this kernel",
                                                        Symbols symbols = {});
  virtual ~CoreTypes() = default;

  /* The value of each row of object.core(). */
  virtual Result<std::vector<uint64_t>> values(const Object& object) const = 0;

 protected:
  CoreTypes() = default;
  CoreTypes(const CoreTypes&) = default;
  CoreTypes& operator=(const CoreTypes&) = default;
};

}  // namespace hp::handler
