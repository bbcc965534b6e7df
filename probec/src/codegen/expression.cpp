/* Operators, conversions, assignment. */
#include "clause.hpp"

namespace hp::probec::codegen {

llvm::Value* ClauseEmitter::extend(llvm::Value* v, const Type& t) {
  if (t.size >= 8 || t.size == 0 || !(t.is_integer())) return v;
  llvm::Value* narrow = b_.CreateTrunc(v, b_.getIntNTy(static_cast<unsigned>(t.size * 8)));
  return t.is_signed ? b_.CreateSExt(narrow, b_.getInt64Ty())
                     : b_.CreateZExt(narrow, b_.getInt64Ty());
}

llvm::Value* ClauseEmitter::string_value(ExprId id) {
  llvm::Value* v = value(id);
  return v && v->getType()->isPointerTy() ? v : null();
}

llvm::Value* ClauseEmitter::int_value(ExprId id) {
  llvm::Value* v = value(id);
  if (!v) return i64(0);
  return v->getType()->isPointerTy() ? from_bool(b_.CreateIsNotNull(v)) : v;
}

llvm::Value* ClauseEmitter::value(ExprId id) {
  const Expr& e = p_[id];
  const Type& t = p_.types[e.type];
  switch (e.kind) {
    case ExprKind::Integer:
      if (t.is_string()) return null();
      return i64(e.value);
    case ExprKind::String:
      return unit_.text(p_.strings[e.string.value]);
    case ExprKind::BuiltinVar:
      return builtin(e);
    case ExprKind::Variable:
    case ExprKind::Dereference:
    case ExprKind::MemberOf:
    case ExprKind::Element:
      return load(place(id));
    case ExprKind::Unary:
      if (e.op == Op::LogicalNot) return from_bool(b_.CreateNot(condition(e.a)));
      if (e.op == Op::Negate) return extend(b_.CreateNeg(int_value(e.a)), t);
      if (e.op == Op::BitNot) return extend(b_.CreateNot(int_value(e.a)), t);
      return int_value(e.a);
    case ExprKind::Binary: {
      if (e.op >= Op::Equal && e.op <= Op::GreaterEqual) return from_bool(comparison(e));
      llvm::Value* a = int_value(e.a);
      llvm::Value* b = int_value(e.b);
      return arithmetic(e.op, a, b, t);
    }
    case ExprKind::Logical:
      return from_bool(logical(e));
    case ExprKind::Conditional:
      return conditional(e);
    case ExprKind::Comma:
      value(e.a);
      return value(e.b);
    case ExprKind::Assign:
      return assign(e);
    case ExprKind::AssignOp:
      return assign_op(e);
    case ExprKind::Increment:
      return increment(e);
    case ExprKind::Convert:
      return convert(e);
    case ExprKind::AddressOf:
      return address_of(place(e.a));
    case ExprKind::StringChar: {
      llvm::Value* s = string_value(e.a);
      return extend(call("hp_rt_char_at", {ctx_, s, int_value(e.b)}), t);
    }
    case ExprKind::PointerAdd: {
      llvm::Value* a = int_value(e.a);
      return b_.CreateAdd(a, b_.CreateMul(int_value(e.b), stride_of(e)));
    }
    case ExprKind::PointerDiff: {
      llvm::Value* a = int_value(e.a);
      return b_.CreateSDiv(b_.CreateSub(a, int_value(e.b)), stride_of(e));
    }
    case ExprKind::KernelSize:
      return core_value(e.string.valid() ? HP_CORE_OFFSET : HP_CORE_SIZE,
                        p_.types[e.operation_type].kernel_name,
                        e.string.valid() ? p_.strings[e.string.value] : "", e.value);
    case ExprKind::KernelAddress: {
      const std::string& symbol = p_.strings[e.string.value];
      const size_t quote = symbol.rfind('`');
      return core_value(HP_CORE_ADDRESS, symbol.substr(0, quote), symbol.substr(quote + 1),
                        e.value);
    }
    case ExprKind::Call:
      return subroutine(e);
  }
  return i64(0);
}

/* What a pointer's step by one, or -1, adds: also of Increment and AssignOp, whose a is a pointer. */
llvm::Value* ClauseEmitter::stride_of(const Expr& e) {
  const Type& pointer = p_.type_of(e.a);
  TypeId element = pointer.is_pointer() ? pointer.target : TypeId();
  while (element.valid() && p_.types[element].kind == TypeKind::Array)
    element = p_.types[element].target;
  if (!element.valid() || !p_.types[element].from_kernel) return i64(e.value);
  llvm::Value* size = size_of(pointer.target);
  return static_cast<int64_t>(e.value) < 0 ? b_.CreateNeg(size) : size;
}

/* a and b are extended by the signedness of t, so 64-bit operations give the narrow ones' results. */
llvm::Value* ClauseEmitter::arithmetic(Op op, llvm::Value* a, llvm::Value* b, const Type& t) {
  uint64_t bits = t.is_integer() && t.size < 8 && t.size ? t.size * 8 : 64;
  llvm::Value* count = b_.CreateAnd(b, i64(bits - 1));
  switch (op) {
    case Op::Add:
      return extend(b_.CreateAdd(a, b), t);
    case Op::Subtract:
      return extend(b_.CreateSub(a, b), t);
    case Op::Multiply:
      return extend(b_.CreateMul(a, b), t);
    case Op::Divide:
    case Op::Remainder:
      return extend(division(op, a, b, t), t);
    case Op::ShiftLeft:
      return extend(b_.CreateShl(a, count), t);
    case Op::ShiftRight:
      return t.is_signed ? b_.CreateAShr(a, count) : b_.CreateLShr(a, count);
    case Op::BitAnd:
      return b_.CreateAnd(a, b);
    case Op::BitOr:
      return b_.CreateOr(a, b);
    case Op::BitXor:
      return b_.CreateXor(a, b);
    default:
      return a;
  }
}

/* By zero faults; by -1 is negation, which unlike the instruction cannot trap. */
llvm::Value* ClauseEmitter::division(Op op, llvm::Value* a, llvm::Value* b, const Type& t) {
  auto* zero = new_block("divzero");
  auto* fine = new_block("divide");
  branch_rarely(b_.CreateICmpEQ(b, i64(0)), zero, fine);
  b_.SetInsertPoint(zero);
  fault(HP_FLT_DIVZERO, i64(0));
  b_.SetInsertPoint(fine);
  if (!t.is_signed) return op == Op::Divide ? b_.CreateUDiv(a, b) : b_.CreateURem(a, b);
  llvm::Value* minus_one = b_.CreateICmpEQ(b, b_.getInt64(~0ull));
  llvm::Value* safe = b_.CreateSelect(minus_one, i64(1), b);
  if (op == Op::Divide) return b_.CreateSelect(minus_one, b_.CreateNeg(a), b_.CreateSDiv(a, safe));
  return b_.CreateSelect(minus_one, i64(0), b_.CreateSRem(a, safe));
}

llvm::Value* ClauseEmitter::condition(ExprId id) {
  const Expr& e = p_[id];
  if (e.kind == ExprKind::Logical) return logical(e);
  if (e.kind == ExprKind::Unary && e.op == Op::LogicalNot) return b_.CreateNot(condition(e.a));
  if (e.kind == ExprKind::Binary && e.op >= Op::Equal && e.op <= Op::GreaterEqual)
    return comparison(e);
  llvm::Value* v = value(id);
  if (!v) return b_.getFalse();
  if (v->getType()->isPointerTy()) return b_.CreateIsNotNull(v);
  return b_.CreateICmpNE(v, i64(0));
}

/* execname == "literal" as two word comparisons; nullptr if the expression is something else. */
llvm::Value* ClauseEmitter::compare_execname(const Expr& e) {
  const Expr* name = &p_[e.a];
  const Expr* text = &p_[e.b];
  if (name->kind == ExprKind::String) std::swap(name, text);
  if (name->kind != ExprKind::BuiltinVar || name->builtin != Builtin::Execname ||
      text->kind != ExprKind::String || p_.strsize < HP_COMM_LEN + 1 ||
      (e.op != Op::Equal && e.op != Op::NotEqual))
    return nullptr;
  const std::string& s = p_.strings[text->string.value];
  uint64_t words[2] = {};
  if (s.size() > HP_COMM_LEN) return b_.getInt1(e.op == Op::NotEqual);
  __builtin_memcpy(words, s.data(), s.size());
  llvm::Value* f = firing();
  llvm::Value* diff = nullptr;
  for (unsigned i = 0; i < 2; i++) {
    llvm::Value* w = fixed(f, offsetof(hp_firing, execname) + 8 * i, b_.getInt64Ty());
    llvm::Value* d = b_.CreateXor(w, i64(words[i]));
    diff = diff ? b_.CreateOr(diff, d) : d;
  }
  return e.op == Op::Equal ? b_.CreateICmpEQ(diff, i64(0)) : b_.CreateICmpNE(diff, i64(0));
}

llvm::Value* ClauseEmitter::comparison(const Expr& e) {
  using P = llvm::CmpInst::Predicate;
  const Type& t = p_.type_of(e.a);
  bool is_signed = t.is_integer() && t.is_signed;
  llvm::Value *a, *b;
  if (t.is_string() || p_.type_of(e.b).is_string()) {
    if (llvm::Value* fast = compare_execname(e)) return fast;
    a = string_value(e.a);
    b = string_value(e.b);
    bool null_test =
        llvm::isa<llvm::ConstantPointerNull>(a) || llvm::isa<llvm::ConstantPointerNull>(b);
    if (null_test && (e.op == Op::Equal || e.op == Op::NotEqual))
      return b_.CreateICmp(e.op == Op::Equal ? P::ICMP_EQ : P::ICMP_NE, a, b);
    a = call("hp_rt_strcmp", {a, b});
    b = i64(0);
    is_signed = true;
  } else {
    a = int_value(e.a);
    b = int_value(e.b);
  }
  P pred = P::ICMP_EQ;
  switch (e.op) {
    case Op::NotEqual:
      pred = P::ICMP_NE;
      break;
    case Op::Less:
      pred = is_signed ? P::ICMP_SLT : P::ICMP_ULT;
      break;
    case Op::LessEqual:
      pred = is_signed ? P::ICMP_SLE : P::ICMP_ULE;
      break;
    case Op::Greater:
      pred = is_signed ? P::ICMP_SGT : P::ICMP_UGT;
      break;
    case Op::GreaterEqual:
      pred = is_signed ? P::ICMP_SGE : P::ICMP_UGE;
      break;
    default:
      break;
  }
  return b_.CreateICmp(pred, a, b);
}

llvm::Value* ClauseEmitter::logical(const Expr& e) {
  if (e.op == Op::Xor) {
    llvm::Value* a = condition(e.a);
    return b_.CreateXor(a, condition(e.b));
  }
  llvm::Value* a = condition(e.a);
  auto* from = b_.GetInsertBlock();
  auto* second = new_block("second");
  auto* done = new_block("logical");
  bool is_and = e.op == Op::And;
  b_.CreateCondBr(a, is_and ? second : done, is_and ? done : second);
  b_.SetInsertPoint(second);
  llvm::Value* b = condition(e.b);
  auto* from_second = b_.GetInsertBlock();
  b_.CreateBr(done);
  b_.SetInsertPoint(done);
  auto* phi = b_.CreatePHI(b_.getInt1Ty(), 2);
  phi->addIncoming(b_.getInt1(!is_and), from);
  phi->addIncoming(b, from_second);
  return phi;
}

llvm::Value* ClauseEmitter::conditional(const Expr& e) {
  auto* yes = new_block("yes");
  auto* no = new_block("no");
  auto* done = new_block("chosen");
  const Type& t = p_.types[e.type];
  bool is_void = t.kind == TypeKind::Void;
  b_.CreateCondBr(condition(e.a), yes, no);
  auto side = [&](llvm::BasicBlock* bb, ExprId id) {
    b_.SetInsertPoint(bb);
    llvm::Value* v = is_void         ? (value(id), nullptr)
                     : t.is_string() ? string_value(id)
                                     : int_value(id);
    auto* end = b_.GetInsertBlock();
    b_.CreateBr(done);
    return std::pair(v, end);
  };
  auto [v1, from1] = side(yes, e.b);
  auto [v2, from2] = side(no, e.c);
  b_.SetInsertPoint(done);
  if (is_void) return nullptr;
  auto* phi = b_.CreatePHI(v1->getType(), 2);
  phi->addIncoming(v1, from1);
  phi->addIncoming(v2, from2);
  return phi;
}

llvm::Value* ClauseEmitter::convert(const Expr& e) {
  const Type& t = p_.types[e.type];
  switch (e.conversion) {
    case Conversion::Integer:
    case Conversion::PointerToInteger:
      return extend(int_value(e.a), t);
    case Conversion::Bool:
      return from_bool(condition(e.a));
    case Conversion::IntegerToPointer:
    case Conversion::Pointer:
      return int_value(e.a);
    case Conversion::Decay:
      return address_of(place(e.a));
    case Conversion::StringOf: {
      const Type& from = p_.type_of(e.a);
      if (from.is_string()) return string_value(e.a);
      if (from.kind == TypeKind::Array)
        return checked_call("hp_rt_chars",
                            {ctx_, followed(place(e.a)), i64(e.value ? e.value : from.size)});
      /* A constant 0 (NULL) is the string that was never assigned: storing it frees. */
      if (p_[e.a].kind == ExprKind::Integer && p_[e.a].value == 0)
        return llvm::ConstantPointerNull::get(llvm::PointerType::get(b_.getContext(), 0));
      const Expr& pointer = p_[e.a];
      if (e.value && pointer.kind == ExprKind::Convert &&
          pointer.conversion == Conversion::Decay) { /* an array of characters */
        Place array = place(pointer.a);
        if (!array.root.empty())
          return checked_call("hp_rt_chars", {ctx_, followed(array), size_at(array)});
        llvm::Value* at = address_of(array);
        return checked_call("hp_rt_chars", {ctx_, followed(e.a, at), i64(e.value)});
      }
      llvm::Value* address = int_value(e.a);
      if (auto* c = llvm::dyn_cast<llvm::ConstantInt>(address); c && c->isZero()) return null();
      address = followed(e.a, address);
      if (e.value) return checked_call("hp_rt_chars", {ctx_, address, i64(e.value)});
      return checked_call("hp_rt_stringof", {ctx_, address});
    }
    case Conversion::StringToPointer:
      return checked_call("hp_rt_string_ptr", {ctx_, string_value(e.a)});
    case Conversion::Void: {
      TypeKind k = p_.type_of(e.a).kind;
      if (k == TypeKind::Struct || k == TypeKind::Union || k == TypeKind::Array)
        place(e.a);
      else
        value(e.a);
      return nullptr;
    }
  }
  return i64(0);
}

llvm::Value* ClauseEmitter::assign(const Expr& e) {
  Place to = place(e.a);
  const Type& t = p_.types[to.type];
  if (t.is_sou() || t.kind == TypeKind::Array) {
    const Expr& from = p_[e.b];
    if (from.kind == ExprKind::Integer) { /* = 0 */
      if (to.kind == Place::Kind::Dynamic) call("hp_rt_dyn_free", {ctx_, to.key, to.keysize});
      return i64(0);
    }
    copy(to, place(e.b), e.loc);
    return i64(0);
  }
  if (t.is_string()) {
    llvm::Value* v = string_value(e.b);
    store(to, v);
    return v;
  }
  llvm::Value* v = extend(int_value(e.b), t);
  store(to, v);
  return v;
}

/* += -= ++ -- of a global integer are atomic, so that counts of many processors are exact. */
bool ClauseEmitter::adds_atomically(const Expr& e, const Place& to) const {
  const Type& t = p_.types[to.type];
  return p_[e.a].kind == ExprKind::Variable && to.kind == Place::Kind::Host && to.shared &&
         t.is_integer() && !t.is_bool && (e.op == Op::Add || e.op == Op::Subtract);
}

llvm::Value* ClauseEmitter::atomic_add(const Place& to, Op op, llvm::Value* by) {
  const Type& t = p_.types[to.type];
  auto* width = b_.getIntNTy(static_cast<unsigned>(t.size * 8));
  llvm::Value* old = b_.CreateAtomicRMW(
      op == Op::Add ? llvm::AtomicRMWInst::Add : llvm::AtomicRMWInst::Sub, to.ptr,
      b_.CreateTrunc(by, width), llvm::MaybeAlign(t.size), llvm::AtomicOrdering::Monotonic);
  return t.is_signed ? b_.CreateSExt(old, b_.getInt64Ty()) : b_.CreateZExt(old, b_.getInt64Ty());
}

/* Numbers made of constants, built-in and scalar variables: evaluating them changes nothing. */
bool ClauseEmitter::has_no_effect(ExprId id) const {
  const Expr& e = p_[id];
  switch (e.kind) {
    case ExprKind::Integer:
    case ExprKind::KernelSize:
    case ExprKind::KernelAddress:
    case ExprKind::BuiltinVar:
      return true;
    case ExprKind::Variable:
      return e.operands.count == 0;
    case ExprKind::Convert:
    case ExprKind::Unary:
      return has_no_effect(e.a);
    case ExprKind::Binary:
      return has_no_effect(e.a) && has_no_effect(e.b);
    default:
      return false;
  }
}

llvm::Value* ClauseEmitter::assign_op(const Expr& e) {
  Place to = place(e.a);
  const Type& t = p_.types[to.type];
  const Type& operation = p_.types[e.operation_type];
  /* Only where the right side cannot itself change the variable, which is read first. */
  if (adds_atomically(e, to) && has_no_effect(e.b)) {
    llvm::Value* b = int_value(e.b);
    llvm::Value* old = atomic_add(to, e.op, b);
    return extend(e.op == Op::Add ? b_.CreateAdd(old, b) : b_.CreateSub(old, b), t);
  }
  llvm::Value* a = extend(load(to), operation);
  llvm::Value* v = extend(arithmetic(e.op, a, int_value(e.b), operation), t);
  if (t.is_bool) v = from_bool(b_.CreateICmpNE(v, i64(0)));
  store(to, v);
  return v;
}

llvm::Value* ClauseEmitter::increment(const Expr& e) {
  Place to = place(e.a);
  const Type& t = p_.types[to.type];
  llvm::Value* step = stride_of(e);
  bool atomic = adds_atomically(e, to);
  llvm::Value* old = atomic ? atomic_add(to, e.op, step) : load(to);
  llvm::Value* v =
      extend(e.op == Op::Subtract ? b_.CreateSub(old, step) : b_.CreateAdd(old, step), t);
  if (t.is_bool) v = from_bool(b_.CreateICmpNE(v, i64(0)));
  if (!atomic) store(to, v);
  return e.post ? old : v;
}

}  // namespace hp::probec::codegen
