/* Large clauses. What a compiler does to a function takes time that grows faster than the function:
 * live ranges, schedules, alias queries. So a block of more than kPart statements becomes functions
 * of about kPart statements each, which the clause calls in turn: compile time is linear in the size
 * of the clause, and each part is optimised as any small clause is.
 *
 * Nothing but the record being built and the number of statements crosses from one statement to the
 * next, so a part takes the record's place and the pointer to its size. It returns how to go on. */
#include "clause.hpp"

namespace hp::probec::codegen {
namespace {

constexpr uint32_t kPart = 64;    /* statements */
constexpr uint32_t kMaxDepth = 2; /* of calls: handlers may run on small stacks */

enum GoesOn : uint32_t { kNext, kFailed, kSkip };

}  // namespace

uint32_t ClauseEmitter::count(StmtId id) {
  const Stmt& s = p_[id];
  return s.kind == StmtKind::If ? 1 + count(s.then_block) + count(s.else_block) : 1;
}

uint32_t ClauseEmitter::count(BlockId id) {
  if (!id.valid()) return 0;
  if (auto it = sizes_.find(id.value); it != sizes_.end()) return it->second;
  uint32_t n = 0;
  for (StmtId s : p_[id].stmts) n += count(s);
  return sizes_[id.value] = n;
}

void ClauseEmitter::statements(std::span<const StmtId> list) {
  uint64_t all = 0;
  for (StmtId s : list) all += count(s);
  if (all <= kPart || part_depth_ == kMaxDepth) {
    for (StmtId s : list) statement(s);
    return;
  }
  uint32_t n = 0;
  for (size_t from = 0, i = 0; i < list.size(); i++) {
    n += count(list[i]);
    if (n < kPart && i + 1 < list.size()) continue;
    part(list.subspan(from, i + 1 - from));
    from = i + 1;
    n = 0;
  }
}

void ClauseEmitter::part(std::span<const StmtId> list) {
  auto* const function = function_;
  auto* const ctx = ctx_;
  auto* const entry = entry_;
  auto* const failed = failed_;
  auto* const skip = skip_;
  auto* const record = record_;
  auto* const record_size = record_size_;
  auto* const from = b_.GetInsertBlock();
  const uint64_t stack_used = stack_used_;

  auto* pointer = b_.getPtrTy();
  function_ = unit_.add_part(index_, {pointer, pointer, pointer});
  ctx_ = function_->getArg(0);
  if (record) {
    record_ = function_->getArg(1);
    record_size_ = function_->getArg(2);
  }
  entry_ = new_block("entry");
  auto* start = new_block("start");
  auto leaves = [&](const char* name, GoesOn how) {
    auto* bb = new_block(name);
    b_.SetInsertPoint(bb);
    b_.CreateRet(i32(how));
    return bb;
  };
  failed_ = leaves("failed", kFailed);
  skip_ = leaves("skip", kSkip);
  b_.SetInsertPoint(start);
  part_depth_++;
  for (StmtId s : list) statement(s);
  part_depth_--;
  b_.CreateRet(i32(kNext));
  llvm::IRBuilder<>(entry_).CreateBr(start);

  llvm::Function* callee = function_;
  function_ = function;
  ctx_ = ctx;
  entry_ = entry;
  failed_ = failed;
  skip_ = skip;
  record_ = record;
  record_size_ = record_size;
  stack_used_ = stack_used;
  b_.SetInsertPoint(from);
  llvm::Value* how =
      b_.CreateCall(callee, {ctx_, record ? record : null(), record ? record_size : null()});
  auto* next = new_block("next");
  auto* choice = b_.CreateSwitch(how, next, 2);
  choice->addCase(b_.getInt32(kFailed), failed_);
  choice->addCase(b_.getInt32(kSkip), skip_);
  b_.SetInsertPoint(next);
}

}  // namespace hp::probec::codegen
