/* The syntax tree to a checked program: names resolved, types assigned, conversions made explicit.
 *
 * Items are checked in the order of the text. Files: checker.cpp (items, statements), check_types.cpp,
 * check_names.cpp (variables and built-ins), check_ops.cpp, check_places.cpp and check_assign.cpp
 * (operators), check_convert.cpp, check_calls.cpp (functions), check_actions.cpp, check_formats.cpp,
 * check_translate.cpp, check_providers.cpp, check_arguments.cpp (args[]), check_stability.cpp. */
#pragma once
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "probec/ast.hpp"
#include "probec/lexer.hpp"
#include "probec/options.hpp"
#include "probec/type_source.hpp"

namespace hp::probec {

class Checker {
 public:
  /* kernel: may be null. */
  Checker(const ast::Tree& tree, const std::vector<Source>& sources, const Options& options,
          TypeSource* kernel, CheckedProgram& out);

  /* Declarations are checked as soon as they have been parsed, clauses when a whole source has been:
   * that decides which of two errors is reported, and what a clause may name. Each call continues
   * where the last one stopped. Throw CompileError. */
  void check_declarations();
  void check_clauses();
  /* While a call is parsed: is there a function of that name? Throws CompileError. */
  void check_called(const std::string& name, Location loc);
  /* Afterwards: throws D_PRAGMA_UNUSED for #pragma D attributes and binding of no item's name. */
  void find_unused_pragmas() const;
  /* What was being checked when an error was thrown. */
  [[nodiscard]] const char* region() const { return region_; }

 private:
  /* Whose declaration it is: C's may be declared anew by the program. */
  enum class Owner : uint8_t { D, C, Program };
  /* What a global name means. */
  enum class SymbolKind : uint8_t {
    Variable,
    Builtin,
    Args,
    Uregs,
    Function,
    Inline,
    Constant,
    Typedef
  };
  struct Symbol {
    SymbolKind kind = SymbolKind::Variable;
    uint32_t index = 0; /* variable, builtin, function, declaration of an inline */
    int64_t value = 0;  /* Constant; Builtin::Arg's number */
    TypeId type;        /* Typedef, Inline, Constant */
    Owner owner = Owner::D;
  };
  struct Translation {
    const ast::Translator* decl;
    TypeId output, input;
    std::vector<std::string> names; /* the parameter's, for InlineFrame */
  };
  /* A value that a translator stands for: only its members can be had. */
  struct Translated {
    const Translation* translation;
    ExprId input;
    TypeId type; /* as written: output, or a pointer to it */
    bool pointer;
  };
  struct InlineFrame { /* parameters of the inline being expanded */
    const std::vector<std::string>* names;
    std::vector<ExprId> values;
  };

  /* checker.cpp */
  void declaration(const ast::Declaration& decl, uint32_t index);
  struct PrototypeRules {
    bool varargs = false, may_be_void = false, named = false;
    const std::vector<std::string>* formals = nullptr; /* names that may be used */
  };
  size_t check_prototype(const ast::Type& list, const char* kind, PrototypeRules rules);
  void check_inline(const ast::Declaration& decl, TypeId result);
  [[noreturn]] void aggregation_statement(const ast::Expr& expr);
  void translator(const ast::Translator& translator);
  void provider(const ast::Provider& provider);
  void clause(const ast::Clause& clause);
  BlockId block(const std::vector<ast::StmtId>& stmts);
  void statement(ast::StmtId id, Block& block);
  StmtId add(Stmt stmt);
  void append(Block& block, Stmt stmt);

  /* check_types.cpp */
  TypeId type_of(ast::TypeId id);
  TypeId base_type(const ast::Type& type);
  TypeId tagged_type(const ast::Type& type);
  TypeId struct_body(TypeId id, const ast::Type& type);
  TypeId enum_body(TypeId id, const ast::Type& type);
  TypeId object_type(ast::TypeId id, Location loc); /* not void, complete */
  int64_t constant_integer(ast::ExprId id, Tag tag, const char* what);
  TypeId named_type(std::string_view text); /* of the built-in tables: "uint32_t", "void *" */

  /* check_names.cpp */
  [[nodiscard]] const Symbol* find(const std::string& name) const;
  [[nodiscard]] Owner owner_at(Location loc) const;
  void define(const std::string& name, Symbol symbol, Location loc);
  /* "did you mean execname?", or "". */
  std::string similar_name(const std::string& name, bool function) const;
  VariableId find_variable(Scope scope, const std::string& name) const;
  VariableId declare_variable(Scope scope, const std::string& name, TypeId type, Location loc);
  ExprId identifier(const ast::Expr& expr);
  ExprId variable(VariableId id, Location loc);
  ExprId kernel_symbol(const std::string& text, Location loc);
  ExprId builtin(Builtin which, uint64_t number, Location loc);
  ExprId uregs_element(const ast::Expr& expr);
  ExprId array_variable(const ast::Expr& expr, VariableId id);
  ExprId inline_use(const Symbol& symbol, const std::vector<ast::ExprId>& args, Location loc,
                    bool called);
  InlineFrame inline_frame(const ast::Declaration& decl, const std::vector<ast::ExprId>& args,
                           Location loc);
  bool is_unknown_variable(ast::ExprId id); /* a name that an assignment would create */
  ExprId create_for_assignment(ast::ExprId id, TypeId type);
  std::vector<ExprId> key_values(const std::vector<ast::ExprId>& keys, Location loc,
                                 bool structures = false);
  void match_keys(const std::string& name, std::vector<ExprId>& values,
                  const std::vector<TypeId>& keys, Location loc);
  static Scope scope_of(ast::NameScope scope);

