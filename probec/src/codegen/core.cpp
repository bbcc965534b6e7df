/* What a clause reads of a kernel's structures, and the table of it.
 *
 * A place within a kernel's structure is an address that is known, the root's, and a path from there by
 * members' names; only the linker knows how far that leads (CoreTypes). An element's index times the
 * size of an element is added to the root's address, for addition does not mind the order. */
#include "core.hpp"

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
  llvm::Value* size = core_value(HP_CORE_SIZE, p.root, p.path, storage_size(p_, type));
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
  return extend(checked_call("hp_rt_core_load",
                             {ctx_, p.address, core_value(HP_CORE_FIELD, p.root, p.path, reference),
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
  return t.size == 0 ? i64(0) : core_value(HP_CORE_SIZE, p.root, p.path, t.size);
}

}  // namespace hp::probec::codegen
