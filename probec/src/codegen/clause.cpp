#include "clause.hpp"

#include <llvm/IR/MDBuilder.h>

namespace hp::probec::codegen {
namespace {

bool has_glob(const std::string& s) {
  return s.find_first_of("*?[\\") != std::string::npos;
}

bool may_match(const std::string& pattern, const char* text) {
  return pattern.empty() || has_glob(pattern) || pattern == text;
}

bool matches_error(const Clause& c) {
  for (const ProbeDesc& d : c.descs)
    if (d.id == 3 || (d.id == 0 && may_match(d.provider, "dtrace") && may_match(d.name, "ERROR")))
      return true;
  return false;
}

}  // namespace

ClauseEmitter::ClauseEmitter(Unit& unit, const CheckedProgram& program, const Layout& layout,
                             const CodegenOptions& options, size_t index)
    : unit_(unit),
      p_(program),
      l_(layout),
      o_(options),
      index_(index),
      clause_(program.clauses[index]),
      b_(unit.context()) {}

tl::expected<void, Diagnostic> ClauseEmitter::emit() {
  function_ = unit_.add_clause(index_);
  ctx_ = function_->getArg(0);
  entry_ = new_block("entry");
  auto* start = new_block("start");
  failed_ = new_block("failed");
  b_.SetInsertPoint(failed_);
  b_.CreateRet(b_.CreateLoad(b_.getInt32Ty(), at(ctx_, offsetof(hp_ctx, fault))));
  b_.SetInsertPoint(start);
  may_be_error_ = matches_error(clause_);
  line_ = clause_.loc.line;
  if (l_.uses_strtok) b_.CreateStore(null(), at(ctx_, offsetof(hp_ctx, strtok)));

  auto* skip = skip_ = new_block("skip");
  if (clause_.predicate.valid()) {
    auto* body = new_block("body");
    b_.CreateCondBr(condition(clause_.predicate), body, skip);
    b_.SetInsertPoint(body);
  }
  uint32_t max = l_.clauses[index_].max_record;
  if (max) {
    record_ = call("hp_rt_rec_begin", {ctx_, i32(max)});
    auto* room = new_block("room");
    branch_rarely(b_.CreateIsNull(record_), skip, room);
    b_.SetInsertPoint(room);
    record_size_ = llvm::IRBuilder<>(entry_).CreateAlloca(b_.getInt32Ty(), nullptr, "record_size");
    b_.CreateStore(i32(sizeof(hp_rec)), record_size_);
  }
  block(clause_.body);
  if (max) {
    llvm::Value* size = b_.CreateLoad(b_.getInt32Ty(), record_size_);
    if (clause_.speculates) {
      auto* speculative = new_block("speculative");
      auto* principal = new_block("principal");
      llvm::Value* number = b_.CreateLoad(b_.getInt32Ty(), at(ctx_, offsetof(hp_ctx, speculation)));
      b_.CreateCondBr(b_.CreateICmpNE(number, i32(0)), speculative, principal);
      b_.SetInsertPoint(speculative);
      call("hp_rt_rec_speculate", {ctx_, record_, size, i32(l_.clauses[index_].charge)});
      b_.CreateBr(skip);
      b_.SetInsertPoint(principal);
    }
    auto* commit = new_block("commit");
    if (clause_.has_body) /* every action may have been in a branch not taken */
      b_.CreateCondBr(b_.CreateICmpNE(size, i32(sizeof(hp_rec))), commit, skip);
    else
      b_.CreateBr(commit);
    b_.SetInsertPoint(commit);
    call("hp_rt_rec_commit", {ctx_, record_, size, b_.getInt16(HP_REC_CLAUSE)});
  }
  b_.CreateBr(skip);
  b_.SetInsertPoint(skip);
  b_.CreateRet(i32(0));
  llvm::IRBuilder<>(entry_).CreateBr(start);
  if (refused_) return tl::make_unexpected(std::move(*refused_));
  return {};
}

void ClauseEmitter::block(BlockId id) {
  if (id.valid()) statements(p_[id].stmts);
}

void ClauseEmitter::statement(StmtId id) {
  const Stmt& s = p_[id];
  statement_ = s.number;
  line_ = s.loc.line;
  switch (s.kind) {
    case StmtKind::Expression:
      if (s.expr.valid()) {
        if (p_.type_of(s.expr).is_sou() || p_.type_of(s.expr).kind == TypeKind::Array)
          place(s.expr);
        else
          value(s.expr);
      }
      break;
    case StmtKind::Action:
      action(id, s);
      break;
    case StmtKind::Aggregate:
      aggregate(s);
      break;
    case StmtKind::If:
      if_statement(s);
      break;
  }
}

void ClauseEmitter::if_statement(const Stmt& s) {
  auto* yes = new_block("then");
  auto* no = new_block("else");
  auto* done = new_block("endif");
  b_.CreateCondBr(condition(s.expr), yes, no);
  b_.SetInsertPoint(yes);
  block(s.then_block);
  b_.CreateBr(done);
  b_.SetInsertPoint(no);
  block(s.else_block);
  b_.CreateBr(done);
  b_.SetInsertPoint(done);
}

llvm::BasicBlock* ClauseEmitter::new_block(const char* name) {
  return llvm::BasicBlock::Create(unit_.context(), name, function_);
}

void ClauseEmitter::branch_rarely(llvm::Value* cond, llvm::BasicBlock* rare,
                                  llvm::BasicBlock* usual) {
  b_.CreateCondBr(cond, rare, usual,
                  llvm::MDBuilder(unit_.context()).createBranchWeights(1, 1 << 16));
}

/* Leaves the clause if the runtime has reported a fault: notes which statement it was. */
void ClauseEmitter::check_fault() {
  auto* bad = new_block("fault");
  auto* good = new_block("good");
  llvm::Value* code = b_.CreateLoad(b_.getInt32Ty(), at(ctx_, offsetof(hp_ctx, fault)));
  branch_rarely(b_.CreateICmpNE(code, i32(0)), bad, good);
  b_.SetInsertPoint(bad);
  b_.CreateStore(i32(statement_), at(ctx_, offsetof(hp_ctx, action)));
  b_.CreateStore(i64(4 * ++sites_), at(ctx_, offsetof(hp_ctx, fault_offset)));
  b_.CreateBr(failed_);
  b_.SetInsertPoint(good);
}

void ClauseEmitter::fault(uint32_t code, llvm::Value* address) {
  b_.CreateStore(i32(code), at(ctx_, offsetof(hp_ctx, fault)));
  b_.CreateStore(address, at(ctx_, offsetof(hp_ctx, fault_addr)));
  b_.CreateStore(i32(statement_), at(ctx_, offsetof(hp_ctx, action)));
  b_.CreateStore(i64(4 * ++sites_), at(ctx_, offsetof(hp_ctx, fault_offset)));
  b_.CreateBr(failed_);
}

void ClauseEmitter::unsupported(const Location& loc, const std::string& what) {
  if (!refused_) refused_ = refuse(loc, what + " is not supported yet").value();
}

llvm::Value* ClauseEmitter::fixed(llvm::Value* base, uint64_t offset, llvm::Type* type) {
  auto* load = b_.CreateLoad(type, at(base, offset));
  load->setMetadata(llvm::LLVMContext::MD_invariant_load, llvm::MDNode::get(unit_.context(), {}));
  return load;
}

llvm::Value* ClauseEmitter::call(const char* name, std::vector<llvm::Value*> args) {
  llvm::Function* f = unit_.function(name);
  llvm::FunctionType* type = f->getFunctionType();
  HP_CHECK(type->getNumParams() == args.size());
  for (size_t i = 0; i < args.size(); i++)
    if (type->getParamType(static_cast<unsigned>(i))->isIntegerTy())
      args[i] = b_.CreateZExtOrTrunc(args[i], type->getParamType(static_cast<unsigned>(i)));
  auto* result = b_.CreateCall(f, args);
  result->setAttributes(f->getAttributes().removeFnAttributes(unit_.context()));
  return result;
}

llvm::Value* ClauseEmitter::checked_call(const char* name, std::vector<llvm::Value*> args) {
  llvm::Value* result = call(name, std::move(args));
  check_fault();
  return result;
}

/* Memory for a key: on the stack while that stays small (handlers may run on small stacks). */
llvm::Value* ClauseEmitter::buffer(uint32_t size) {
  constexpr uint64_t kMaxStack = 1024;
  if (stack_used_ + size <= kMaxStack) {
    stack_used_ += size;
    auto* a = llvm::IRBuilder<>(entry_).CreateAlloca(
        llvm::ArrayType::get(b_.getInt64Ty(), (size + 7) / 8), nullptr, "key");
    return a;
  }
  return checked_call("hp_rt_alloc", {ctx_, i64(size)});
}

}  // namespace hp::probec::codegen
