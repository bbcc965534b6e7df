/* What a clause reads of a kernel's structures, and the table of it.
 *
 * A place within a kernel's structure is an address that is known, the root's, and a path from there by
 * members' names; only the linker knows how far that leads (CoreTypes). An element's index times the
 * size of an element is added to the root's address, for addition does not mind the order. */
#include "core.hpp"

#include <llvm/IR/Intrinsics.h>

#include <bit>
#include <cstring>

#include "clause.hpp"

namespace hp::probec::codegen {

uint32_t CoreTable::string(const std::string& text) {
  if (text.empty()) return 0;
  auto [it, fresh] = strings_at_.try_emplace(text, static_cast<uint32_t>(strings_.size()));
  if (fresh) strings_.append(text.c_str(), text.size() + 1);
  return it->second;
}

uint32_t CoreTable::row(uint32_t kind, const std::string& type, const std::string& path,
                        uint32_t line, uint64_t reference) {
  const uint32_t of = string(type), to = string(path);
  auto [it, fresh] = known_.try_emplace({kind, of, to}, static_cast<uint32_t>(rows_.size()));
  if (fresh) rows_.push_back({kind, of, to, line, reference});
  return it->second;
}

std::string CoreTable::section() const {
  hp_core_header h{};
  h.magic = HP_CORE_MAGIC;
  h.version = HP_CORE_VERSION;
  h.relocations = {sizeof h, static_cast<uint32_t>(rows_.size())};
  h.strings = {static_cast<uint32_t>(sizeof h + rows_.size() * sizeof(hp_core_reloc)),
               static_cast<uint32_t>(strings_.size())};
  h.size = h.strings.offset + h.strings.count;
  std::string out(reinterpret_cast<const char*>(&h), sizeof h);
  out.append(reinterpret_cast<const char*>(rows_.data()), rows_.size() * sizeof(hp_core_reloc));
  return out + strings_;
}

llvm::Value* ClauseEmitter::core_value(uint32_t kind, const std::string& type,
                                       const std::string& path, uint64_t reference) {
  return fixed(unit_.core_word(unit_.core().row(kind, type, path, line_, reference)), 0,
               b_.getInt64Ty());
}

llvm::Value* ClauseEmitter::core_value(uint32_t kind, const Place& p, uint64_t reference) {
  return core_value(kind | (p.optional ? uint32_t{HP_CORE_OPTIONAL} : 0u), p.root, p.path,
                    reference);
}

/* One member on from p. Its address stays the root's. */
Place ClauseEmitter::core_member(Place p, const Member& m, TypeId type) {
  if (p.root.empty()) {
    p.root = p_.types[p.type].kernel_name;
    p.path.clear();
    p.core_bits = 0;
  }
  if (!m.name.empty()) p.path += (p.path.empty() ? "" : ".") + m.name;
  p.core_bits += m.bit_offset;
  p.bit_width = m.bit_width;
  p.type = type;
  return p;
}

Place ClauseEmitter::core_element(Place p, llvm::Value* index, TypeId type) {
  p.path += "[]";
  p.type = type;
  llvm::Value* size = core_value(HP_CORE_SIZE, p, storage_size(p_, type));
  p.address = b_.CreateAdd(p.address, b_.CreateMul(index, size));
  return p;
}

/* The same place as a plain address. */
Place ClauseEmitter::located(Place p) {
  if (p.root.empty()) return p;
  if (!p.path.empty())
    p.address =
        b_.CreateAdd(p.address, core_value(HP_CORE_OFFSET, p.root, p.path, p.core_bits / 8));
  p.root.clear();
  return p;
}

llvm::Value* ClauseEmitter::core_load(const Place& p) {
  const Type& t = p_.types[p.type];
  uint64_t bytes = t.size, byte = p.core_bits / 8, width = bytes * 8, shift = 0;
  if (p.bit_width) { /* from its aligned unit, which ends within the structure */
    width = p.bit_width;
    byte = byte / bytes * bytes;
    shift = p.core_bits - byte * 8;
  }
  const uint64_t reference = HP_CORE_DESCRIPTOR(byte, std::countr_zero(bytes), 64 - shift - width,
                                                64 - width, t.is_integer() && t.is_signed);
  return extend(
      checked_call("hp_rt_core_load", {ctx_, p.address, core_value(HP_CORE_FIELD, p, reference),
                                       i32(p.foreign ? 1 : 0)}),
      t);
}

/* Bytes of a type as the guest has it: of a kernel's structure, or an array of such. */
llvm::Value* ClauseEmitter::size_of(TypeId type) {
  const Type& t = p_.types[type];
  if (t.kind == TypeKind::Array && t.complete) return b_.CreateMul(size_of(t.target), i64(t.count));
  if (!t.from_kernel || t.kernel_name.empty() || t.size == 0) return i64(storage_size(p_, type));
  return core_value(HP_CORE_SIZE, t.kernel_name, "", t.size);
}

/* The same of what lies at p. */
llvm::Value* ClauseEmitter::size_at(const Place& p) {
  if (p.root.empty() || p.path.empty()) return size_of(p.type);
  const Type& t = p_.types[p.type];
  return t.size == 0 ? i64(0) : core_value(HP_CORE_SIZE, p, t.size);
}

/* A whole structure, in a guest, whose members may lie elsewhere there. */
bool ClauseEmitter::laid_out_by_kernel(const Place& p) const {
  if (p.kind != Place::Kind::Guest) return false;
  TypeId type = p.type;
  while (p_.types[type].kind == TypeKind::Array) type = p_.types[type].target;
  const Type& t = p_.types[type];
  return t.from_kernel && (!p.root.empty() || !t.kernel_name.empty());
}

/* A copy of the first `limit` bytes of it, as the kernel that is compiled for lays them out: each number is
 * read where the guest has it. What the guest does not have is 0. */
Place ClauseEmitter::gathered(const Place& from, uint64_t limit, const Location& loc) {
  constexpr uint32_t kMost = 1024; /* numbers, arrays of characters and unions */
  uint32_t budget = kMost;
  const uint64_t size = p_.types[from.type].size;
  Place whole{.kind = Place::Kind::Guest, .type = from.type};
  whole.address = checked_call("hp_rt_alloca", {ctx_, i64((size + 7) & ~uint64_t{7})});
  Place source = from;
  source.optional = true;
  if (source.root.empty() && p_.types[from.type].is_sou())
    source.root = p_.types[from.type].kernel_name;
  gather(whole.address, source, std::min(limit, size), budget);
  if (budget == 0)
    unsupported(loc, "a copy of " + p_.types.name(from.type) + ", which has too many members,");
  return whole;
}

void ClauseEmitter::gather(llvm::Value* to, const Place& from, uint64_t limit, uint32_t& budget) {
  const Type& t = p_.types[from.type];
  auto offset = [&](uint64_t bytes) { return b_.CreateAdd(to, i64(bytes)); };
  if (budget == 0) return;
  if (t.kind == TypeKind::Struct) {
    for (const Member& m : t.members) {
      const uint64_t unit = m.bit_width ? p_.types[m.type].size : 1;
      const uint64_t byte = m.bit_offset / 8 / unit * unit;
      if (byte >= limit) continue;
      Place member = core_member(from, m, m.type);
      if (m.name.empty() && p_.types[m.type].kind == TypeKind::Union) {
        /* Only its members have names to be found by: the largest stands for all. */
        const Member* largest = nullptr;
        for (const Member& one : p_.types[m.type].members)
          if (!largest || p_.types[one.type].size > p_.types[largest->type].size) largest = &one;
        if (!largest || largest->bit_width) continue;
        member = core_member(member, *largest, largest->type);
        if (largest->name.empty() && !p_.types[largest->type].is_sou()) continue;
      }
      if (!m.bit_width) {
        gather(offset(byte), member, limit - byte, budget);
        continue;
      }
      budget -= budget != 0;
      Place bits{.kind = Place::Kind::Guest, .type = m.type, .address = offset(byte)};
      bits.bit_offset = static_cast<uint32_t>(m.bit_offset - byte * 8);
      bits.bit_width = m.bit_width;
      store(bits, core_load(member));
    }
  } else if (t.kind == TypeKind::Array && t.complete && storage_size(p_, t.target) > 1) {
    const uint64_t size = storage_size(p_, t.target);
    for (uint64_t i = 0; i < t.count && i * size < limit && budget != 0; i++)
      gather(offset(i * size), core_element(from, i64(i), t.target), limit - i * size, budget);
  } else if (t.is_scalar() && !from.path.empty()) {
    budget--;
    store({.kind = Place::Kind::Guest, .type = from.type, .address = to}, core_load(from));
  } else if (t.size != 0) { /* bytes as they are: characters, unions */
    budget--;
    llvm::Value* n = b_.CreateBinaryIntrinsic(llvm::Intrinsic::umin, size_at(from), i64(t.size));
    checked_call("hp_rt_bcopy", {ctx_, followed(from), to, n});
  }
}

}  // namespace hp::probec::codegen
