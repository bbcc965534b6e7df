/* Prelinking: a program whose references to a kernel's structures are settled once, for one kernel (probec -y).
 *
 *     const Kernel kernel = kernel_of_btf(btf, "Linux-6.1.0-13-amd64");
 *     std::string elf = HP_TRY(prelink(object, HP_TRY(types->values(object)), kernel));
 *     ... elsewhere ...
 *     HP_TRYV(check_kernel(object, kernel_of_btf(guests_btf, "the kernel of web1")));
 *
 * What is written is the same object but for three things: the values of the symbols hp_core_N stand in the code
 * and the data that referred to them, with R_X86_64_NONE in place of their relocations; these symbols are
 * absolute, with that value; and .hyprobe.core, at the end of the file, says which kernel it is. An object that
 * refers to no kernel stays as it is, and runs on any.
 *
 * Kernels are told apart by their BTF: two builds with the same types are one, which does no harm. Pure. */
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "transport/object.hpp"
#include "transport/result.hpp"

namespace hp::handler {

struct Kernel {
  uint64_t btf_size = 0, btf_hash = 0;
  std::string name; /* in messages */
};

Kernel kernel_of_btf(std::string_view btf, std::string name);

/* values: of each row of object.core(). The bytes of an ELF file that Object::parse() takes. */
Result<std::string> prelink(const Object& object, std::span<const uint64_t> values,
                            const Kernel& kernel);

/* An error that names both, if the program was linked for another kernel than this. */
Result<> check_kernel(const Object& object, const Kernel& kernel);

}  // namespace hp::handler