  /* check_ops.cpp */
  ExprId expression(ast::ExprId id); /* a place or a value; void if a call gives nothing */
  ExprId value(ast::ExprId id);      /* not a function */
  bool acts(ExprId a) const; /* an action or aggregation: has no value, and may not be discarded */
  void forbid_action(ExprId a, Location loc, const std::string& where);
  ExprId unary(const ast::Expr& expr);
  ExprId increment(const ast::Expr& expr);
  ExprId binary(const ast::Expr& expr);
  ExprId arithmetic(Op op, ExprId a, ExprId b, Location loc);
  ExprId comparison(Op op, ExprId a, ExprId b, Location loc);
  ExprId logical(Op op, ExprId a, ExprId b, Location loc);
  ExprId additive(Op op, ExprId a, ExprId b, Location loc);
  ExprId assign(const ast::Expr& expr);
  ExprId conditional(const ast::Expr& expr);
  ExprId index(const ast::Expr& expr);
  ExprId subscript(ExprId a, ExprId b, Location loc);
  ExprId member(const ast::Expr& expr);
  ExprId member_of(ExprId place, const std::string& name, Location loc, const char* op);
  bool find_member(TypeId type, const std::string& name, std::vector<uint32_t>& path);
  ExprId address_of(ExprId a, Location loc);
  ExprId root_variable(ExprId place) const;
  ExprId address_of_element(const ast::Expr& index, Location loc);
  ExprId dereference(ExprId a, Location loc);
  ExprId sizeof_value(const ast::Expr& expr);
  ExprId offsetof_value(const ast::Expr& expr);
  ExprId kernel_size(TypeId of, const std::string& member, uint64_t value, TypeId type,
                     Location loc);
  ExprId string_of(ExprId a, Location loc);
  ExprId condition(ExprId a, Location loc, Tag tag, const char* what);

  /* check_translate.cpp */
  std::optional<Translated> translated_value(ast::ExprId id);
  std::optional<Translated> translated_inline(const Symbol& symbol,
                                              const std::vector<ast::ExprId>& args, Location loc);
  const Translation* look_up_translation(TypeId from, TypeId to) const;
  Translated translate(const ast::Expr& xlate, ExprId input);
  ExprId translate_member(const Translated& value, const ast::Expr& member);
  ExprId translated(const Translation& translation, const std::string& member, ExprId input);
  ExprId assign_translated(ExprId place, const Translated& value, Location loc);

  /* check_providers.cpp */
  /* One argument of a probe: which of the native ones it is made of, and how. */
  struct ProbeArgument {
    unsigned native = 0;
    TypeId type;                              /* of that native one */
    TypeId output;                            /* what the clause sees */
    const Translation* translation = nullptr; /* null: the native value is it */
    bool scalar = false; /* the clause sees that translation's member `value` */
    friend bool operator==(const ProbeArgument&, const ProbeArgument&) = default;
  };
  struct DeclaredProvider {
    std::unordered_map<std::string, std::vector<ProbeArgument>> probes;
  };
  std::vector<ProbeArgument> probe_arguments(const ast::ProviderProbe& probe,
                                             const std::string& provider);
  ProbeArgument probe_argument(const ast::Expr& args);
  const Translation* scalar_translation(TypeId from, const std::string& tag) const;
  std::optional<std::vector<ProbeArgument>> kernel_arguments(const ProbeDesc& desc, bool returns);
  ExprId args_element(const ast::Expr& expr);
  ExprId native_argument(const ProbeArgument& argument, Location loc);

  /* check_stability.cpp */
  void apply_stability_pragmas();
  /* A name that is used: lowers what the clause has; D_ATTR_MIN if it is less than -x amin. */
  void uses(const char* kind, const std::string& name, const Attributes& attributes, Location loc);
  void uses_name(const char* kind, const std::string& name, Location loc);
  Attributes description_attributes(const ProbeDesc& desc, ProviderAttributes& of) const;
  void start_stability(const ast::Clause& clause, Clause& made);

