/* Random checked programs, steered by bytes (of a seeded generator or of a fuzzer): every choice
 * takes the next byte, and when they run out everything ends quickly. Programs are well typed, as
 * the checker would hand them over; what they do is up to the bytes.
 *
 *   numbers(): traces of integer expressions over constants, arguments and variables of all scopes
 *   anything(): also strings, pointers to anywhere, copyin, aggregations, if/else, faults */
#pragma once
#include <cstdint>
#include <span>

#include "probec/checked.hpp"

namespace hp::test {

class Bytes {
 public:
  explicit Bytes(std::span<const uint8_t> bytes) : bytes_(bytes) {}
  uint32_t below(uint32_t n) { return at_ < bytes_.size() ? bytes_[at_++] % n : 0; }
  uint64_t word() {
    uint64_t w = 0;
    for (int i = 0; i < 8; i++) w = w << 8 | below(256);
    return w;
  }
  bool done() const { return at_ >= bytes_.size(); }

 private:
  std::span<const uint8_t> bytes_;
  size_t at_ = 0;
};

class Generator {
 public:
  explicit Generator(std::span<const uint8_t> bytes) : in_(bytes) {}
  probec::CheckedProgram numbers();
  probec::CheckedProgram anything();

 private:
  using Expr = probec::Expr;
  using ExprId = probec::ExprId;
  using TypeId = probec::TypeId;
  using Op = probec::Op;
  using Kind = probec::ExprKind;

  void variables();
  ExprId add(Expr e);
  ExprId constant(TypeId, uint64_t);
  ExprId convert(ExprId, TypeId);
  ExprId integer(TypeId, int depth); /* of exactly this type */
  ExprId logic(int depth);
  ExprId variable(bool text);
  ExprId update(int depth);
  ExprId string(int depth);
  ExprId pointer(int depth); /* uint64 used as an address */
  ExprId call(probec::Function, TypeId, std::vector<ExprId>);
  probec::Range list(const std::vector<ExprId>&);
  probec::BlockId block(int depth, bool wild);
  probec::StmtId statement(int depth, bool wild);
  probec::StmtId add(probec::Stmt s);
  void aggregate(probec::Stmt&, int depth);
  TypeId promoted();
  uint64_t extended(uint64_t v, TypeId) const;

  Bytes in_;
  probec::CheckedProgram p_;
  uint32_t number_ = 0;
};

}  // namespace hp::test
