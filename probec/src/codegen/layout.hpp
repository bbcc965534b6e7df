/* Layout: the first pass of code generation. Decides where variables are stored, how every key and
 * record field is encoded, and how large records and keys can get. Pure data, computed once. */
#pragma once
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "probec/checked.hpp"
#include "probec/codegen.hpp"
#include "probec/diagnostic.hpp"
#include "transport/object.h"
#include "transport/segment.h"

namespace hp::probec::codegen {

/* How one value is stored in a key or a record field. */
struct Encoding {
  uint32_t val = HP_VAL_INT; /* HP_VAL_* */
  uint32_t room = 8;         /* bytes at most, multiple of 8 */
  uint32_t size = 8;         /* of the D type; BYTES: bytes that count */
  uint32_t flags = 0;        /* HP_FIELD_* */
  std::string type;          /* D type name */
};

struct VariableLayout {
  uint64_t offset = 0; /* Global and This scalars: in their area */
  uint32_t size = 0;   /* bytes of a value; strings: strsize */
  uint32_t id = 0;     /* dynamic ones: first word of their key */
  bool dynamic = false;
  uint32_t key_room = 0; /* dynamic ones: bytes of the largest key */
};

struct ActionLayout {
  StmtId stmt;
  uint32_t kind = 0; /* HP_ACT_* */
  uint32_t flags = 0;
  uint32_t index = 0; /* in HP_TBL_ACTIONS */
  std::vector<Encoding> fields;
  uint32_t room = 0; /* bytes with header */
};

struct ClauseLayout {
  std::vector<ActionLayout> actions;            /* in the order of the text */
  std::unordered_map<uint32_t, size_t> by_stmt; /* StmtId -> index in actions */
  uint32_t max_record = 0;
  uint32_t charge = 0; /* bytes of the record as dtrace(1) lays it out, for specsize and bufsize */
};

struct Layout {
  std::vector<VariableLayout> variables;               /* by VariableId */
  std::vector<std::vector<Encoding>> aggregation_keys; /* by AggregationId */
  std::vector<uint32_t> aggregation_words;
  std::vector<ClauseLayout> clauses;
  uint64_t globals_size = 0, locals_size = 0;
  uint32_t dyn_key_size = 8, dyn_val_size = 8;
  bool uses_memory = false, uses_ppid = false, uses_ancestors = false, uses_strtok = false;
  bool speculates = false, uses_stacks = false, uses_kernel = false;

  const ActionLayout* action_of(size_t clause, StmtId stmt) const {
    const auto& actions = clauses[clause].actions;
    auto it = clauses[clause].by_stmt.find(stmt.value);
    return it == clauses[clause].by_stmt.end() ? nullptr : &actions[it->second];
  }
};

/* What code generation refuses: [D_CG_EXPR], at a place in the text. */
tl::unexpected<Diagnostic> refuse(const Location&, std::string message);

tl::expected<Layout, Diagnostic> make_layout(const CheckedProgram&, const CodegenOptions&);

/* Encoding of an expression's value when nothing else constrains it. */
Encoding encoding_of(const CheckedProgram&, const CodegenOptions&, ExprId);
Encoding encoding_of_type(const CheckedProgram&, const CodegenOptions&, TypeId);
/* usym() and its kin: an address in the process that fires; sym() and its kin: in the kernel. */
bool is_user_symbol(Function);
/* Bytes a value of the type takes in a variable. */
uint32_t storage_size(const CheckedProgram&, TypeId);

}  // namespace hp::probec::codegen
