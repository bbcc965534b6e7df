/* Kernel files, good ones in every compression and hostile ones. */
#include "machine/kernel_image.hpp"

#include <doctest/doctest.h>
#include <lz4hc.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include <vector>

#include "kernel_file.hpp"
#include "machine/decompress.hpp"
#include "ram.hpp"

using namespace hp;
using namespace hp::machine;
using test::bzimage;
using test::vmlinux;

namespace {

std::string gzip(std::string_view in) {
  z_stream z{};
  REQUIRE(deflateInit2(&z, 1, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string out(deflateBound(&z, in.size()), '\0');
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in.data()));
  z.avail_in = static_cast<uInt>(in.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  REQUIRE(deflate(&z, Z_FINISH) == Z_STREAM_END);
  out.resize(z.total_out);
  deflateEnd(&z);
  return out;
}
std::string xz(std::string_view in) {
  std::string out(lzma_stream_buffer_bound(in.size()), '\0');
  size_t n = 0;
  REQUIRE(lzma_easy_buffer_encode(
              0, LZMA_CHECK_CRC32, nullptr, reinterpret_cast<const uint8_t*>(in.data()), in.size(),
              reinterpret_cast<uint8_t*>(out.data()), &n, out.size()) == LZMA_OK);
  out.resize(n);
  return out;
}
std::string zstd(std::string_view in) {
  std::string out(ZSTD_compressBound(in.size()), '\0');
  const size_t n = ZSTD_compress(out.data(), out.size(), in.data(), in.size(), 1);
  REQUIRE_FALSE(ZSTD_isError(n));
  out.resize(n);
  return out;
}
/* The legacy frame, in blocks of at most `block` bytes. */
std::string lz4(std::string_view in, size_t block = 8 << 20) {
  std::string out = "\x02\x21\x4c\x18";
  for (; !in.empty(); in.remove_prefix(std::min(block, in.size()))) {
    const std::string_view part = in.substr(0, block);
    std::string space(LZ4_compressBound(static_cast<int>(part.size())), '\0');
    const int n = LZ4_compress_default(part.data(), space.data(), static_cast<int>(part.size()),
                                       static_cast<int>(space.size()));
    REQUIRE(n > 0);
    const auto size = static_cast<uint32_t>(n);
    out.append(reinterpret_cast<const char*>(&size), 4).append(space, 0, size);
  }
  return out;
}
/* The kernel's build appends the size of what was compressed. */
std::string with_size(std::string payload, size_t size) {
  const auto n = static_cast<uint32_t>(size);
  return payload.append(reinterpret_cast<const char*>(&n), 4);
}

std::string refusal(std::string file, size_t limit = KernelImage::kMaxVmlinux) {
  auto k = KernelImage::parse(std::move(file), limit);
  return k ? "" : k.error().message;
}
bool mentions(const std::string& text, std::string_view what) {
  return text.find(what) != std::string::npos;
}

/* A vmlinux with one field of its only program header changed. */
template <class F>
std::string changed(F change) {
  std::string file = vmlinux("code");
  Elf64_Phdr p;
  std::memcpy(&p, file.data() + sizeof(Elf64_Ehdr), sizeof p);
  change(p);
  std::memcpy(file.data() + sizeof(Elf64_Ehdr), &p, sizeof p);
  return file;
}

}  // namespace

TEST_CASE("a vmlinux is loaded where its segments say") {
  auto k = KernelImage::parse(vmlinux("code", 4096));
  REQUIRE(k);
  CHECK(k->entry() == Gpa(test::kLoadAddress));
  CHECK(k->end() == Gpa(test::kLoadAddress + 4 + 4096));
  const test::Ram ram;
  REQUIRE(k->load(ram.ram));
  CHECK(std::memcmp(ram.ram.at(Gpa(test::kLoadAddress), 5), "code", 5) == 0);
}

TEST_CASE("every compression of a bzImage gives the same kernel") {
  std::string code;
  for (int i = 0; i < 300000; ++i) code += static_cast<char>(i * 7 >> 3);
  const std::string elf = vmlinux(code);
  for (const std::string& payload : {gzip(elf), xz(elf), zstd(elf), lz4(elf), lz4(elf, 10000)}) {
    for (const std::string& file : {bzimage(payload), bzimage(with_size(payload, elf.size()))}) {
      auto k = KernelImage::parse(file);
      REQUIRE_MESSAGE(k, k.error().message);
      CHECK(k->entry() == Gpa(test::kLoadAddress));
      CHECK(k->header().init_size == 8 << 20);
      CHECK(k->end() == Gpa(test::kLoadAddress + (8 << 20)));
      const test::Ram ram;
      REQUIRE(k->load(ram.ram));
      CHECK(std::memcmp(ram.ram.at(Gpa(test::kLoadAddress), code.size()), code.data(),
                        code.size()) == 0);
    }
  }
}

TEST_CASE("an entry given as a virtual address is found") {
  std::string file = vmlinux("code");
  const uint64_t entry = 0xffffffff80000000 + test::kLoadAddress + 2;
  std::memcpy(file.data() + offsetof(Elf64_Ehdr, e_entry), &entry, sizeof entry);
  auto k = KernelImage::parse(file);
  REQUIRE(k);
  CHECK(k->entry() == Gpa(test::kLoadAddress + 2));
}

TEST_CASE("a decompression bomb is stopped at the limit") {
  constexpr size_t limit = 1 << 20;
  const std::string zeroes(limit + 1, '\0');
  for (const std::string& payload : {gzip(zeroes), xz(zeroes), zstd(zeroes), lz4(zeroes)}) {
    CHECK(mentions(refusal(bzimage(payload), limit), "more than 1 MiB"));
    CHECK(decompress(payload, limit + 1));
  }
}

TEST_CASE("a stream cut anywhere is refused, not half used") {
  const std::string elf = vmlinux("some code that is compressed");
  for (const std::string& whole : {gzip(elf), xz(elf), zstd(elf)})
    for (size_t n = 0; n < whole.size(); ++n) CHECK_FALSE(decompress(whole.substr(0, n), 1 << 20));
  const std::string blocks = lz4(elf);
  for (size_t n = 0; n < blocks.size(); ++n) CHECK_FALSE(decompress(blocks.substr(0, n), 1 << 20));
}

TEST_CASE("compressions that are not read are named") {
  CHECK(mentions(refusal(bzimage("BZh91AY")), "bzip2"));
  CHECK(mentions(refusal(bzimage(std::string("\x89LZO\0\r\n", 7))), "lzo"));
  CHECK(mentions(refusal(bzimage(std::string("\x5d\0\0\x80", 4))), "lzma"));
  CHECK(mentions(refusal(bzimage("what?")), "unknown format"));
}

TEST_CASE("a bzImage whose payload lies outside of the file is refused") {
  std::string file = bzimage(gzip(vmlinux("code")));
  setup_header h;
  std::memcpy(&h, file.data() + 0x1f1, sizeof h);
  const auto with = [&](auto change) {
    setup_header changed = h;
    change(changed);
    std::string copy = file;
    std::memcpy(copy.data() + 0x1f1, &changed, sizeof changed);
    return refusal(copy);
  };
  CHECK(with([](setup_header&) {}).empty());
  CHECK(mentions(with([](setup_header& x) { x.payload_length++; }), "cut short"));
  CHECK(mentions(with([](setup_header& x) { x.payload_length = 0; }), "cut short"));
  CHECK(mentions(with([](setup_header& x) { x.payload_offset = ~0u; }), "cut short"));
  CHECK(mentions(with([](setup_header& x) { x.setup_sects = 255; }), "cut short"));
  CHECK(mentions(with([](setup_header& x) { x.version = 0x207; }), "too old"));
  CHECK(mentions(with([](setup_header& x) { x.xloadflags = 0; }), "64-bit"));
  CHECK(mentions(with([](setup_header& x) { x.boot_flag = 0; }), "not a kernel"));
}

TEST_CASE("files that are no kernels are refused") {
  CHECK(mentions(refusal(""), "not a kernel"));
  CHECK(mentions(refusal(std::string(4096, 'x')), "not a kernel"));
  CHECK(mentions(refusal("\x7f"
                         "ELF"),
                 "ELF"));
  CHECK(mentions(refusal(bzimage(gzip("no ELF file"))), "not an ELF file"));
  std::string other = vmlinux("code");
  other[EI_CLASS] = ELFCLASS32;
  CHECK(mentions(refusal(other), "x86-64"));
}

TEST_CASE("hostile program headers are refused") {
  CHECK(refusal(changed([](Elf64_Phdr&) {})).empty());
  CHECK(
      mentions(refusal(changed([](Elf64_Phdr& p) { p.p_filesz = p.p_memsz = ~0ull; })), "outside"));
  CHECK(mentions(refusal(changed([](Elf64_Phdr& p) { p.p_offset = ~0ull; })), "outside"));
  CHECK(mentions(refusal(changed([](Elf64_Phdr& p) { p.p_offset += 1; })), "outside"));
  CHECK(mentions(refusal(changed([](Elf64_Phdr& p) { p.p_memsz = 1; })), "impossible"));
  CHECK(mentions(refusal(changed([](Elf64_Phdr& p) { p.p_memsz = ~0ull; })), "impossible"));
  CHECK(mentions(refusal(changed([](Elf64_Phdr& p) { p.p_paddr = ~0ull - 2; })), "impossible"));
  CHECK(mentions(refusal(changed([](Elf64_Phdr& p) { p.p_paddr = 0x7000; })), "impossible"));
  CHECK(mentions(refusal(changed([](Elf64_Phdr& p) { p.p_type = PT_NOTE; })), "nothing to load"));
  CHECK(mentions(refusal(changed([](Elf64_Phdr& p) {
                   p.p_paddr += 1 << 20;
                   p.p_vaddr += 1 << 20;
                 })),
                 "entry"));
  std::string many = vmlinux("code");
  const uint16_t count = 65;
  std::memcpy(many.data() + offsetof(Elf64_Ehdr, e_phnum), &count, sizeof count);
  CHECK(mentions(refusal(many), "damaged"));
  std::string far = vmlinux("code");
  const uint64_t offset = ~0ull - 8;
  std::memcpy(far.data() + offsetof(Elf64_Ehdr, e_phoff), &offset, sizeof offset);
  CHECK(mentions(refusal(far), "outside"));
}

TEST_CASE("a kernel that is larger than the memory is refused, with what it needs") {
  auto k = KernelImage::parse(vmlinux("code", 1ull << 30));
  REQUIRE(k);
  const test::Ram ram;
  auto loaded = k->load(ram.ram);
  REQUIRE_FALSE(loaded);
  CHECK(mentions(loaded.error().message, "1041 MiB"));
}
