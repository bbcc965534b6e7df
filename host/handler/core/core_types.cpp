/* The lookup goes as the compiler's does: a type by its name, then one member after the other, anonymous
 * structures and unions being looked through. libbpf answers what a type id is; every id and size that it
 * takes from the blob is checked before it is used. */
#include "handler/core_types.hpp"

#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <mutex>
#include <unordered_map>

namespace hp::handler {

namespace {

constexpr uint32_t kMaxMembers = 1u << 18; /* looked at for one name */

struct FreeBtf {
  void operator()(btf* b) const { btf__free(b); }
};

/* Where a path leads. */
struct Found {
  uint32_t type = 0;
  uint64_t bits = 0;  /* from the start of the type the path begins at */
  uint32_t width = 0; /* nonzero: a bit-field */
};

class Resolver final : public CoreTypes {
 public:
  Resolver(btf* types, std::string kernel, Symbols symbols)
      : btf_(types), kernel_(std::move(kernel)), symbols_(std::move(symbols)) {
    index();
  }

  Result<std::vector<uint64_t>> values(const Object& object) const override {
    std::vector<uint64_t> out;
    out.reserve(object.core().size());
    for (const hp_core_reloc& r : object.core())
      out.push_back(HP_TRY(value(r, object.core_str(r.type), object.core_str(r.path))));
    return out;
  }

 private:
  tl::unexpected<Error> missing(const std::string& what) const {
    return fail(kernel_ + " has no " + what, ENOENT);
  }

  /* Complete structures, unions and typedefs by name, the first of each: linear searches add up. */
  void index() {
    const uint32_t count = btf__type_cnt(btf_.get());
    for (uint32_t id = 1; id < count; id++) {
      const btf_type* t = btf__type_by_id(btf_.get(), id);
      if (!t || t->name_off == 0) continue;
      const char* prefix = btf_is_struct(t)    ? "struct "
                           : btf_is_union(t)   ? "union "
                           : btf_is_typedef(t) ? ""
                                               : nullptr;
      if (!prefix) continue;
      if (const char* name = btf__name_by_offset(btf_.get(), t->name_off))
        by_name_.try_emplace(std::string(prefix) + name, id);
    }
  }

  /* Looks through typedefs and qualifiers; null: the chain does not end, or ends in a wrong id. */
  const btf_type* type(uint32_t* id) const {
    for (uint32_t depth = 0; depth < kMaxDepth; depth++) {
      const btf_type* t = btf__type_by_id(btf_.get(), *id);
      if (!t || !(btf_is_typedef(t) || btf_is_mod(t) || btf_is_type_tag(t))) return t;
      *id = t->type;
    }
    return nullptr;
  }

  /* Bytes; 0: not known, or beyond kMaxSize. */
  uint64_t size(uint32_t id, uint32_t depth = 0) const {
    const btf_type* t = type(&id);
    if (!t || depth > kMaxDepth) return 0;
    uint64_t bytes = 0;
    if (btf_is_ptr(t)) {
      bytes = sizeof(uint64_t);
    } else if (btf_is_array(t)) {
      const struct btf_array* a = btf_array(t);
      if (__builtin_mul_overflow(size(a->type, depth + 1), uint64_t{a->nelems}, &bytes)) return 0;
    } else if (btf_is_int(t) || btf_is_any_enum(t) || btf_is_composite(t) || btf_is_float(t)) {
      bytes = t->size;
    }
    return bytes <= kMaxSize ? bytes : 0;
  }

  /* The member of this name within a structure; false: there is none. budget: members to look at, for
   * structures may hold each other in more ways than there is time for. */
  bool member(uint32_t id, std::string_view name, Found& found, uint32_t& budget,
              uint32_t depth = 0) const {
    const btf_type* t = type(&id);
    if (!t || !btf_is_composite(t) || depth > kMaxDepth) return false;
    const struct btf_member* m = btf_members(t);
    for (uint32_t i = 0; i < btf_vlen(t) && budget != 0; i++, m++) {
      budget--;
      const char* given = btf__name_by_offset(btf_.get(), m->name_off);
      const uint64_t bits = found.bits + btf_member_bit_offset(t, i);
      if (given && *given != 0) {
        if (name != given) continue;
        found = {m->type, bits, btf_member_bitfield_size(t, i)};
        return true;
      }
      Found within{m->type, bits, 0};
      if (member(m->type, name, within, budget, depth + 1)) {
        found = within;
        return true;
      }
    }
    return false;
  }

