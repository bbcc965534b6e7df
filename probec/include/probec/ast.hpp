/* The syntax tree: a script as it was written, macro variables expanded, nothing resolved.
 *
 * The parser builds it and the checker reads it once. Items keep the order of the text, because in D
 * a variable's type comes from its first assignment and an option counts from where it stands. */
#pragma once
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "probec/checked.hpp"
#include "probec/ids.hpp"
#include "probec/source.hpp"
#include "probec/stability.hpp"

namespace hp::probec::ast {

using ExprId = Id<struct AstExprTag>;
using StmtId = Id<struct AstStmtTag>;
using TypeId = Id<struct AstTypeTag>;

enum class ExprKind : uint8_t {
  Integer,     /* value, integer */
  String,      /* text */
  Ident,       /* text, maybe with a back-quote; scope says whether self-> or this-> came first */
  Aggregation, /* text without '@', args: keys, if keyed */
  Unary,       /* op a; also &, * */
  Sizeof,      /* sizeof a, or sizeof (type) */
  Offsetof,    /* offsetof(type, text) */
  Stringof,    /* stringof a */
  Cast,        /* (type) a */
  Xlate,       /* xlate <type> (a) */
  PreIncrement,
  PreDecrement,
  PostIncrement,
  PostDecrement,
  Binary,      /* a op b, Op::And, Or, Xor included */
  Assign,      /* a = b, or a op= b if op is not None */
  Conditional, /* a ? b : c */
  Comma,
  Call,   /* text(args) */
  Index,  /* a[args] */
  Member, /* a.text, or a->text if arrow */
};

enum class UnaryOp : uint8_t { Plus, Minus, BitNot, LogicalNot, AddressOf, Dereference };

/* The type that an integer constant's suffix and spelling ask for. */
struct IntegerForm {
  bool is_unsigned = false; /* u */
  uint8_t longs = 0;        /* l: 1, ll: 2 */
  bool decimal = true;
  bool character = false; /* 'a': an int whatever its value */
};

enum class NameScope : uint8_t { Global, Self, This };

struct Expr {
  ExprKind kind = ExprKind::Integer;
  UnaryOp unary = UnaryOp::Plus;
  Op op = Op::None;
  NameScope scope = NameScope::Global;
  IntegerForm integer;
  bool arrow = false;
  bool keyed = false; /* Aggregation: brackets were written */
  uint16_t depth = 1; /* of the tree below, to bound recursion */
  Location loc;
  uint64_t value = 0;
  std::string text;
  ExprId a, b, c;
  TypeId type;
  std::vector<ExprId> args;
};

enum class TypeKind : uint8_t {
  Base,   /* specifiers: any of the bits below */
  Named,  /* typedef name, or string */
  Struct, /* name and/or members */
  Union,
  Enum,     /* name and/or enumerators */
  Pointer,  /* target */
  Array,    /* target, size (invalid: []) */
  Assoc,    /* target, parameters: an associative array's keys */
  Function, /* target, parameters, varargs */
};

enum BaseBits : uint32_t {
  kVoid = 1,
  kChar = 2,
  kShort = 4,
  kInt = 8,
  kLong = 16,
  kLongLong = 32,
  kFloat = 64,
  kDouble = 128,
  kSigned = 256,
  kUnsigned = 512,
  kBool = 1024,
  kComplex = 2048,
  kImaginary = 4096,
};

struct MemberDecl {
  std::string name; /* empty: anonymous struct or union, or unnamed bit-field */
  TypeId type;
  ExprId width; /* bit-field */
  Location loc;
};

struct EnumeratorDecl {
  std::string name;
  ExprId value;
  Location loc;
};

struct Type {
  TypeKind kind = TypeKind::Base;
  uint32_t bits = 0;
  bool userland = false;
  bool defines = false; /* Struct, Union, Enum: braces were written */
  bool varargs = false;
  Location loc;
  std::string name;
  TypeId target;
  ExprId size;
  std::vector<TypeId> parameters;
  std::vector<std::string> parameter_names;
  std::vector<MemberDecl> members;
  std::vector<EnumeratorDecl> enumerators;
};

enum class Storage : uint8_t { None, Auto, Register, Static, Extern, Typedef, Self, This };

struct Declaration {
  Storage storage = Storage::None;
  bool is_inline = false;
  std::string name; /* empty: only a type was declared */
  TypeId type;
  ExprId value; /* of an inline */
  Location loc;
};

enum class StmtKind : uint8_t { Empty, Expression, If };

struct Stmt {
  StmtKind kind = StmtKind::Empty;
  ExprId expr;
  std::vector<StmtId> then_block, else_block;
  Location loc;
};

struct Clause {
  std::vector<ProbeDesc> descs;
  ExprId predicate;
  std::vector<StmtId> body;
  bool has_body = false;
  Location loc;
  uint32_t end = 0; /* offset just past it in its source */
};

struct TranslatorMember {
  std::string name;
  ExprId value;
  Location loc;
};

struct Translator {
  TypeId output, input;
  std::string parameter;
  std::vector<TranslatorMember> members;
  Location loc;
};

struct ProviderProbe {
  std::string name;
  std::vector<TypeId> parameters, translated;
  std::vector<std::string> parameter_names, translated_names;
  bool translates = false; /* a second list was written */
  bool varargs = false;
  Location loc;
};

struct Provider {
  std::string name;
  std::vector<ProviderProbe> probes;
  Location loc;
};

enum class ItemKind : uint8_t { Declaration, Clause, Translator, Provider };

struct Item {
  ItemKind kind;
  uint32_t index; /* in the vector of its kind */
};

/* #pragma D attributes LABELS NAME, #pragma D binding VERSION NAME: about a name that the program
 * declares before or after. */
struct StabilityPragma {
  Location loc;
  std::string directive; /* "D attributes": for messages */
  std::string name;
  std::optional<Attributes> attributes; /* binding: none */
};

struct Tree {
  std::vector<Expr> exprs;
  std::vector<Stmt> stmts;
  std::vector<Type> types;
  std::vector<Declaration> declarations;
  std::vector<Clause> clauses;
  std::deque<Translator> translators; /* the checker points to them while more are parsed */
  std::vector<Provider> providers;
  std::vector<Item> items;
  size_t library_items = 0; /* the first so many are libraries' */
  std::vector<StabilityPragma> pragmas;

  const Expr& operator[](ExprId id) const { return exprs[id.value]; }
  const Stmt& operator[](StmtId id) const { return stmts[id.value]; }
  const Type& operator[](TypeId id) const { return types[id.value]; }
};

}  // namespace hp::probec::ast
