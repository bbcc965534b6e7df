/* ClauseEmitter: the third pass of code generation, one clause to one LLVM function
 * `int hp_clause_N(hp_ctx *)`.
 *
 * Values: integers and pointers are i64, kept extended by the signedness of their D type; strings are
 * ptr. Whatever may fault calls the runtime and then branches on ctx->fault to the clause's exit, so
 * the code after it runs only if it went well. Records are built in place in the slot's buffer at a
 * cursor and counted at the end of the clause.
 *
 * One file per family: clause.cpp (control, statements), part.cpp (large clauses), expression.cpp (operators, conversions),
 * place.cpp (variables, memory), core.cpp (structures of kernels), builtin.cpp (built-in variables), call.cpp (subroutines), record.cpp
 * (keys, record fields, actions), aggregate.cpp. */
#pragma once
#include <optional>
#include <span>
#include <unordered_map>

#include "unit.hpp"

namespace hp::probec::codegen {

/* Where a value lives. */
struct Place {
  enum class Kind : uint8_t {
    Host,    /* ptr is memory of the program, address its D pointer */
    Guest,   /* address is a D pointer, checked when used */
    Dynamic, /* key and keysize name a dynamic variable of the type itself */
  };
  Kind kind = Kind::Host;
  TypeId type;
  llvm::Value* ptr = nullptr;
  llvm::Value* address = nullptr;
  llvm::Value* key =
      nullptr; /* also of a Host place that is part of a copy of a dynamic variable: */
  llvm::Value* keysize = nullptr; /* after a store the whole copy is written back */
  llvm::Value* whole = nullptr;
  uint32_t whole_size = 0;
  uint32_t bit_offset = 0, bit_width = 0; /* width 0: not a bit-field */
  bool shared = false;                    /* other firings may write it meanwhile */
  bool foreign = false;                   /* Guest: address is the guest's word */
  /* Within a structure of a kernel (core.cpp): its name and the members from there, which only the
   * linker can place; address is the structure's. Empty: address is the place's own. */
  std::string root = {}, path = {};
  bool optional = false;  /* a kernel that does not have it is none to refuse */
  uint64_t core_bits = 0; /* how far the path leads in the kernel that is compiled for */
};

/* A run of encoded values in memory being written: base + cursor. */
struct Cursor {
  llvm::Value* base = nullptr;
  llvm::Value* offset = nullptr; /* i32 */
};

class ClauseEmitter {
 public:
  ClauseEmitter(Unit& unit, const CheckedProgram& program, const Layout& layout,
                const CodegenOptions& options, size_t index);
  tl::expected<void, Diagnostic> emit();

 private:
  /* clause.cpp */
  void statement(StmtId);
  void block(BlockId);
  void if_statement(const Stmt&);
  /* part.cpp */
  void statements(std::span<const StmtId>);
  void part(std::span<const StmtId>);
  uint32_t count(BlockId);
  uint32_t count(StmtId);
  void check_fault();
  void fault(uint32_t code, llvm::Value* address);
  void unsupported(const Location&, const std::string& what);
  llvm::BasicBlock* new_block(const char* name);
  void branch_rarely(llvm::Value* condition, llvm::BasicBlock* rare, llvm::BasicBlock* usual);

  /* Helpers */
  llvm::Value* i64(uint64_t v) { return b_.getInt64(v); }
  llvm::Value* i32(uint32_t v) { return b_.getInt32(v); }
  llvm::Value* at(llvm::Value* base, uint64_t offset) {
    return offset ? b_.CreateConstInBoundsGEP1_64(b_.getInt8Ty(), base, offset) : base;
  }
  /* A member that does not change during the firing, as `type`. */
  llvm::Value* fixed(llvm::Value* base, uint64_t offset, llvm::Type* type);
  llvm::Value* seg() { return fixed(ctx_, offsetof(hp_ctx, seg), b_.getPtrTy()); }
  llvm::Value* firing() { return fixed(ctx_, offsetof(hp_ctx, firing), b_.getPtrTy()); }
  llvm::Value* call(const char* function, std::vector<llvm::Value*> args);
  /* The same, and leaves the clause if it faulted. */
  llvm::Value* checked_call(const char* function, std::vector<llvm::Value*> args);
  llvm::Value* buffer(uint32_t size); /* stack or scratch memory for a key */
  llvm::Value* null() { return llvm::ConstantPointerNull::get(b_.getPtrTy()); }