  /* check_convert.cpp */
  ExprId add(Expr expr);
  ExprId integer(uint64_t value, TypeId type, Location loc);
  ExprId convert(ExprId a, TypeId to); /* any permitted explicit conversion */
  ExprId bound(ExprId a, TypeId to);   /* to a parameter */
  ExprId convert_node(ExprId a, TypeId to, Conversion conversion, uint64_t bound = 0);
  bool castable(ExprId a, TypeId to) const;
  bool assignable(ExprId a, TypeId to) const; /* implicitly: assignment, argument */
  TypeId promoted_type(ExprId a) const;
  ExprId promote(ExprId a);
  ExprId decay(ExprId a); /* arrays to pointers */
  TypeId common_type(TypeId a, TypeId b) const;
  bool is_place(ExprId a) const;
  bool is_constant(ExprId a) const { return out_[a].kind == ExprKind::Integer; }
  bool is_bit_field(ExprId a) const;
  Space space_of(ExprId place) const;
  bool made_from_own_pointer(ExprId integer) const;
  bool string_like(TypeId type) const; /* string, char array, pointer to char */
  bool compatible_pointers(ExprId a, ExprId b) const;
  const Type& type(ExprId a) const { return out_.type_of(a); }
  std::string type_name(ExprId a) const;
  Range operands(const std::vector<ExprId>& list);
  StringId string(std::string text);
  bool fold(Op op, ExprId a, ExprId b, TypeId type, Location loc, uint64_t& value) const;

  /* check_calls.cpp */
  struct Prototype {
    struct Parameter {
      TypeId type;
      bool optional = false, any = false, aggregation = false;
      std::string text;
      /* As the guides declare it: what takes a string takes a const char *. */
      [[nodiscard]] std::string shown() const {
        if (text == "string") return "const char *";
        return text.starts_with("host ") ? text.substr(5) : text;
      }
    };
    TypeId result;
    bool stack = false, symbol = false, varargs = false;
    std::vector<Parameter> parameters;
    size_t required = 0;
  };
  const Prototype& prototype(Function function);
  ExprId call(const ast::Expr& expr);
  ExprId stack_call(Function function, const ast::Expr& expr);
  std::vector<ExprId> checked_arguments(Function function, const std::vector<ast::ExprId>& args,
                                        Location loc, size_t skip = 0);
  [[nodiscard]] std::string kind_name(const Symbol& symbol) const;
  [[noreturn]] void argument_mismatch(const std::string& name, size_t number,
                                      const std::string& wanted, const std::string& given,
                                      Location loc, Tag tag = Tag::D_PROTO_ARG);
  void argument_count(const std::string& name, size_t given, size_t least, size_t most,
                      Location loc, Tag tag = Tag::D_PROTO_LEN);

  /* check_actions.cpp */
  void aggregate(const ast::Expr& expr, Block& block);
  void aggregating_count(Function function, const ast::Expr& call);
  void aggregation_parameters(Aggregation& agg, const ast::Expr& call);
  AggregationId find_aggregation(const std::string& name) const;
  void action(Function function, const ast::Expr& expr, Block& block);
  void recording(Function function, Location loc);
  Range aggregation_list(const std::vector<AggregationId>& list);
  AggregationId aggregation_argument(const ast::Expr& call, size_t index, Function function,
                                     Tag not_aggregation, Tag undefined);
  uint64_t positive_constant(ExprId a, Tag tag, const std::string& what);

  /* check_formats.cpp */
  void printf_action(Function function, const ast::Expr& expr, Stmt& stmt);
  void printa_action(const ast::Expr& expr, Stmt& stmt);
  void check_conversions(Function function, const std::string& text,
                         const std::vector<ExprId>& args, Location loc, bool printa);

  const ast::Tree& tree_;
  const std::vector<Source>& sources_;
  const Options& options_;
  TypeSource* kernel_;
  CheckedProgram& out_;
  const char* region_ = "";
  size_t next_item_ = 0, next_clause_ = 0, next_pragma_ = 0;
  std::unordered_set<std::string> own_names_; /* declared by the program, not by the library */

  std::unordered_map<std::string, Symbol> globals_;
  std::unordered_map<std::string, Function> aggregating_;
  std::unordered_map<std::string, VariableId> self_, this_;
  std::unordered_map<std::string, TypeId> structs_, unions_, enums_;
  std::unordered_set<uint32_t> c_types_; /* of these, the ones that C's libraries declare */
  std::unordered_map<std::string, AggregationId> aggregations_;
  std::unordered_map<int, Prototype> prototypes_;
  std::vector<TypeId> resolved_; /* by ast::TypeId */
  std::vector<bool> pinned_;     /* by VariableId: the address space is settled */
  std::vector<InlineFrame> inlines_;
  std::deque<Translation> translations_;                 /* deque: frames point into it */
  std::unordered_map<std::string, Attributes> declared_; /* by #pragma D attributes */
  Attributes least_ = kMostStable;                       /* of what has been used */
  ProviderAttributes provider_;                          /* of the clause */
  int expanding_ = 0;                                    /* inlines around what is checked */
  std::unordered_map<std::string, DeclaredProvider> providers_;
  const ast::Clause* clause_ = nullptr;
  uint32_t statement_number_ = 0;
  bool speculated_ = false, committed_ = false, recorded_ = false;
};

/* By functions.def. */
bool is_action(Function function);
/* "+", "==", "->": for messages. */
const char* spelling_of(Op op);

}  // namespace hp::probec
