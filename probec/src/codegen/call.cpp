/* Subroutines. */
#include <llvm/IR/Intrinsics.h>

#include "clause.hpp"

namespace hp::probec::codegen {

llvm::Value* ClauseEmitter::byte_swap(llvm::Value* v, unsigned bytes) {
  llvm::Value* narrow = b_.CreateTrunc(v, b_.getIntNTy(bytes * 8));
  return b_.CreateZExt(b_.CreateUnaryIntrinsic(llvm::Intrinsic::bswap, narrow), b_.getInt64Ty());
}

/* Expressions whose value may be NULL; the results of other subroutines are strings or faults. */
static bool may_be_null(const CheckedProgram& p, ExprId id) {
  const Expr& e = p[id];
  switch (e.kind) {
    case ExprKind::String:
    case ExprKind::BuiltinVar:
      return false;
    case ExprKind::Call:
      return e.function == Function::Strchr || e.function == Function::Strrchr ||
             e.function == Function::Strstr || e.function == Function::Strtok ||
             e.function == Function::Json;
    case ExprKind::Comma:
    case ExprKind::Assign:
      return may_be_null(p, e.b);
    default:
      return true;
  }
}

void ClauseEmitter::check_string(ExprId id, llvm::Value* v) {
  if (!v || !v->getType()->isPointerTy() || !may_be_null(p_, id)) return;
  auto* bad = new_block("nullstring");
  auto* good = new_block("string");
  branch_rarely(b_.CreateIsNull(v), bad, good);
  b_.SetInsertPoint(bad);
  fault(HP_FLT_BADADDR, i64(0));
  b_.SetInsertPoint(good);
}

/* The kernel's lock functions, as Linux lays its locks out: a mutex begins with its owner's address,
 * whose low three bits are flags; a read-write lock with a word of 8 bits for a writer, one for a
 * waiting writer, and the count of readers. */
llvm::Value* ClauseEmitter::lock_state(Function f, llvm::Value* address) {
  const bool mutex = f == Function::MutexOwned || f == Function::MutexOwner ||
                     f == Function::MutexTypeAdaptive || f == Function::MutexTypeSpin;
  llvm::Value* word = checked_call("hp_rt_load", {ctx_, address, i32(mutex ? 8 : 4)});
  switch (f) {
    case Function::MutexOwner:
      return b_.CreateAnd(word, i64(~uint64_t{7}));
    case Function::MutexTypeAdaptive: /* all mutexes are */
      return i64(1);
    case Function::RwReadHeld:
      return from_bool(b_.CreateICmpNE(b_.CreateLShr(word, i64(9)), i64(0)));
    case Function::RwWriteHeld:
    case Function::RwIswriter:
      return from_bool(b_.CreateICmpNE(b_.CreateAnd(word, i64(0xff)), i64(0)));
    default: /* a thread of the guest's kernel never runs a clause; no mutex spins */
      return i64(0);
  }
}

llvm::Value* ClauseEmitter::subroutine(const Expr& e) {
  const Type& t = p_.types[e.type];
  uint32_t n = e.operands.count;
  /* Arguments in order, each evaluated once. NULL is no string to work on, except strtok's first. */
  std::vector<llvm::Value*> v;
  for (uint32_t i = 0; i < n; i++) {
    v.push_back(value(operand(e, i)));
    if (p_.type_of(operand(e, i)).is_pointer()) v[i] = followed(operand(e, i), v[i]);
    bool goes_on = e.function == Function::Strtok && i == 0 && v[0] &&
                   llvm::isa<llvm::ConstantPointerNull>(v[0]);
    if (p_.type_of(operand(e, i)).is_string() && !goes_on) check_string(operand(e, i), v.back());
  }
  auto str = [&](uint32_t i) -> llvm::Value* {
    return i < n && v[i] && v[i]->getType()->isPointerTy() ? v[i] : null();
  };
  auto num = [&](uint32_t i, uint64_t absent = 0) -> llvm::Value* {
    return i < n && v[i] && v[i]->getType()->isIntegerTy() ? v[i] : i64(absent);
  };
  auto integer = [&](llvm::Value* r) {
    return extend(b_.CreateZExtOrTrunc(r, b_.getInt64Ty()), t);
  };
  switch (e.function) {
    case Function::Alloca:
      return checked_call("hp_rt_alloca", {ctx_, num(0)});
    case Function::Bcopy:
      checked_call("hp_rt_bcopy", {ctx_, num(0), num(1), num(2)});
      return nullptr;
    case Function::Copyin:
      return checked_call("hp_rt_copyin", {ctx_, num(0), num(1)});
    case Function::Copyinstr:
      return checked_call("hp_rt_copyinstr", {ctx_, num(0), num(1, ~0ull)});
    case Function::Copyinto:
      checked_call("hp_rt_copyinto", {ctx_, num(0), num(1), num(2)});
      return nullptr;
    case Function::Basename:
      return checked_call("hp_rt_basename", {ctx_, str(0)});
    case Function::Dirname:
      return checked_call("hp_rt_dirname", {ctx_, str(0)});
    case Function::Cleanpath:
      return checked_call("hp_rt_cleanpath", {ctx_, str(0)});
    case Function::Strlen:
      return call("hp_rt_strlen", {str(0)});
    case Function::Strjoin:
      return checked_call("hp_rt_strjoin", {ctx_, str(0), str(1)});
    case Function::Substr:
      return checked_call("hp_rt_substr", {ctx_, str(0), num(1), num(2, INT64_MAX)});
    case Function::Strchr:
      return checked_call("hp_rt_strchr", {ctx_, str(0), num(1)});
    case Function::Strrchr:
      return checked_call("hp_rt_strrchr", {ctx_, str(0), num(1)});
    case Function::Strstr:
      return checked_call("hp_rt_strstr", {ctx_, str(0), str(1)});
    case Function::Index:
      return integer(call("hp_rt_index", {str(0), str(1), num(2)}));
    case Function::Rindex:
      return integer(call("hp_rt_rindex", {str(0), str(1), num(2, INT64_MAX)}));
    case Function::Strtok:
      return checked_call("hp_rt_strtok", {ctx_, str(0), str(1)});
    case Function::Tolower:
      return checked_call("hp_rt_tolower", {ctx_, str(0)});
    case Function::Toupper:
      return checked_call("hp_rt_toupper", {ctx_, str(0)});
    case Function::Lltostr:
      return checked_call("hp_rt_lltostr", {ctx_, num(0), num(1, 10)});
    case Function::Strtoll:
      return call("hp_rt_strtoll", {str(0), num(1, 10)});
    case Function::InetNtoa:
      return checked_call("hp_rt_inet_ntoa", {ctx_, num(0)});
    case Function::InetNtoa6:
      return checked_call("hp_rt_inet_ntoa6", {ctx_, num(0)});
    case Function::InetNtop:
      return checked_call("hp_rt_inet_ntop", {ctx_, num(0), num(1)});
    case Function::LinkNtop:
      return checked_call("hp_rt_link_ntop", {ctx_, num(0), num(1)});
    case Function::Json:
      return checked_call("hp_rt_json", {ctx_, str(0), str(1)});
    case Function::Memref:
      return checked_call("hp_rt_memref", {ctx_, num(0), num(1)});
    case Function::MutexOwned:
    case Function::MutexOwner:
    case Function::MutexTypeAdaptive:
    case Function::MutexTypeSpin:
    case Function::RwIswriter:
    case Function::RwReadHeld:
    case Function::RwWriteHeld:
      return integer(lock_state(e.function, num(0)));
    case Function::Htons:
    case Function::Ntohs:
      return byte_swap(num(0), 2);
    case Function::Htonl:
    case Function::Ntohl:
      return byte_swap(num(0), 4);
    case Function::Htonll:
    case Function::Ntohll:
      return byte_swap(num(0), 8);
    /* dev_t as Linux has it inside: 12 bits of major, 20 of minor. */
    case Function::Getmajor:
      return integer(b_.CreateAnd(b_.CreateLShr(num(0), 20), i64(0xfff)));
    case Function::Getminor:
      return integer(b_.CreateAnd(num(0), i64(0xfffff)));
    case Function::Speculation:
      return integer(call("hp_rt_speculation", {ctx_}));
    case Function::Rand:
      return integer(call("hp_rt_rand", {ctx_}));
    case Function::Progenyof:
      return call("hp_rt_progenyof", {ctx_, num(0)});
    default:
      unsupported(e.loc, std::string(name_of(e.function)) + "( )");
      return t.is_string() ? null() : i64(0);
  }
}

}  // namespace hp::probec::codegen
