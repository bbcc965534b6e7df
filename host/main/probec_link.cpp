#include "probec_link.hpp"

#include <sys/utsname.h>

#include <algorithm>

#include "handler/core_types.hpp"
#include "handler/prelink.hpp"
#include "probec_compilation.hpp"
#include "transport/fd.hpp"

namespace hp {
namespace {

/* The BTF to link against; name: what to call the kernel. */
Result<std::string> btf_of(const Cli& cli, std::string* name) {
  *name = cli.options.text(probec::Option::kernelbtf);
  std::string path = *name;
  if (path.empty()) {
    utsname u{};
    ::uname(&u);
    *name = std::string("Linux-") + u.release;
    path = "/sys/kernel/btf/vmlinux";
  }
  return read_file(path, handler::CoreTypes::kMaxBtf);
}

Result<std::string> linked(const Cli& cli, const Object& object, std::string* kernel) {
  if (object.core().empty() && !object.linked_for()) return std::string(object.bytes());
  for (const hp_core_reloc& r : object.core())
    if ((r.kind & ~uint32_t{HP_CORE_OPTIONAL}) == HP_CORE_ADDRESS)
      return fail(std::string("it reads the variable ") + object.core_str(r.path) +
                  " of the kernel, whose address is known only when it runs");
  const std::string btf = HP_TRY(btf_of(cli, kernel));
  std::vector<uint64_t> values;
  if (!object.core().empty())
    values = HP_TRY(HP_TRY(handler::CoreTypes::parse(btf, *kernel))->values(object));
  return handler::prelink(object, values, handler::kernel_of_btf(btf, *kernel));
}

}  // namespace

int link_object(const Cli& cli, const Report& report) {
  const auto failed = [&](const std::string& why) {
    return report.fatal(cli.link_elf + ": " + why);
  };
  const Result<std::string> bytes = read_file(cli.link_elf, Object::kMaxBytes);
  if (!bytes) return report.fatal(bytes.error().message);
  const Result<Object> object = Object::parse(*bytes);
  if (!object) return failed(object.error().message);
  std::string kernel;
  const Result<std::string> out = linked(cli, *object, &kernel);
  if (!out) return failed(out.error().message);
  const std::string path = cli.elf.empty() ? cli.link_elf + ".linked" : cli.elf;
  if (const Result<> r = write_object(path, *out); !r) return report.fatal(r.error().message);
  const size_t n = object->core().size();
  report.notice(n == 0 ? path + ": looks into no kernel's structures, runs on any"
                       : path + ": linked for " + kernel + ", " + std::to_string(n) +
                             (n == 1 ? " relocation" : " relocations"));
  return 0;
}

}  // namespace hp
