/* Keys and record fields in their encodings, and the actions that make records. */
#include <llvm/IR/Intrinsics.h>
#include <signal.h>

#include "clause.hpp"

namespace hp::probec::codegen {

void ClauseEmitter::advance(Cursor& c, llvm::Value* n) {
  c.offset = b_.CreateAdd(c.offset, n);
}

void ClauseEmitter::put_word(Cursor& c, llvm::Value* v) {
  llvm::Value* to =
      b_.CreateInBoundsGEP(b_.getInt8Ty(), c.base, b_.CreateZExt(c.offset, b_.getInt64Ty()));
  b_.CreateAlignedStore(v, to, llvm::Align(8));
  advance(c, i32(8));
}

void ClauseEmitter::put_builtin(Cursor& c, const Encoding& e) {
  llvm::Value* f = firing();
  switch (e.val) {
    case HP_VAL_COMM:
      for (unsigned i = 0; i < HP_COMM_LEN; i += 8)
        put_word(c, fixed(f, offsetof(hp_firing, execname) + i, b_.getInt64Ty()));
      break;
    case HP_VAL_VMNAME:
    case HP_VAL_HOSTNAME:
      put_word(
          c, b_.CreateZExt(fixed(f, offsetof(hp_firing, vmid), b_.getInt32Ty()), b_.getInt64Ty()));
      break;
    default:
      put_word(
          c, b_.CreateZExt(fixed(ctx_, offsetof(hp_ctx, probe), b_.getInt32Ty()), b_.getInt64Ty()));
      break;
  }
}

/* stack() and ustack(): frames, at least one 0, the process. */
void ClauseEmitter::put_frames(Cursor& c, const Expr& e, const Encoding& enc) {
  if (e.kind != ExprKind::Call) return unsupported(e.loc, "a stack in a variable");
  llvm::Value* to =
      b_.CreateInBoundsGEP(b_.getInt8Ty(), c.base, b_.CreateZExt(c.offset, b_.getInt64Ty()));
  const char* put = e.function == Function::Stack ? "hp_rt_put_stack" : "hp_rt_put_ustack";
  advance(c, call(put, {ctx_, to, i32((enc.room - 16) / 8)}));
}

/* sym(), usym(), uaddr()...: the consumer finds the name. */
llvm::Value* ClauseEmitter::symbol_address(const Expr& e) {
  if (e.kind == ExprKind::Call && e.operands.count) return int_value(operand(e, 0));
  unsupported(e.loc, "a symbol in a variable");
  return i64(0);
}

void ClauseEmitter::put(Cursor& c, ExprId id, const Encoding& enc) {
  const Expr& e = p_[id];
  auto here = [&] {
    return b_.CreateInBoundsGEP(b_.getInt8Ty(), c.base, b_.CreateZExt(c.offset, b_.getInt64Ty()));
  };
  switch (enc.val) {
    case HP_VAL_INT:
      put_word(c, int_value(id));
      break;
    case HP_VAL_USYM: {
      llvm::Value* address = symbol_address(e);
      put_word(c, call(is_user_symbol(e.function) ? "hp_rt_space" : "hp_rt_kspace", {ctx_}));
      put_word(c, address);
      break;
    }
    case HP_VAL_STR: {
      llvm::Value* s = string_value(id);
      advance(c, call("hp_rt_put_str", {here(), s}));
      break;
    }
    case HP_VAL_BYTES: {
      if (enc.flags & (HP_FIELD_STACK | HP_FIELD_USTACK)) return put_frames(c, e, enc);
      Place from = materialised(place(id));
      if (laid_out_by_kernel(from)) from = gathered(from, enc.size, e.loc);
      llvm::Value* n = i32(enc.size);
      if (!from.root.empty()) { /* as many as the guest has, at most as many as are expected */
        n = b_.CreateTrunc(
            b_.CreateBinaryIntrinsic(llvm::Intrinsic::umin, size_at(from), i64(enc.size)),
            b_.getInt32Ty());
      }
      checked_call("hp_rt_put_bytes", {ctx_, here(), followed(from), n, i32(enc.room)});
      advance(c, i32(enc.room));
      break;
    }
    default:
      put_builtin(c, enc);
      break;
  }
}

Cursor ClauseEmitter::key(const std::vector<llvm::Value*>& prefix, Range operands,
                          const std::vector<Encoding>& encodings) {
  uint64_t room = 8 * prefix.size();
  for (const Encoding& e : encodings) room += e.room;
  Cursor c{room ? buffer(static_cast<uint32_t>(room)) : null(), i32(0)};
  for (llvm::Value* v : prefix) put_word(c, v);
  for (uint32_t i = 0; i < operands.count && i < encodings.size(); i++)
    put(c, p_.operands[operands.first + i], encodings[i]);
  return c;
}

void ClauseEmitter::action(StmtId id, const Stmt& s) {
  const ActionLayout* a = l_.action_of(index_, id);
  if (!a) return destructive(s);
  llvm::Value* begin = b_.CreateLoad(b_.getInt32Ty(), record_size_);
  Cursor c{record_, b_.CreateAdd(begin, i32(sizeof(hp_rec_action)))};
  if (s.action == Function::Tracemem) {
    const Encoding& enc = a->fields[0];
    ExprId what = operand(s, 0);
    const Type& t = p_.type_of(what);
    llvm::Value* address = t.is_string()
                               ? checked_call("hp_rt_string_ptr", {ctx_, string_value(what)})
                           : t.is_scalar() ? followed(what, int_value(what))
                                           : followed(materialised(place(what)));
    llvm::Value* n = i64(enc.size);
    llvm::Value* wanted = s.operands.count > 2 ? int_value(operand(s, 2)) : nullptr;
    if (wanted) n = b_.CreateSelect(b_.CreateICmpULT(wanted, n), wanted, n);
    llvm::Value* to =
        b_.CreateInBoundsGEP(b_.getInt8Ty(), c.base, b_.CreateZExt(c.offset, b_.getInt64Ty()));
    checked_call("hp_rt_put_bytes", {ctx_, to, address, n, i32(enc.room)});
    advance(c, i32(enc.room));
    if (wanted) put_word(c, wanted);
  } else if (s.action == Function::Print && a->fields.size() == 2) {
    const Encoding& enc = a->fields[1];
    llvm::Value* address = int_value(operand(s, 0));
    put_word(c, address);
    const Type& pointer = p_.type_of(operand(s, 0));
    if (pointer.is_pointer()) {
      Place target{.kind = Place::Kind::Guest, .type = pointer.target, .address = address};
      target.foreign = pointer.space != Space::Host;
      if (laid_out_by_kernel(target)) address = gathered(target, enc.size, s.loc).address;
    }
    llvm::Value* to =
        b_.CreateInBoundsGEP(b_.getInt8Ty(), c.base, b_.CreateZExt(c.offset, b_.getInt64Ty()));
    checked_call("hp_rt_put_bytes", {ctx_, to, address, i32(enc.size), i32(enc.room)});
    advance(c, i32(enc.room));
  } else if (s.action == Function::Pcap) {
    const Encoding& enc = a->fields[3];
    llvm::Value* address = int_value(operand(s, 0));
    llvm::Value* link = int_value(operand(s, 1));
    put_word(c, call("hp_rt_walltime", {}));
    put_word(c, link);
    llvm::Value* length =
        b_.CreateInBoundsGEP(b_.getInt8Ty(), c.base, b_.CreateZExt(c.offset, b_.getInt64Ty()));
    checked_call("hp_rt_put_packet", {ctx_, length, address, i32(enc.size), i32(enc.room)});
    advance(c, i32(8 + enc.room));
  } else if (s.action == Function::Exit) {
    llvm::Value* status = s.operands.count ? int_value(operand(s, 0)) : i64(0);
    put_word(c, status);
    call("hp_rt_exit", {ctx_, status});
  } else {
    for (uint32_t i = 0; i < s.operands.count; i++) put(c, operand(s, i), a->fields[i]);
  }
  llvm::Value* header =
      b_.CreateInBoundsGEP(b_.getInt8Ty(), record_, b_.CreateZExt(begin, b_.getInt64Ty()));
  b_.CreateAlignedStore(i32(a->index), at(header, offsetof(hp_rec_action, action)), llvm::Align(8));
  b_.CreateAlignedStore(b_.CreateSub(c.offset, begin), at(header, offsetof(hp_rec_action, size)),
                        llvm::Align(4));
  b_.CreateStore(c.offset, record_size_);
}

/* speculate(): the record goes to the speculation, even when there is nothing in it (the default
 * action, then); without that speculation, the clause ends. */
void ClauseEmitter::speculate(const Stmt& s) {
  llvm::Value* may = call("hp_rt_speculate", {ctx_, int_value(operand(s, 0))});
  auto* goes_on = new_block("speculating");
  b_.CreateCondBr(b_.CreateICmpNE(may, i32(0)), goes_on, skip_);
  b_.SetInsertPoint(goes_on);
}

/* commit() and discard(). What the clause itself has speculated by then counts. */
void ClauseEmitter::end_speculation(const Stmt& s) {
  llvm::Value* id = int_value(operand(s, 0));
  if (record_ && clause_.speculates && s.action == Function::Commit) {
    llvm::Value* size = b_.CreateLoad(b_.getInt32Ty(), record_size_);
    call("hp_rt_rec_speculate", {ctx_, record_, size, i32(l_.clauses[index_].charge)});
    b_.CreateStore(i32(sizeof(hp_rec)), record_size_);
  }
  checked_call(s.action == Function::Commit ? "hp_rt_commit" : "hp_rt_discard", {ctx_, id});
}

/* Actions on the guest itself: no record. */
void ClauseEmitter::destructive(const Stmt& s) {
  auto arg = [&](uint32_t i) { return i < s.operands.count ? int_value(operand(s, i)) : i64(0); };
  switch (s.action) {
    case Function::Speculate:
      speculate(s);
      break;
    case Function::Commit:
    case Function::Discard:
      end_speculation(s);
      break;
    case Function::Raise:
      call("hp_rt_raise", {ctx_, arg(0)});
      break;
    case Function::Stop:
      call("hp_rt_raise", {ctx_, i64(SIGSTOP)});
      break;
    case Function::Breakpoint:
      call("hp_rt_breakpoint", {ctx_});
      break;
    case Function::Panic:
      checked_call("hp_rt_panic", {ctx_});
      break;
    case Function::Chill:
      checked_call("hp_rt_chill", {ctx_, arg(0)});
      break;
    case Function::Copyout: {
      llvm::Value* from = arg(0);
      llvm::Value* to = arg(1);
      checked_call("hp_rt_copyout", {ctx_, from, to, arg(2)});
      break;
    }
    case Function::Copyoutstr: {
      llvm::Value* from = string_value(operand(s, 0));
      llvm::Value* to = arg(1);
      checked_call("hp_rt_copyoutstr", {ctx_, from, to, arg(2)});
      break;
    }
    default:
      unsupported(s.loc, std::string(name_of(s.action)) + "( )");
      break;
  }
}

}  // namespace hp::probec::codegen
