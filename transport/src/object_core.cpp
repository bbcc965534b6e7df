/* .hyprobe.core: rows are checked once, so that a linker may use them as they are. */
#include <charconv>

#include "transport/object.hpp"

namespace hp {

namespace {

tl::unexpected<Error> bad(const std::string& what) {
  return fail("not a valid D program object: " HP_OBJ_SECTION_CORE ": " + what, ENOEXEC);
}

bool within(uint64_t offset, uint64_t size, uint64_t total) {
  return offset <= total && size <= total - offset;
}

}  // namespace

Result<> Object::parse_core(std::string_view section) {
  if (section.size() < sizeof(hp_core_header)) return bad("header cut short");
  const auto* header = reinterpret_cast<const hp_core_header*>(section.data());
  if (header->magic != HP_CORE_MAGIC) return bad("wrong magic");
  if (header->version != HP_CORE_VERSION)
    return bad("format version " + std::to_string(header->version) + ", this build reads " +
               std::to_string(HP_CORE_VERSION) + ": compile the script again");
  if (header->size > section.size() || header->size < sizeof *header) return bad("size");
  section = section.substr(0, header->size);
  const hp_obj_table rows = header->relocations, strings = header->strings;
  if (rows.count > kMaxCore || rows.offset % alignof(hp_core_reloc) != 0 ||
      !within(rows.offset, uint64_t{rows.count} * sizeof(hp_core_reloc), section.size()))
    return bad("the relocations lie outside the section");
  if (strings.count == 0 || !within(strings.offset, strings.count, section.size()) ||
      section[strings.offset] != '\0' || section[strings.offset + strings.count - 1] != '\0')
    return bad("string table");
  core_ = {reinterpret_cast<const hp_core_reloc*>(section.data() + rows.offset), rows.count};
  core_strings_ = section.data() + strings.offset;
  if (header->linked != 0) {
    if (header->linked % alignof(hp_core_kernel) != 0 ||
        !within(header->linked, sizeof(hp_core_kernel), section.size()))
      return bad("the kernel lies outside the section");
    linked_for_ = reinterpret_cast<const hp_core_kernel*>(section.data() + header->linked);
    if (linked_for_->name >= strings.count || linked_for_->btf_size == 0 || !core_.empty())
      return bad("the kernel that it is linked for");
  }
  for (const hp_core_reloc& r : core_) {
    const uint32_t kind = r.kind & ~uint32_t{HP_CORE_OPTIONAL};
    if (kind < HP_CORE_FIELD || kind > HP_CORE_ADDRESS) return bad("unknown relocation");
    if (r.type >= strings.count || r.path >= strings.count) return bad("string outside its table");
    if (r.kind == HP_CORE_SIZE && r.reference == 0) return bad("a size of nothing");
  }
  return {};
}

std::optional<uint32_t> Object::core_index(std::string_view symbol) const {
  constexpr std::string_view kPrefix = HP_CORE_SYMBOL_PREFIX;
  if (!symbol.starts_with(kPrefix)) return std::nullopt;
  symbol.remove_prefix(kPrefix.size());
  uint32_t row = 0;
  const char* end = symbol.data() + symbol.size();
  const auto [at, error] = std::from_chars(symbol.data(), end, row);
  if (error != std::errc() || at != end || row >= core_.size()) return std::nullopt;
  return row;
}

}  // namespace hp