  Result<Found> follow(const std::string& root, std::string_view path) const {
    const auto at = by_name_.find(root);
    if (at == by_name_.end()) return missing(root);
    Found found{at->second, 0, 0};
    const std::string_view whole = path;
    while (!path.empty()) {
      if (path.starts_with("[]")) {
        uint32_t id = found.type;
        const btf_type* t = type(&id);
        if (!t || !btf_is_array(t))
          return missing("array " + std::string(whole.substr(0, whole.size() - path.size())) +
                         " in " + root);
        found = {btf_array(t)->type, found.bits, 0};
        path.remove_prefix(2);
        continue;
      }
      if (path.starts_with(".")) path.remove_prefix(1);
      const std::string_view name = path.substr(0, path.find_first_of(".["));
      path.remove_prefix(name.size());
      uint32_t budget = kMaxMembers;
      if (name.empty() || !member(found.type, name, found, budget))
        return missing("member " + std::string(whole.substr(0, whole.size() - path.size())) +
                       " in " + root);
    }
    return found;
  }

  Result<uint64_t> value(const hp_core_reloc& r, const std::string& root,
                         std::string_view path) const {
    const uint32_t kind = r.kind & ~uint32_t{HP_CORE_OPTIONAL};
    Result<uint64_t> found = value(kind, root, path);
    if (found || kind == r.kind) return found;
    return kind == HP_CORE_FIELD ? HP_CORE_ABSENT : 0;
  }

  Result<uint64_t> value(uint32_t kind, const std::string& root, std::string_view path) const {
    if (kind == HP_CORE_ADDRESS) {
      const std::optional<uint64_t> address =
          symbols_ ? symbols_(root, path) : std::optional<uint64_t>();
      if (!address)
        return missing("symbol " + (root.empty() ? "" : root + "`") + std::string(path));
      return *address;
    }
    const Found found = HP_TRY(follow(root, path));
    const std::string name = root + (path.empty() ? "" : " member ") + std::string(path);
    if (found.bits / 8 > kMaxSize) return missing("readable " + name);
    switch (kind) {
      case HP_CORE_OFFSET:
        if (found.width != 0 || found.bits % 8 != 0) return missing("addressable " + name);
        return found.bits / 8;
      case HP_CORE_SIZE: {
        const uint64_t bytes = size(found.type);
        if (bytes == 0) return missing("size of " + name);
        return bytes;
      }
      default:
        return descriptor(found, name);
    }
  }

  Result<uint64_t> descriptor(const Found& found, const std::string& name) const {
    uint32_t id = found.type;
    const btf_type* t = type(&id);
    uint64_t bytes = size(id);
    if (!t || !(btf_is_int(t) || btf_is_any_enum(t) || btf_is_ptr(t)) || bytes > 8 ||
        !std::has_single_bit(bytes))
      return missing("number or pointer " + name);
    const bool is_signed = btf_is_int(t) ? (btf_int_encoding(t) & BTF_INT_SIGNED) != 0
                                         : !btf_is_ptr(t) && btf_kflag(t);
    uint64_t byte = found.bits / 8, width = bytes * 8, shift = 0;
    if (found.width != 0) {
      width = found.width;
      byte = byte / bytes *
             bytes; /* the aligned unit that holds it, or the bytes from where it begins */
      shift = found.bits - byte * 8;
      if (shift + width > bytes * 8) {
        byte = found.bits / 8;
        shift = found.bits % 8;
        bytes = std::bit_ceil((shift + width + 7) / 8);
      }
      if (width > 64 || shift + width > 64) return missing("readable " + name);
    } else if (found.bits % 8 != 0) {
      return missing("readable " + name);
    }
    return HP_CORE_DESCRIPTOR(byte, static_cast<uint64_t>(std::countr_zero(bytes)),
                              64 - shift - width, 64 - width, is_signed);
  }

  std::unique_ptr<btf, FreeBtf> btf_;
  std::unordered_map<std::string, uint32_t> by_name_;
  std::string kernel_;
  Symbols symbols_;
};

}  // namespace

Result<std::shared_ptr<const CoreTypes>> CoreTypes::parse(std::string_view data, std::string kernel,
                                                          Symbols symbols) {
  if (data.size() > kMaxBtf) return fail("types of " + kernel + ": larger than 64 MiB", EFBIG);
  static std::once_flag quiet; /* libbpf tells standard error what it thinks of a blob */
  std::call_once(quiet, [] { libbpf_set_print(nullptr); });
  btf* types = btf__new(data.data(), static_cast<uint32_t>(data.size()));
  if (!types) return fail("types of " + kernel + ": not BTF that can be read", errno);
  return std::make_shared<const Resolver>(types, std::move(kernel), std::move(symbols));
}

}  // namespace hp::handler
