/* The checked program: what the checker hands to code generation. Immutable from then on.
 *
 * Every identifier is resolved, every expression has its type, every implicit conversion and
 * integer promotion is a Convert node, every argument has the type its function takes. Code
 * generation needs no typing rule: it looks at the kinds below and at the types' sizes and signs.
 *
 * Values. An integer or pointer expression yields a value of its type's size (Integer, Enum: 1, 2,
 * 4 or 8 bytes, two's complement; Pointer: 8). A String expression yields a host pointer to at most
 * strsize bytes with the NUL, valid until the clause ends, or null for a string never assigned,
 * which behaves as "". Array, Struct and Union expressions are lvalues: they stand for a place.
 *
 * Places (lvalues) are Variable, Dereference, MemberOf and Element. A place used for its value is
 * loaded there and then. A variable never assigned reads as zero.
 *
 * Order: operands are evaluated left to right; &&, || and ?: short-circuit, ^^ evaluates both. */
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "probec/ids.hpp"
#include "probec/source.hpp"
#include "probec/stability.hpp"
#include "probec/types.hpp"

namespace hp::probec {

enum class Builtin : uint8_t {
#define HP_BUILTIN(id, name, type) id,
#include "probec/builtins.def"
#undef HP_BUILTIN
};

/* Actions, subroutines and aggregating functions in one enumeration. */
enum class Function : uint8_t {
  None,
#define HP_ACTION(id, name, prototype) id,
#define HP_SUBROUTINE(id, name, prototype) id,
#define HP_AGGFUNC(id, name, prototype) id,
#include "probec/functions.def"
#undef HP_ACTION
#undef HP_SUBROUTINE
#undef HP_AGGFUNC
};

enum class ExprKind : uint8_t {
  Integer,    /* value, of type (Integer, Enum, Pointer; String: 0, the null string) */
  String,     /* string: a literal; already cut to strsize - 1 */
  BuiltinVar, /* builtin; Arg: value = number 0..9 */
  Variable,   /* variable; associative: operands = the keys, converted to Variable::keys. Place */
  Unary,      /* op on a; both of type, promoted. LogicalNot: a is any scalar, type int */
  Binary,  /* a op b: arithmetic and bit operators on integers of the node's type (shifts: b has a
              type of its own); comparisons: a and b have one same integer, pointer or string
              type, result int. op decides; signedness is that of the operands' type. Division and
              remainder by zero fault with HP_FLT_DIVZERO */
  Logical, /* a op b, op And/Or/Xor: scalars, true if nonzero; int */
  Conditional, /* a ? b : c; b and c converted to type; type may be void */
  Comma,       /* a, then b */
  Assign,    /* place a = b, b converted to a's type; yields the new value. Struct, union, array of
                one type: copy; b may be the Integer 0, which clears. Storing 0 into an associative or self-> variable frees it */
  AssignOp,  /* place a op= b: computed in operation_type (a and b converted to it; pointers: a, and
                b  is already scaled to bytes; shifts: b keeps a type of its own), then stored in a's type; yields the new value. a's
                keys  and address are evaluated once */
  Increment, /* ++/--: place a; op Add or Subtract; value = step (pointers: bytes); flag `post`
                yields the old value */
  Convert,   /* a converted to type by conversion */
  AddressOf, /* &a, a a place: pointer */
  Dereference, /* *a: the place that pointer a, in its type's Space, points to */
  MemberOf,    /* a.member: place a is a Struct or Union, value = index in its members */
  Element,    /* a[b]: place a is an Array, b int64; faults with HP_FLT_BADINDEX outside it when the
                 array lies in host memory */
  StringChar, /* a[b]: a a String, b int64; the character, 0 past its end */
  PointerAdd, /* a + b * value: pointer and int64; value = bytes, negative value subtracts */
  PointerDiff, /* (a - b) / value: pointers, long */
  KernelSize, /* sizeof (operation_type), a kernel's structure, or offsetof its member `string`, if that
                 is valid: as the guest's kernel has it; value: as this one does */
  KernelAddress, /* of the kernel's symbol `string`, "module`name": a pointer; value: in this kernel */
  Call, /* function(operands): subroutine. Optional arguments that were not given are absent */
};

enum class Op : uint8_t {
  None,
  Add,
  Subtract,
  Multiply,
  Divide,
  Remainder,
  ShiftLeft,
  ShiftRight,
  BitAnd,
  BitOr,
  BitXor,
  Equal,
  NotEqual,
  Less,
  LessEqual,
  Greater,
  GreaterEqual,
  And,
  Or,
  Xor, /* Logical */
  Negate,
  BitNot,
  LogicalNot,
};

enum class Conversion : uint8_t {
  Integer, /* integer/enum to integer/enum: truncate, or extend by the source's signedness */
  Bool,    /* any scalar to _Bool: != 0 */
  IntegerToPointer, /* source extended by its signedness */
  PointerToInteger, /* truncated to the target */
  Pointer,          /* between pointer types; the target type's Space counts */
  Decay,            /* place a of Array type to the address of its first element */
  StringOf, /* pointer to char (stringof(), implicit string): reads up to strsize - 1 bytes there,
               at most `value` bytes if value is nonzero (char arrays), faults if unreadable.
               Constant 0: the string that was never assigned */
  StringToPointer, /* string to a Host char pointer, null if the string was never assigned */
  Void,            /* value dropped */
};

struct Expr {
  ExprKind kind = ExprKind::Integer;
  Op op = Op::None;
  Conversion conversion = Conversion::Integer;
  Builtin builtin = Builtin::Arg;
  Function function = Function::None;
  bool post = false;
  TypeId type;
  Location loc;
  uint64_t value = 0; /* integers are kept extended to 64 bits by their own signedness */
  ExprId a, b, c;
  VariableId variable;
  StringId string;
  TypeId operation_type;
  Range operands; /* in CheckedProgram::operands */
};

enum class Scope : uint8_t { Global, Self, This };

struct Variable {
  std::string name;
  Scope scope = Scope::Global;
  bool associative = false;
  TypeId type;
  std::vector<TypeId> keys; /* integers, pointers, strings; stacks and symbols */
  Location loc;             /* of its declaration or first use */
};

struct Aggregation {
  std::string name; /* without '@'; "_" for the anonymous one */
  Function function = Function::None;
  std::vector<TypeId>
      keys; /* of its first use; later ones are converted to them. Types of printed keys:
               Builtin strings appear as BuiltinVar operands, so that code generation may
               store indices instead (HP_VAL_PROBEFUNC...) if every use is that builtin */
  bool is_signed = true;  /* of the aggregated value */
  bool printed = false;   /* named by some printa(): not printed again at the end */
  int64_t params[5] = {}; /* lquantize: base, limit, step; llquantize: factor, low, high, steps */
  Location loc;
};

enum class StmtKind : uint8_t {
  Expression, /* expr, for its effects */
  Action,     /* action(operands); see Stmt */
  Aggregate,  /* @aggregation[keys] = function(value, increment): operands = the keys, then `expr`
                 the  value (absent for count) and `expr2` the weight, if given */
  If,         /* expr decides between then_block and else_block (may be invalid) */
};

struct Stmt {
  StmtKind kind = StmtKind::Expression;
  Function action = Function::None;
  uint32_t number = 0; /* 1-based, in the order of the clause's text: hp_ctx.action */
  Location loc;
  ExprId expr, expr2;
  StringId format;    /* Printf, Printa, System, Freopen: D format text; invalid: none given */
  Range operands;     /* Action: the remaining arguments: what printf formats, trace's value,
                         tracemem's address then size(s), exit's status, normalize's factor, trunc's
                         count, setopt's strings ... */
  Range aggregations; /* in CheckedProgram::aggregation_refs: printa, clear, trunc, (de)normalize */
  AggregationId aggregation;
  BlockId then_block, else_block;
};

struct Block {
  std::vector<StmtId> stmts;
};

/* As written, macro variables expanded. Empty element: matches all. */
struct ProbeDesc {
  std::string target, provider, module, function, name;
  uint32_t id = 0; /* nonzero: named by number */
  Location loc;
};

struct Clause {
  std::vector<ProbeDesc> descs;
  ExprId predicate; /* invalid: none. Scalar, as Logical's operands */
  BlockId body;
  bool has_body = true; /* false: the default action, printing the probe */
  bool speculates = false, commits = false;
  Location loc;
  uint32_t text_first = 0, text_size = 0; /* in CheckedProgram::source_text */
  Attributes description, statements;     /* the least of its descriptions, of what it names */
};

struct OptionSetting { /* #pragma D option and setopt-able -x, in order */
  std::string name, value;
  Location loc;
};

/* A provider that the program declares: what its probes pass. */
struct ProviderDeclaration {
  struct Probe {
    std::string name; /* with dashes */
    std::vector<TypeId> arguments;
  };
  std::string name;
  std::vector<Probe> probes; /* in the order of the text */
};

struct CheckedProgram {
  TypeTable types;
  std::vector<Expr> exprs;
  std::vector<ExprId> operands;
  std::vector<Stmt> stmts;
  std::vector<Block> blocks;
  std::vector<Clause> clauses;
  std::vector<Variable> variables;
  std::vector<Aggregation> aggregations;
  std::vector<AggregationId> aggregation_refs;
  std::vector<std::string> strings; /* may contain NUL only at no place; escapes are done */
  std::vector<OptionSetting> options;
  std::vector<ProviderDeclaration> providers;
  std::string source_text; /* for .hyprobe.source */
  uint32_t strsize = 256;
  bool destructive = false; /* some clause acts on the guest */

  const Expr& operator[](ExprId id) const { return exprs[id.value]; }
  const Stmt& operator[](StmtId id) const { return stmts[id.value]; }
  const Block& operator[](BlockId id) const { return blocks[id.value]; }
  const Variable& operator[](VariableId id) const { return variables[id.value]; }
  const Aggregation& operator[](AggregationId id) const { return aggregations[id.value]; }
  const std::string& operator[](StringId id) const { return strings[id.value]; }
  const Type& type_of(ExprId id) const { return types[exprs[id.value].type]; }
};

/* Names as D spells them. */
const char* name_of(Builtin builtin);
const char* name_of(Function function);

}  // namespace hp::probec
