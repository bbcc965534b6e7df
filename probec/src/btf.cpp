#include "probec/btf.hpp"

#include <algorithm>
#include <cstring>
#include <limits>

namespace hp::probec {

namespace {

enum Kind : uint32_t {
  kVoid = 0,
  kInt = 1,
  kPointer = 2,
  kArray = 3,
  kStruct = 4,
  kUnion = 5,
  kEnum = 6,
  kForward = 7,
  kTypedef = 8,
  kVolatile = 9,
  kConst = 10,
  kRestrict = 11,
  kFunction = 12,
  kPrototype = 13,
  kVariable = 14,
  kSection = 15,
  kFloat = 16,
  kDeclTag = 17,
  kTypeTag = 18,
  kEnum64 = 19,
};

constexpr uint32_t kMagic = 0xeb9f;
constexpr size_t kHeader = 24;
constexpr unsigned kMaxDepth = 64;      /* of types within types */
constexpr uint32_t kMaxSize = 1u << 30; /* bytes of a structure or array */
constexpr uint32_t kMaxTypes = 16u << 20;
constexpr uint32_t kMaxMembers = 1u << 16; /* the format's own bound */

/* Bytes after the three words of a record. */
std::optional<uint32_t> tail_size(uint32_t kind, uint32_t count) {
  switch (kind) {
    case kInt:
    case kVariable:
    case kDeclTag:
      return 4;
    case kArray:
      return 12;
    case kStruct:
    case kUnion:
    case kSection:
    case kEnum64:
      return count * 12;
    case kEnum:
    case kPrototype:
      return count * 8;
    case kPointer:
    case kForward:
    case kTypedef:
    case kVolatile:
    case kConst:
    case kRestrict:
    case kFunction:
    case kFloat:
    case kTypeTag:
      return 0;
    default:
      return std::nullopt;
  }
}

uint32_t load(const std::string& from, uint64_t at) {
  uint32_t value = 0;
  if (at + sizeof value <= from.size()) std::memcpy(&value, from.data() + at, sizeof value);
  return value;
}

}  // namespace

Result<std::unique_ptr<BtfTypes>> BtfTypes::parse(std::string blob) {
  std::unique_ptr<BtfTypes> made(new BtfTypes(std::move(blob)));
  HP_TRYV(made->index());
  return made;
}

Result<> BtfTypes::index() {
  if (blob_.size() < kHeader || (load(blob_, 0) & 0xffff) != kMagic)
    return fail("kernel types: not BTF");
  uint64_t header = load(blob_, 4);
  uint64_t types = header + load(blob_, 8), types_size = load(blob_, 12);
  uint64_t strings = header + load(blob_, 16), strings_size = load(blob_, 20);
  if (header < kHeader || types + types_size > blob_.size() ||
      strings + strings_size > blob_.size() || strings_size == 0 || blob_[strings] != 0 ||
      blob_[strings + strings_size - 1] != 0 || blob_.size() > std::numeric_limits<uint32_t>::max())
    return fail("kernel types: the sections of the BTF are not within it");
  types_ = static_cast<uint32_t>(types);
  strings_ = static_cast<uint32_t>(strings);
  strings_size_ = static_cast<uint32_t>(strings_size);
  offsets_.reserve(types_size / 24);
  for (uint64_t at = 0; at < types_size;) {
    uint32_t info = word(at + 4);
    std::optional<uint32_t> tail = tail_size((info >> 24) & 0x1f, info & 0xffff);
    if (!tail || at + 12 + *tail > types_size || offsets_.size() > kMaxTypes)
      return fail("kernel types: malformed record in BTF, type " +
                  std::to_string(offsets_.size() + 1));
    offsets_.push_back(static_cast<uint32_t>(at));
    at += 12 + *tail;
  }
  return {};
}

uint32_t BtfTypes::word(uint64_t at) const {
  return load(blob_, types_ + at);
}

BtfTypes::Record BtfTypes::record(uint32_t id) const {
  if (id == 0 || id > offsets_.size()) return {};
  uint32_t at = offsets_[id - 1], info = word(at + 4);
  return {word(at), (info >> 24) & 0x1f, info & 0xffff, word(at + 8), info >> 31 != 0, at + 12};
}

std::string_view BtfTypes::text(uint32_t offset) const {
  if (offset >= strings_size_) return {};
  return blob_.data() + strings_ + offset; /* the section ends with a NUL */
}

uint32_t BtfTypes::find(std::string_view name, std::initializer_list<uint32_t> kinds) const {
  /* Some 100,000 records: most are passed over by one word of each. */
  uint32_t wanted = 0;
  for (uint32_t kind : kinds) wanted |= 1u << kind;
  for (uint32_t id = 1; id <= offsets_.size(); ++id) {
    const uint32_t at = offsets_[id - 1];
    if ((wanted >> ((word(at + 4) >> 24) & 0x1f) & 1) == 0) continue;
    const uint32_t from = word(at);
    if (from >= strings_size_ || name.size() >= strings_size_ - from) continue;
    const char* given = blob_.data() + strings_ + from;
    if (given[name.size()] == 0 && std::memcmp(given, name.data(), name.size()) == 0) return id;
  }
  return 0;
}

bool BtfTypes::has_typedef(std::string_view name) {
  return find(name, {kTypedef}) != 0;
}

TypeId BtfTypes::find_typedef(std::string_view name, TypeTable& table) {
  uint32_t id = find(name, {kTypedef});
  return id ? type(id, table) : TypeId();
}

std::optional<TypeSource::Symbol> BtfTypes::find_symbol(std::string_view module,
                                                        std::string_view name, TypeTable& table) {
  if (!module.empty() && module != "vmlinux" && module != "kernel") return std::nullopt;
  uint32_t id = find(name, {kVariable, kFunction});
  if (!id) return std::nullopt;
  return Symbol{0, type(record(id).size_or_type, table)};
}

TypeId BtfTypes::find_function(std::string_view name, TypeTable& table) {
  uint32_t id = find(name, {kFunction});
  if (!id || record(record(id).size_or_type).kind != kPrototype) return {};
  return type(record(id).size_or_type, table);
}

TypeId BtfTypes::type(uint32_t id, TypeTable& table) {
  if (auto found = made_.find(id); found != made_.end()) return found->second;
  Record r = record(id);
  if (r.kind == kVoid || depth_ >= kMaxDepth) return table.void_type;
  ++depth_;
  TypeId made = convert(id, r, table);
  --depth_;
  made_.emplace(id, made);
  return made;
}

TypeId BtfTypes::convert(uint32_t id, const Record& r, TypeTable& table) {
  switch (r.kind) {
    case kInt:
      return integer(r, table);
    case kPointer:
      return pointer(r, table);
    case kArray:
      return array(r, table);
    case kStruct:
    case kUnion:
    case kEnum:
    case kEnum64:
    case kForward:
      return tagged(id, r, table);
    case kTypedef: {
      const std::string name(text(r.name));
      TypeId target = type(r.size_or_type, table);
      Record of = record(r.size_or_type);
      if ((of.kind == kStruct || of.kind == kUnion) && text(of.name).empty())
        table.set_kernel_name(target, name);
      return table.add_typedef(name, target);
    }
    case kVolatile:
    case kConst:
    case kRestrict:
    case kTypeTag:
      return type(r.size_or_type, table);
    case kPrototype:
      return function(r, table);
    case kFloat: {
      Type real;
      real.kind = TypeKind::Float;
      real.name = text(r.name);
      real.is_signed = true;
      real.size = real.align = r.size_or_type == 4 || r.size_or_type == 16 ? r.size_or_type : 8;
      return table.add(std::move(real));
    }
    default:
      return table.void_type;
  }
}

TypeId BtfTypes::integer(const Record& r, TypeTable& table) {
  uint32_t encoding = word(r.tail) >> 24, size = r.size_or_type;
  bool is_signed = encoding & 1;
  if (encoding & 4) return table.bool_type;
  std::string_view name = text(r.name);
  if (name == "char") return table.char_type;
  if (size == 8 && name.find("long long") != std::string_view::npos)
    return is_signed ? table.longlong_type : table.ulonglong_type;
  if (size == 16) return table.array_of(table.ulong_type, 2); /* D has no integers of this size */
  return table.integer(size == 1 || size == 2 || size == 4 ? size : 8, is_signed);
}

TypeId BtfTypes::pointer(const Record& r, TypeTable& table) {
  Record to = record(r.size_or_type);
  bool user = to.kind == kTypeTag && text(to.name) == "user";
  return table.pointer_to(type(r.size_or_type, table), user ? Space::User : Space::Kernel);
}

TypeId BtfTypes::array(const Record& r, TypeTable& table) {
  TypeId element = type(word(r.tail), table);
  uint64_t count = word(r.tail + 8);
  const Type& of = table[element];
  if (of.kind == TypeKind::Void || of.kind == TypeKind::Function || of.size == 0)
    return table.array_of(table.uchar_type, 0, false);
  if (count == 0 || count * of.size > kMaxSize) return table.array_of(element, 0, false);
  return table.array_of(element, count);
}

TypeId BtfTypes::tagged(uint32_t id, const Record& r, TypeTable& table) {
  bool is_enum = r.kind == kEnum || r.kind == kEnum64;
  bool is_union = r.kind == kUnion || (r.kind == kForward && r.flag);
  Type made;
  made.kind = is_enum ? TypeKind::Enum : is_union ? TypeKind::Union : TypeKind::Struct;
  std::string_view tag = text(r.name);
  made.name = is_enum ? "enum " : is_union ? "union " : "struct ";
  made.name += tag.empty() ? "(anon)" : tag;
  made.complete = false;
  made.deferred = true;
  TypeId type = table.add(std::move(made));
  origin_.emplace(type.value, id);
  return type;
}

TypeId BtfTypes::function(const Record& r, TypeTable& table) {
  Type made;
  made.kind = TypeKind::Function;
  made.target = type(r.size_or_type, table);
  made.name = table.name(made.target) + " (";
  for (uint32_t i = 0; i < r.count; ++i) {
    uint32_t id = word(r.tail + uint64_t(i) * 8 + 4);
    if (id == 0) break; /* ... */
    made.parameters.push_back(type(id, table));
    made.name += (i ? ", " : "") + table.name(made.parameters.back());
    if (made.name.size() > 1024) break;
  }
  made.name += ")";
  made.size = made.align = 1;
  return table.add(std::move(made));
}

void BtfTypes::complete(TypeId id, TypeTable& table) {
  uint32_t from = 0;
  if (auto found = origin_.find(id.value); found != origin_.end()) {
    from = found->second;
  }
  Record r = record(from);
  std::string_view name = table.name(id);
  if (from == 0 || r.kind == kForward) { /* by its tag */
    size_t space = name.find(' ');
    if (space == std::string_view::npos || name.ends_with("(anon)")) return;
    std::string_view tag = name.substr(space + 1);
    from = name.starts_with("struct ")  ? find(tag, {kStruct})
           : name.starts_with("union ") ? find(tag, {kUnion})
                                        : find(tag, {kEnum, kEnum64});
    if (from == 0) return;
    r = record(from);
    made_.emplace(from, id);
  }
  if (depth_ >= kMaxDepth) return;
  ++depth_;
  if (r.kind == kStruct || r.kind == kUnion)
    fill_structure(id, r, table);
  else
    fill_enumeration(id, r, table);
  --depth_;
}

void BtfTypes::fill_structure(TypeId id, const Record& r, TypeTable& table) {
  if (r.size_or_type > kMaxSize) return;
  uint64_t size = r.size_or_type, align = 1;
  std::vector<Member> members;
  for (uint32_t i = 0; i < std::min(r.count, kMaxMembers); ++i) {
    uint64_t at = r.tail + uint64_t(i) * 12;
    uint32_t place = word(at + 8);
    Member member;
    member.name = text(word(at));
    member.type = type(word(at + 4), table);
    member.bit_offset = r.flag ? place & 0xffffff : place;
    member.bit_width = r.flag ? place >> 24 : 0;
    const Type& of = table[member.type];
    if (of.kind == TypeKind::Void || of.kind == TypeKind::Function) continue;
    if (!of.complete && of.kind != TypeKind::Array) continue;
    if (member.name.empty() && !of.is_sou()) continue;
    uint64_t byte = member.bit_offset / 8;
    if (member.bit_width) {
      /* It is read with the unit of its type that it begins in: all of that has to be there. */
      if (!of.is_integer() || member.bit_width > of.size * 8) continue;
      byte = byte / of.size * of.size;
      uint64_t from = member.bit_offset - byte * 8;
      if (from + member.bit_width > of.size * 8 || byte + of.size > size) continue;
    } else {
      if (member.bit_offset % 8 != 0 || of.size > size || byte > size - of.size) continue;
    }
    align = std::max(align, of.align);
    members.push_back(std::move(member));
  }
  while (align > 1 && size % align != 0) align /= 2; /* packed */
  Type& type = table.edit(id);
  type.members = std::move(members);
  type.size = size;
  type.align = align;
  type.complete = true;
  type.from_kernel = true;
  if (!text(r.name).empty()) type.kernel_name = type.name;
}

void BtfTypes::fill_enumeration(TypeId id, const Record& r, TypeTable& table) {
  std::vector<Enumerator> enumerators;
  bool wide = r.kind == kEnum64;
  for (uint32_t i = 0; i < r.count; ++i) {
    uint64_t at = r.tail + uint64_t(i) * (wide ? 12 : 8);
    uint64_t value = word(at + 4);
    if (wide) value |= uint64_t(word(at + 8)) << 32;
    enumerators.push_back({std::string(text(word(at))),
                           wide ? static_cast<int64_t>(value) : static_cast<int32_t>(value)});
  }
  uint32_t size = r.size_or_type;
  Type& type = table.edit(id);
  type.enumerators = std::move(enumerators);
  type.size = type.align = size == 1 || size == 2 || size == 8 ? size : 4;
  type.is_signed = r.flag;
  type.complete = true;
}

}  // namespace hp::probec
