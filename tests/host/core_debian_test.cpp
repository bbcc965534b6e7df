// Debian's kernels 6.1 and 6.12: programs compiled against either run on both, by the types that the kernels bring.
#include <doctest/doctest.h>
#include <elf.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "handler/core_types.hpp"
#include "handler/link.hpp"
#include "handler/prelink.hpp"
#include "machine/decompress.hpp"
#include "probec/btf.hpp"
#include "probec/compiler.hpp"
#include "transport/fd.hpp"

using namespace hp;
namespace fs = std::filesystem;

namespace {

/* The .BTF section of a bzImage's vmlinux; "" if there is none. */
std::string btf_of(const std::string& image) {
  /* boot.rst: the payload lies payload_offset after the setup sectors. */
  uint32_t offset = 0, size = 0;
  if (image.size() < 0x260) return {};
  std::memcpy(&offset, &image[0x248], 4);
  std::memcpy(&size, &image[0x24c], 4);
  const size_t setup = (static_cast<unsigned char>(image[0x1f1]) + size_t{1}) * 512;
  if (setup + offset + uint64_t{size} > image.size()) return {};
  const auto expanded =
      machine::decompress(std::string_view(image).substr(setup + offset, size), size_t{256} << 20);
  if (!expanded) return {};
  const std::string_view elf = expanded->view();
  if (elf.size() < sizeof(Elf64_Ehdr)) return {};
  const char* base = elf.data();
  Elf64_Ehdr eh;
  std::memcpy(&eh, base, sizeof eh);
  auto section = [&](unsigned i) {
    Elf64_Shdr sh{};
    const uint64_t at = eh.e_shoff + uint64_t{i} * sizeof sh;
    if (at + sizeof sh <= elf.size()) std::memcpy(&sh, base + at, sizeof sh);
    return sh;
  };
  for (unsigned i = 0; i < eh.e_shnum; i++) {
    const Elf64_Shdr sh = section(i);
    const uint64_t name = section(eh.e_shstrndx).sh_offset + sh.sh_name;
    if (name + 5 <= elf.size() && std::memcmp(base + name, ".BTF", 5) == 0 &&
        sh.sh_offset + sh.sh_size <= elf.size())
      return std::string(elf.substr(sh.sh_offset, sh.sh_size));
  }
  return {};
}

std::string btf_of_version(const std::string& version) {
  const char* given = std::getenv("HYPROBE_KERNELS");
  const fs::path kernels = given && *given ? given : HP_SOURCE_DIR "/build/rig/kernels";
  std::error_code none;
  for (const auto& file : fs::directory_iterator(kernels / version / "boot", none))
    if (file.path().filename().string().starts_with("vmlinuz-"))
      if (const Result<std::string> image = read_file(file.path())) return btf_of(*image);
  return {};
}

Object compiled(const std::string& text, const std::string& btf) {
  auto kernel = probec::BtfTypes::parse(btf);
  REQUIRE(kernel.has_value());
  probec::Options options;
  probec::CompileInput input{.sources = {{probec::SourceKind::Clause, text, text}},
                             .options = &options,
                             .kernel = kernel->get()};
  auto program = probec::compile(input);
  if (!program) FAIL(text << ": " << program.error().message);
  auto object = Object::parse(program->object);
  REQUIRE(object.has_value());
  return std::move(*object);
}

}  // namespace

TEST_CASE("CO-RE: Debian's kernels 6.1 and 6.12, from each to the other") {
  const std::string btf[] = {btf_of_version("6.1"), btf_of_version("6.12")};
  if (btf[0].empty() || btf[1].empty()) {
    std::puts("SKIPPED: no kernels in build/rig/kernels (tools/kernels)");
    std::exit(77);
  }
  std::shared_ptr<const handler::CoreTypes> types[2];
  for (int i : {0, 1}) {
    auto parsed = handler::CoreTypes::parse(btf[i], i ? "6.12" : "6.1");
    REQUIRE(parsed.has_value());
    types[i] = *parsed;
  }
  const char* programs[] = {
      "fbt::vfs_read:entry { trace(args[0]->f_mode); trace(curthread->cred->uid.val); }",
      "fbt::vfs_read:entry { print(args[0]); trace(stringof(args[0]->f_path.dentry->d_name.name)); "
      "}",
      "sdt:sched:sched_switch { trace(args[1]->comm); trace(args[2]->pid); }",
      "proc:::create { trace(args[0]->pr_pid); trace(args[0]->pr_ppid); trace(args[0]->pr_pgid);"
      " trace(args[0]->pr_sid); trace(args[0]->pr_nlwp); trace(args[0]->pr_uid); "
      "trace(args[0]->pr_fname); }",
      "proc:::exit { trace(args[0]); }",
      "proc:::lwp-create { trace(args[0]->pr_lwpid); trace(args[0]->pr_state); "
      "trace(args[0]->pr_onpro); }",
      "sched:::enqueue { trace(args[0]->pr_pri); trace(args[1]->pr_fname); trace(args[2]->cpu_id); "
      "}",
      "sched:::change-pri { trace(args[2]); }",
      "io:::start { trace(args[0]->b_bcount); trace(args[0]->b_blkno); trace(args[1]->dev_name); }",
      "tcp:::state-change { trace(args[2]->ip_daddr); trace(args[3]->tcps_rport); "
      "trace(args[3]->tcps_cwnd);"
      " trace(args[5]->tcps_state); }",
      "BEGIN { trace(((struct page *)arg0)->flags); trace(((struct mm_struct *)arg0)->pgd->pgd); }",
  };
  size_t differing = 0;
  for (const char* text : programs)
    for (int from : {0, 1}) {
      CAPTURE(text);
      const Object object = compiled(text, btf[from]);
      REQUIRE(!object.core().empty());
      const auto same = types[from]->values(object), other = types[1 - from]->values(object);
      REQUIRE_MESSAGE(same.has_value(), (same ? "" : same.error().message));
      REQUIRE_MESSAGE(other.has_value(), (other ? "" : other.error().message));
      for (size_t i = 0; i < same->size(); i++) {
        CAPTURE(object.core_str(object.core()[i].path));
        CHECK((*same)[i] == object.core()[i].reference);
        differing += (*same)[i] != (*other)[i];
      }
    }
  CHECK(differing > 50);

  /* probec -y: the same differences stand in the code, and each kernel takes its own alone. */
  for (const char* text : programs) {
    CAPTURE(text);
    const Object object = compiled(text, btf[0]);
    std::string linked[2];
    for (int i : {0, 1}) {
      const auto kernel = handler::kernel_of_btf(btf[i], i ? "6.12" : "6.1");
      const auto values = types[i]->values(object);
      REQUIRE(values.has_value());
      auto out = handler::prelink(object, *values, kernel);
      REQUIRE_MESSAGE(out.has_value(), (out ? "" : out.error().message));
      linked[i] = std::move(*out);
      const auto again = Object::parse(linked[i]);
      REQUIRE(again.has_value());
      CHECK(again->core().empty());
      CHECK(handler::check_kernel(*again, kernel).has_value());
      CHECK(!handler::check_kernel(*again, handler::kernel_of_btf(btf[1 - i], "")));
      CHECK(handler::Image::link(*again, handler::primitives()).has_value());
    }
    CHECK((linked[0] != linked[1]) ==
          (*types[0]->values(object) != *types[1]->values(object) || btf[0] != btf[1]));
  }
}
