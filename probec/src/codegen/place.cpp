/* Variables and memory: where values live, how they are read and written. */
#include "../../runtime/tags.h"
#include "clause.hpp"

namespace hp::probec::codegen {

Place ClauseEmitter::place(ExprId id) {
  const Expr& e = p_[id];
  switch (e.kind) {
    case ExprKind::Variable:
      return variable_place(e);
    case ExprKind::Dereference:
      return {.kind = Place::Kind::Guest,
              .type = e.type,
              .address = int_value(e.a),
              .foreign = p_.type_of(e.a).space != Space::Host};
    case ExprKind::MemberOf:
      return member_place(e);
    case ExprKind::Element:
      return element_place(e);
    case ExprKind::Comma:
      value(e.a);
      return place(e.b);
    case ExprKind::Assign: {
      Place to = place(e.a);
      copy(to, place(e.b), e.loc);
      return to;
    }
    default:
      unsupported(e.loc, "this expression as a structure or array");
      return {.kind = Place::Kind::Guest, .type = e.type, .address = i64(0)};
  }
}

Place ClauseEmitter::variable_place(const Expr& e) {
  const Variable& v = p_[e.variable];
  const VariableLayout& l = l_.variables[e.variable.value];
  Place r{.type = e.type};
  if (!l.dynamic) {
    bool global = v.scope == Scope::Global;
    llvm::Value* base;
    if (global) {
      llvm::Value* s = seg();
      base = b_.CreateInBoundsGEP(b_.getInt8Ty(), s,
                                  fixed(s, offsetof(hp_seg_header, globals_off), b_.getInt64Ty()));
    } else {
      base = fixed(ctx_, offsetof(hp_ctx, locals), b_.getPtrTy());
    }
    r.ptr = at(base, l.offset);
    r.address = i64((global ? HP_RT_GLOBAL_TAG : HP_RT_LOCAL_TAG) | l.offset);
    r.shared = global;
    return r;
  }
  std::vector<llvm::Value*> prefix{i64(l.id | (v.scope == Scope::Self ? HP_RT_SELF_KEY : 0))};
  if (v.scope == Scope::Self) {
    llvm::Value* f = firing();
    llvm::Value* vmid = fixed(f, offsetof(hp_firing, vmid), b_.getInt32Ty());
    llvm::Value* thread = fixed(f, offsetof(hp_firing, thread), b_.getInt64Ty());
    prefix.push_back(b_.CreateOr(b_.CreateShl(b_.CreateZExt(vmid, b_.getInt64Ty()), 48), thread));
  }
  std::vector<Encoding> encodings;
  for (uint32_t i = 0; i < e.operands.count; i++)
    encodings.push_back(
        encoding_of_type(p_, o_, i < v.keys.size() ? v.keys[i] : p_[operand(e, i)].type));
  Cursor k = key(prefix, e.operands, encodings);
  r.kind = Place::Kind::Dynamic;
  r.key = k.base;
  r.keysize = k.offset;
  return r;
}

/* A place within which members and elements can be addressed. */
Place ClauseEmitter::materialised(Place p) {
  if (p.kind != Place::Kind::Dynamic) return p;
  p.whole_size = storage_size(p_, p.type);
  p.whole = checked_call("hp_rt_dyn_get_bytes", {ctx_, p.key, p.keysize, i32(p.whole_size)});
  p.kind = Place::Kind::Host;
  p.ptr = p.whole;
  p.address = call("hp_rt_scratch_ptr", {ctx_, p.whole});
  return p;
}

Place ClauseEmitter::member_place(const Expr& e) {
  Place p = materialised(place(e.a));
  const Type& of = p_.types[p.type];
  const Member& m = of.members[e.value];
  if (p.kind == Place::Kind::Guest && (!p.root.empty() || of.from_kernel)) {
    if (!p.root.empty() || !of.kernel_name.empty()) return core_member(std::move(p), m, e.type);
    unsupported(e.loc, "a member of a kernel's structure that has no name");
  }
  uint64_t byte = m.bit_offset / 8;
  if (m.bit_width) { /* from its aligned unit, which ends within the structure */
    uint64_t unit = p_.types[m.type].size;
    byte = byte / unit * unit;
    p.bit_offset = static_cast<uint32_t>(m.bit_offset - byte * 8);
    p.bit_width = m.bit_width;
  }
  if (p.kind == Place::Kind::Host) p.ptr = at(p.ptr, byte);
  p.address = b_.CreateAdd(p.address, i64(byte));
  p.type = e.type;
  return p;
}

Place ClauseEmitter::element_place(const Expr& e) {
  Place p = materialised(place(e.a));
  const Type& array = p_.types[p.type];
  uint64_t size = storage_size(p_, array.target);
  llvm::Value* i = int_value(e.b);
  if (!p.root.empty()) return core_element(std::move(p), i, e.type);
  if (p.kind == Place::Kind::Host) {
    auto* bad = new_block("index");
    auto* good = new_block("element");
    branch_rarely(b_.CreateICmpUGE(i, i64(array.count)), bad, good);
    b_.SetInsertPoint(bad);
    fault(HP_FLT_BADINDEX, i);
    b_.SetInsertPoint(good);
    p.ptr = b_.CreateInBoundsGEP(b_.getInt8Ty(), p.ptr, b_.CreateMul(i, i64(size)));
  }
  llvm::Value* stride = p.kind == Place::Kind::Guest ? size_of(array.target) : i64(size);
  p.address = b_.CreateAdd(p.address, b_.CreateMul(i, stride));
  p.type = e.type;
  return p;
}

/* Where a place lies, for an access. */
llvm::Value* ClauseEmitter::followed(const Place& p) {
  llvm::Value* address = located(p).address;
  return p.foreign ? call("hp_rt_guest_address", {address}) : address;
}

/* A pointer's value, for an access through it. */
llvm::Value* ClauseEmitter::followed(ExprId id, llvm::Value* pointer) {
  const Type& t = p_.type_of(id);
  bool own = t.is_pointer() && t.space == Space::Host;
  return own ? pointer : call("hp_rt_guest_address", {pointer});
}

llvm::Value* ClauseEmitter::load(const Place& p) {
  const Type& t = p_.types[p.type];
  if (!p.root.empty() && t.is_scalar()) return core_load(p);
  if (p.bit_width) return load_bits(p);
  if (t.is_string()) {
    if (p.kind == Place::Kind::Dynamic)
      return checked_call("hp_rt_dyn_get_str", {ctx_, p.key, p.keysize});
    if (p.kind == Place::Kind::Guest) return checked_call("hp_rt_stringof", {ctx_, followed(p)});
    if (p.shared) return checked_call("hp_rt_str_read", {ctx_, p.ptr});
    return call("hp_rt_str_value", {p.ptr});
  }
  uint32_t size = storage_size(p_, p.type);
  if (!t.is_scalar() || size > 8) return i64(0); /* structures are used as places */
  if (p.kind == Place::Kind::Dynamic)
    return extend(call("hp_rt_dyn_get", {ctx_, p.key, p.keysize}), t);
  if (p.kind == Place::Kind::Guest)
    return extend(checked_call("hp_rt_load", {ctx_, followed(p), i32(size)}), t);
  auto* load = b_.CreateAlignedLoad(b_.getIntNTy(size * 8), p.ptr, llvm::Align(1));
  return t.is_integer() && t.is_signed ? b_.CreateSExt(load, b_.getInt64Ty())
                                       : b_.CreateZExt(load, b_.getInt64Ty());
}

void ClauseEmitter::store(const Place& to, llvm::Value* v) {
  const Place p = located(to);
  const Type& t = p_.types[p.type];
  if (p.bit_width) return store_bits(p, v);
  if (t.is_string()) {
    if (p.kind == Place::Kind::Dynamic) {
      if (llvm::isa<llvm::ConstantPointerNull>(v))
        call("hp_rt_dyn_free", {ctx_, p.key, p.keysize});
      else
        call("hp_rt_dyn_set_str", {ctx_, p.key, p.keysize, v});
    } else if (p.kind == Place::Kind::Host) {
      call("hp_rt_str_assign", {p.ptr, v});
      write_back(p);
    } else {
      checked_call("hp_rt_str_store", {ctx_, p.address, v});
    }
    return;
  }
  uint32_t size = storage_size(p_, p.type);
  if (!t.is_scalar() || size > 8) return;
  if (p.kind == Place::Kind::Dynamic) {
    call("hp_rt_dyn_set", {ctx_, p.key, p.keysize, v});
  } else if (p.kind == Place::Kind::Guest) {
    checked_call("hp_rt_store", {ctx_, p.address, v, i32(size)});
  } else {
    b_.CreateAlignedStore(b_.CreateTrunc(v, b_.getIntNTy(size * 8)), p.ptr, llvm::Align(1));
    write_back(p);
  }
}

void ClauseEmitter::write_back(const Place& p) {
  if (p.whole) call("hp_rt_dyn_set_bytes", {ctx_, p.key, p.keysize, p.whole, i32(p.whole_size)});
}

/* Copies a structure or array of one type. */
void ClauseEmitter::copy(const Place& to, const Place& from, const Location& loc) {
  uint32_t size = storage_size(p_, to.type);
  Place source = laid_out_by_kernel(from) ? gathered(from, size, loc) : materialised(from);
  if (to.kind == Place::Kind::Dynamic) {
    llvm::Value* bytes = checked_call("hp_rt_alloc", {ctx_, i64((size + 7) & ~7u)});
    checked_call("hp_rt_load_bytes", {ctx_, bytes, followed(source), i64(size)});
    call("hp_rt_dyn_set_bytes", {ctx_, to.key, to.keysize, bytes, i32(size)});
  } else {
    checked_call("hp_rt_bcopy", {ctx_, followed(source), to.address, i64(size)});
    write_back(to);
  }
}

/* The bytes that hold a bit-field: at most eight, from where its unit begins. */
Place ClauseEmitter::unit_of_bits(const Place& p) {
  Place u = p;
  u.bit_width = u.bit_offset = 0;
  uint32_t bytes = (p.bit_offset + p.bit_width + 7) / 8;
  u.type = bytes <= 1   ? p_.types.uchar_type
           : bytes <= 2 ? p_.types.ushort_type
           : bytes <= 4 ? p_.types.uint_type
                        : p_.types.ulong_type;
  return u;
}

llvm::Value* ClauseEmitter::load_bits(const Place& p) {
  llvm::Value* raw = load(unit_of_bits(p));
  llvm::Value* high = b_.CreateShl(raw, 64 - p.bit_width - p.bit_offset);
  return p_.types[p.type].is_signed ? b_.CreateAShr(high, 64 - p.bit_width)
                                    : b_.CreateLShr(high, 64 - p.bit_width);
}

void ClauseEmitter::store_bits(const Place& p, llvm::Value* v) {
  Place unit = unit_of_bits(p);
  uint64_t ones = p.bit_width >= 64 ? ~0ull : (1ull << p.bit_width) - 1;
  llvm::Value* kept = b_.CreateAnd(load(unit), i64(~(ones << p.bit_offset)));
  store(unit, b_.CreateOr(kept, b_.CreateShl(b_.CreateAnd(v, i64(ones)), p.bit_offset)));
}

/* D pointer to a place. Pointers into a copy of a dynamic variable see that copy. */
llvm::Value* ClauseEmitter::address_of(const Place& p) {
  return p.kind == Place::Kind::Dynamic ? materialised(p).address : located(p).address;
}

}  // namespace hp::probec::codegen