  /* expression.cpp */
  llvm::Value* value(ExprId); /* i64, or ptr for strings; null for void */
  llvm::Value* string_value(ExprId);
  llvm::Value* int_value(ExprId);
  llvm::Value* condition(ExprId); /* i1 */
  llvm::Value* extend(llvm::Value*, const Type&);
  llvm::Value* stride_of(const Expr&);
  llvm::Value* arithmetic(Op, llvm::Value* a, llvm::Value* b, const Type&);
  llvm::Value* division(Op, llvm::Value* a, llvm::Value* b, const Type&);
  llvm::Value* comparison(const Expr&);
  llvm::Value* compare_execname(const Expr&);
  llvm::Value* conditional(const Expr&);
  llvm::Value* logical(const Expr&);
  llvm::Value* convert(const Expr&);
  llvm::Value* assign(const Expr&);
  llvm::Value* assign_op(const Expr&);
  llvm::Value* increment(const Expr&);
  bool adds_atomically(const Expr&, const Place&) const;
  bool has_no_effect(ExprId) const;
  llvm::Value* atomic_add(const Place&, Op, llvm::Value* by);
  llvm::Value* from_bool(llvm::Value* i1) { return b_.CreateZExt(i1, b_.getInt64Ty()); }

  /* place.cpp */
  Place place(ExprId);
  Place variable_place(const Expr&);
  Place member_place(const Expr&);
  Place element_place(const Expr&);
  Place materialised(Place); /* Dynamic made Host by copying */
  llvm::Value* followed(const Place&);
  llvm::Value* followed(ExprId, llvm::Value* pointer);
  llvm::Value* load(const Place&);
  void store(const Place&, llvm::Value*);
  void copy(const Place& to, const Place& from, const Location&);
  void write_back(const Place&);
  llvm::Value* load_bits(const Place&);
  void store_bits(const Place&, llvm::Value*);
  Place unit_of_bits(const Place&);
  llvm::Value* address_of(const Place&);

  /* core.cpp */
  llvm::Value* core_value(uint32_t kind, const std::string& type, const std::string& path,
                          uint64_t reference);
  llvm::Value* core_value(uint32_t kind, const Place&, uint64_t reference);
  bool laid_out_by_kernel(const Place&) const;
  Place gathered(const Place&, uint64_t limit, const Location&);
  void gather(llvm::Value* to, const Place& from, uint64_t limit, uint32_t& budget);
  Place core_member(Place, const Member&, TypeId type);
  Place core_element(Place, llvm::Value* index, TypeId type);
  Place located(Place);
  llvm::Value* core_load(const Place&);
  llvm::Value* size_of(TypeId);
  llvm::Value* size_at(const Place&);

  /* builtin.cpp, call.cpp */
  llvm::Value* builtin(const Expr&);
  llvm::Value* argument(uint64_t n);
  llvm::Value* subroutine(const Expr&);
  llvm::Value* lock_state(Function, llvm::Value* address);
  void check_string(ExprId, llvm::Value*);
  llvm::Value* byte_swap(llvm::Value*, unsigned bytes);
  ExprId operand(const Expr& e, uint32_t i) const { return p_.operands[e.operands.first + i]; }
  ExprId operand(const Stmt& s, uint32_t i) const { return p_.operands[s.operands.first + i]; }

  /* record.cpp */
  void put(Cursor&, ExprId, const Encoding&);
  void put_word(Cursor&, llvm::Value* i64);
  llvm::Value* symbol_address(const Expr&);
  void put_frames(Cursor&, const Expr&, const Encoding&);
  void put_builtin(Cursor&, const Encoding&);
  void advance(Cursor&, llvm::Value* i32);
  void action(StmtId, const Stmt&);
  void destructive(const Stmt&);
  void speculate(const Stmt&);
  void end_speculation(const Stmt&);
  Cursor key(const std::vector<llvm::Value*>& prefix, Range operands,
             const std::vector<Encoding>& encodings);

  /* aggregate.cpp */
  void aggregate(const Stmt&);

  Unit& unit_;
  const CheckedProgram& p_;
  const Layout& l_;
  const CodegenOptions& o_;
  size_t index_;
  const Clause& clause_;
  llvm::IRBuilder<> b_;
  llvm::Function* function_ = nullptr;
  llvm::Value* ctx_ = nullptr;
  llvm::BasicBlock* entry_ = nullptr;
  llvm::BasicBlock* failed_ = nullptr; /* returns ctx->fault */
  llvm::BasicBlock* skip_ = nullptr;   /* returns 0; a record being built is forgotten */
  llvm::Value* record_ = nullptr;      /* ptr, if the clause records */
  llvm::Value* record_size_ = nullptr; /* alloca i32: bytes written so far */
  uint32_t line_ = 0;                  /* of the statement being emitted */
  uint32_t statement_ = 0;             /* number of the one being emitted, 0 = predicate */
  uint32_t sites_ = 0;                 /* places in the clause that may fault, in text order */
  uint64_t stack_used_ = 0;
  uint32_t part_depth_ = 0;                      /* 0: in the clause's own function */
  std::unordered_map<uint32_t, uint32_t> sizes_; /* BlockId -> statements in it, all the way down */
  bool may_be_error_ = false; /* may run for dtrace:::ERROR, whose arguments are the ctx's */
  std::optional<Diagnostic> refused_; /* the first construct that cannot be translated */
};

}  // namespace hp::probec::codegen
