#include "layout.hpp"

#include <algorithm>

#include "shape.hpp"
#include "transport/buckets.h"

namespace hp::probec::codegen {
namespace {

constexpr uint32_t kMaxArea = 1u << 20;

uint32_t round8(uint64_t n) {
  return static_cast<uint32_t>((n + 7) & ~uint64_t{7});
}

uint32_t string_room(const CheckedProgram& p) {
  return 8 + round8(p.strsize - 1);
}

/* Frames of stack() or ustack(): their type's, or the option's default. */
uint32_t frames_of(const CodegenOptions& o, const Type& t, Function f) {
  uint64_t n = t.count ? t.count : f == Function::Stack ? o.stack_frames : o.ustack_frames;
  return static_cast<uint32_t>(std::min<uint64_t>(n, 512));
}

/* Which HP_ACT_* prints this value. */
uint32_t trace_kind(const Expr& e) {
  if (e.kind != ExprKind::Call) return HP_ACT_TRACE;
  switch (e.function) {
    case Function::Stack:
      return HP_ACT_STACK;
    case Function::Ustack:
      return HP_ACT_USTACK;
    case Function::Jstack:
      return HP_ACT_JSTACK;
    case Function::Sym:
    case Function::Symmod:
    case Function::Func:
      return HP_ACT_SYM;
    case Function::Mod:
      return HP_ACT_MOD;
    case Function::Usym:
    case Function::Ufunc:
      return HP_ACT_USYM;
    case Function::Umod:
      return HP_ACT_UMOD;
    case Function::Uaddr:
      return HP_ACT_UADDR;
    default:
      return HP_ACT_TRACE;
  }
}

/* 0: the action writes nothing into the record. */
uint32_t action_kind(const CheckedProgram& p, const Stmt& s) {
  switch (s.action) {
    case Function::Trace:
      return trace_kind(p[p.operands[s.operands.first]]);
    case Function::Tracemem:
      return HP_ACT_TRACEMEM;
    case Function::Printf:
      return HP_ACT_PRINTF;
    case Function::Printa:
      return HP_ACT_PRINTA;
    case Function::Print:
      return HP_ACT_PRINT;
    case Function::Clear:
      return HP_ACT_CLEAR;
    case Function::Trunc:
      return HP_ACT_TRUNC;
    case Function::Normalize:
      return HP_ACT_NORMALIZE;
    case Function::Denormalize:
      return HP_ACT_DENORMALIZE;
    case Function::Exit:
      return HP_ACT_EXIT;
    case Function::Freopen:
      return HP_ACT_FREOPEN;
    case Function::System:
      return HP_ACT_SYSTEM;
    case Function::Ftruncate:
      return HP_ACT_FTRUNCATE;
    case Function::Setopt:
      return HP_ACT_SETOPT;
    case Function::Pcap:
      return HP_ACT_PCAP;
    default:
      return 0;
  }
}

class LayoutPass {
 public:
  LayoutPass(const CheckedProgram& p, const CodegenOptions& o) : p_(p), o_(o) {}

  tl::expected<Layout, Diagnostic> run() {
    HP_TRYV(lay_out_variables());
    size_t n = p_.aggregations.size();
    out_.aggregation_keys.resize(n);
    out_.aggregation_words.resize(n);
    seen_.assign(n, false);
    for (const Clause& c : p_.clauses) {
      current_ = &out_.clauses.emplace_back();
      if (!c.has_body || c.speculates) current_->max_record = sizeof(hp_rec);
      current_->charge = 8; /* enabled probe ID and speculation */
      HP_TRYV(lay_out_block(c.body));
      if (!current_->actions.empty()) {
        uint64_t size = sizeof(hp_rec);
        for (const ActionLayout& a : current_->actions) size += a.room;
        if (size > kMaxArea * 16) return refuse(c.loc, "records of this clause are too large");
        current_->max_record = static_cast<uint32_t>(size);
      }
    }
    for (size_t i = 0; i < n; i++) HP_TRYV(lay_out_aggregation(i));
    out_.speculates = std::any_of(p_.clauses.begin(), p_.clauses.end(),
                                  [](const Clause& c) { return c.speculates || c.commits; }) ||
                      std::any_of(p_.exprs.begin(), p_.exprs.end(), [](const Expr& e) {
                        return e.kind == ExprKind::Call && e.function == Function::Speculation;
                      });
    out_.uses_ancestors = std::any_of(p_.exprs.begin(), p_.exprs.end(), [](const Expr& e) {
      return e.kind == ExprKind::Call && e.function == Function::Progenyof;
    });
    out_.uses_ppid =
        out_.uses_ancestors || std::any_of(p_.exprs.begin(), p_.exprs.end(), [](const Expr& e) {
          return e.kind == ExprKind::BuiltinVar && e.builtin == Builtin::Ppid;
        });
    out_.uses_strtok = std::any_of(p_.exprs.begin(), p_.exprs.end(), [](const Expr& e) {
      return e.kind == ExprKind::Call && e.function == Function::Strtok;
    });
    out_.uses_stacks = std::any_of(p_.exprs.begin(), p_.exprs.end(), [](const Expr& e) {
      return (e.kind == ExprKind::BuiltinVar &&
              (e.builtin == Builtin::Ucaller || e.builtin == Builtin::Ustackdepth)) ||
             (e.kind == ExprKind::Call &&
              (e.function == Function::Ustack || e.function == Function::Jstack ||
               is_user_symbol(e.function)));
    });
    out_.uses_kernel = std::any_of(p_.exprs.begin(), p_.exprs.end(), [&](const Expr& e) {
      return (e.kind == ExprKind::BuiltinVar &&
              (e.builtin == Builtin::Caller || e.builtin == Builtin::Stackdepth)) ||
             (e.kind == ExprKind::Call &&
              (e.function == Function::Stack ||
               (p_.types[e.type].kind == TypeKind::Symbol && !is_user_symbol(e.function))));
    });
    out_.uses_kernel |= std::any_of(p_.stmts.begin(), p_.stmts.end(), [&](const Stmt& s) {
      return s.format.valid() && p_[s.format].find("%a") != std::string::npos;
    });
    return std::move(out_);
  }

 private:
  tl::expected<void, Diagnostic> lay_out_variables() {
    for (const Variable& v : p_.variables) {
      VariableLayout l;
      const Type& t = p_.types[v.type];
      l.size = storage_size(p_, v.type);
      l.id = static_cast<uint32_t>(out_.variables.size()) + 1;
      l.dynamic = v.associative || v.scope == Scope::Self;
      if (l.size > kMaxArea) return refuse(v.loc, v.name + " is too large");
      if (l.dynamic) {
        l.key_room = v.scope == Scope::Self ? 16 : 8;
        for (TypeId k : v.keys) l.key_room += encoding_of_type(p_, o_, k).room;
        out_.dyn_key_size = std::max(out_.dyn_key_size, l.key_room);
        out_.dyn_val_size = std::max(out_.dyn_val_size, round8(l.size));
      } else {
        uint64_t& area = v.scope == Scope::This ? out_.locals_size : out_.globals_size;
        uint64_t align = t.is_string() ? 8 : std::max<uint64_t>(t.align, 1);
        area = (area + align - 1) / align * align;
        l.offset = area;
        area += l.size;
      }
      out_.variables.push_back(l);
    }
    out_.globals_size = round8(out_.globals_size);
    out_.locals_size = round8(out_.locals_size);
    if (out_.locals_size > kMaxArea || out_.globals_size > kMaxArea * 64)
      return refuse({}, "variables need too much memory");
    return {};
  }

  tl::expected<void, Diagnostic> lay_out_block(BlockId id) {
    if (!id.valid()) return {};
    for (StmtId s : p_[id].stmts) HP_TRYV(lay_out_stmt(s));
    return {};
  }

  tl::expected<void, Diagnostic> lay_out_stmt(StmtId id) {
    const Stmt& s = p_[id];
    switch (s.kind) {
      case StmtKind::Expression:
        break;
      case StmtKind::If:
        HP_TRYV(lay_out_block(s.then_block));
        HP_TRYV(lay_out_block(s.else_block));
        break;
      case StmtKind::Aggregate:
        merge_keys(s);
        break;
      case StmtKind::Action:
        HP_TRYV(lay_out_action(id, s));
        break;
    }
    return {};
  }

  tl::expected<void, Diagnostic> lay_out_action(StmtId id, const Stmt& s) {
    uint32_t kind = action_kind(p_, s);
    if (!kind) return {};
    ActionLayout a{.stmt = id, .kind = kind, .index = next_action_++};
    if (s.action == Function::Trunc && s.operands.count) a.flags = 1;
    if (s.action == Function::Tracemem) {
      HP_TRYV(lay_out_tracemem(s, a));
    } else if (s.action == Function::Pcap) { /* time, link type, bytes captured, the bytes */
      for (int i = 0; i < 3; i++) a.fields.push_back({HP_VAL_INT, 8, 8, HP_FIELD_SIGNED, "long"});
      a.fields.push_back(
          {HP_VAL_BYTES, round8(o_.packet_size), o_.packet_size, HP_FIELD_ARRAY, "packet"});
    } else if (s.action == Function::Print) {
      lay_out_print(p_.operands[s.operands.first], a);
    } else {
      for (uint32_t i = 0; i < s.operands.count; i++) {
        ExprId e = p_.operands[s.operands.first + i];
        if (p_.type_of(e).kind == TypeKind::Void) return refuse(s.loc, "an argument has no value");
        a.fields.push_back(encoding_of(p_, o_, e));
      }
    }
    a.room = sizeof(hp_rec_action);
    for (const Encoding& f : a.fields) {
      if (f.room > kMaxArea) return refuse(s.loc, "value is too large to record");
      a.room += f.room;
      charge(f);
    }
    if (a.fields.empty() && s.action != Function::Printf) current_->charge += 4;
    current_->by_stmt.emplace(id.value, current_->actions.size());
    current_->actions.push_back(std::move(a));
    return {};
  }

  /* dtrace(1) aligns each value to its size. */
  void charge(const Encoding& f) {
    const bool kernel_symbol = f.val == HP_VAL_USYM && f.size == 8;
    const bool text = f.val != HP_VAL_INT && f.val != HP_VAL_BYTES && !kernel_symbol;
    const uint32_t size = text ? p_.strsize : f.size;
    const uint32_t align = f.val == HP_VAL_INT || kernel_symbol             ? size
                           : (f.flags & (HP_FIELD_STACK | HP_FIELD_USTACK)) ? 8
                                                                            : 1;
    current_->charge = (current_->charge + align - 1) / align * align + size;
  }

  /* A value; or of a pointer, its value and what it points to. The last field tells its shape. */
  void lay_out_print(ExprId id, ActionLayout& a) {
    const Type& t = p_.type_of(id);
    Encoding e = encoding_of(p_, o_, id);
    TypeId shown = p_[id].type;
    if (t.is_pointer()) {
      a.fields.push_back(e);
      e = encoding_of_type(p_, o_, t.target);
      e.val = HP_VAL_BYTES;
      shown = t.target;
    }
    if (e.val == HP_VAL_BYTES && !(e.flags & (HP_FIELD_STACK | HP_FIELD_USTACK))) {
      e.size = std::min(e.size, o_.print_size);
      e.room = round8(e.size);
    }
    e.type = encode_shape(shape_of(p_, shown));
    a.fields.push_back(std::move(e));
  }

  /* Bytes of the constant size, then how many of them count if a third argument says. */
  tl::expected<void, Diagnostic> lay_out_tracemem(const Stmt& s, ActionLayout& a) {
    const Expr& size = constant(p_.operands[s.operands.first + 1]);
    if (size.kind != ExprKind::Integer || size.value == 0 || size.value > kMaxArea)
      return refuse(s.loc, "tracemem( ) size must be a constant from 1 to 1048576");
    auto n = static_cast<uint32_t>(size.value);
    a.fields.push_back(
        {HP_VAL_BYTES, round8(n), n, HP_FIELD_ARRAY, "char [" + std::to_string(n) + "]"});
    if (s.operands.count > 2)
      a.fields.push_back(encoding_of(p_, o_, p_.operands[s.operands.first + 2]));
    return {};
  }

  const Expr& constant(ExprId id) const {
    const Expr* e = &p_[id];
    while (e->kind == ExprKind::Convert && e->conversion == Conversion::Integer) e = &p_[e->a];
    return *e;
  }

  /* One encoding per key position for all uses of an aggregation: a builtin string is stored as an
   * index or a fixed field only if every use of that position is the same builtin. */
  void merge_keys(const Stmt& s) {
    auto& keys = out_.aggregation_keys[s.aggregation.value];
    bool first = !seen_[s.aggregation.value];
    seen_[s.aggregation.value] = true;
    for (uint32_t i = 0; i < s.operands.count; i++) {
      Encoding e = encoding_of(p_, o_, p_.operands[s.operands.first + i]);
      if (first) {
        keys.push_back(e);
      } else if (i < keys.size() && keys[i].val != e.val) {
        const auto& types = p_[s.aggregation].keys;
        keys[i] = i < types.size() ? encoding_of_type(p_, o_, types[i]) : e;
      }
    }
  }

  tl::expected<void, Diagnostic> lay_out_aggregation(size_t i) {
    const Aggregation& a = p_.aggregations[i];
    auto& keys = out_.aggregation_keys[i];
    if (!seen_[i])
      for (TypeId t : a.keys) keys.push_back(encoding_of_type(p_, o_, t));
    uint64_t room = 0, words = 1;
    for (const Encoding& k : keys) room += k.room;
    switch (a.function) {
      case Function::Avg:
        words = 2;
        break;
      case Function::Stddev:
        words = 4;
        break;
      case Function::Quantize:
        words = HP_QUANTIZE_BUCKETS;
        break;
      case Function::Lquantize:
        words = hp_lquantize_levels(a.params[0], a.params[1], a.params[2]) + 2;
        break;
      case Function::Llquantize:
        words = hp_llquantize_words(a.params[0], a.params[1], a.params[2], a.params[3]);
        break;
      default:
        break;
    }
    if (room > kMaxArea || words > kMaxArea)
      return refuse(a.loc, "aggregation @" + a.name + " is too large");
    out_.aggregation_words[i] = static_cast<uint32_t>(words);
    return {};
  }

  const CheckedProgram& p_;
  const CodegenOptions& o_;
  Layout out_;
  ClauseLayout* current_ = nullptr;
  uint32_t next_action_ = 0;
  std::vector<bool> seen_;
};

}  // namespace

bool is_user_symbol(Function f) {
  return f == Function::Usym || f == Function::Ufunc || f == Function::Umod || f == Function::Uaddr;
}

tl::unexpected<Diagnostic> refuse(const Location& loc, std::string message) {
  return tl::make_unexpected(Diagnostic{Tag::D_CG_EXPR, loc, std::move(message), {}, {}});
}

tl::expected<Layout, Diagnostic> make_layout(const CheckedProgram& p, const CodegenOptions& o) {
  return LayoutPass(p, o).run();
}

uint32_t storage_size(const CheckedProgram& p, TypeId id) {
  const Type& t = p.types[id];
  if (t.is_string()) return round8(p.strsize);
  if (t.kind == TypeKind::Array) {
    uint64_t size = uint64_t{storage_size(p, t.target)} * t.count;
    return static_cast<uint32_t>(std::min<uint64_t>(size, UINT32_MAX / 2));
  }
  if (t.size > UINT32_MAX / 2) return UINT32_MAX / 2;
  return t.size ? static_cast<uint32_t>(t.size) : 8;
}

Encoding encoding_of_type(const CheckedProgram& p, const CodegenOptions& o, TypeId id) {
  const Type& t = p.types[id];
  Encoding e;
  e.type = p.types.name(id);
  switch (t.kind) {
    case TypeKind::String:
      e.val = HP_VAL_STR;
      e.room = string_room(p);
      e.size = p.strsize;
      e.type = "string";
      break;
    case TypeKind::Stack: {
      uint32_t frames = frames_of(o, t, Function::Ustack);
      e = {HP_VAL_BYTES, 16 + frames * 8, 16 + frames * 8, HP_FIELD_USTACK, "ustack"};
      break;
    }
    case TypeKind::Symbol:
      e = {HP_VAL_USYM, 16, 16, HP_FIELD_SYM, "usym"};
      break;
    case TypeKind::Array:
    case TypeKind::Struct:
    case TypeKind::Union:
      e.val = HP_VAL_BYTES;
      e.size = static_cast<uint32_t>(std::min<uint64_t>(t.size, UINT32_MAX / 2));
      e.room = round8(e.size);
      e.flags = t.kind == TypeKind::Array
                    ? HP_FIELD_ARRAY | (p.types[t.target].is_char ? HP_FIELD_CHAR : 0)
                    : HP_FIELD_STRUCT;
      break;
    default:
      e.size = static_cast<uint32_t>(t.size ? t.size : 8);
      e.flags = (t.is_signed ? HP_FIELD_SIGNED : 0) | (t.is_pointer() ? HP_FIELD_POINTER : 0) |
                (t.is_char ? HP_FIELD_CHAR : 0);
      break;
  }
  return e;
}

Encoding encoding_of(const CheckedProgram& p, const CodegenOptions& o, ExprId id) {
  const Expr& e = p[id];
  Encoding r = encoding_of_type(p, o, e.type);
  if (e.kind == ExprKind::BuiltinVar) {
    auto index = [&](uint32_t val) { r.val = val, r.room = 8; };
    switch (e.builtin) {
      case Builtin::Execname:
        r.val = HP_VAL_COMM;
        r.room = HP_COMM_LEN;
        break;
      case Builtin::Probeprov:
        index(HP_VAL_PROBEPROV);
        break;
      case Builtin::Probemod:
        index(HP_VAL_PROBEMOD);
        break;
      case Builtin::Probefunc:
        index(HP_VAL_PROBEFUNC);
        break;
      case Builtin::Probename:
        index(HP_VAL_PROBENAME);
        break;
      case Builtin::Vmname:
        index(HP_VAL_VMNAME);
        break;
      case Builtin::Hostname:
        index(HP_VAL_HOSTNAME);
        break;
      default:
        break;
    }
  }
  if (e.kind == ExprKind::Call) {
    r.type = r.val == HP_VAL_BYTES || (r.flags & HP_FIELD_SYM) ? name_of(e.function) : r.type;
    if (r.flags & HP_FIELD_SYM) {
      if (!is_user_symbol(e.function)) r.size = 8; /* to dtrace(1) an address and no more */
      if (e.function == Function::Umod || e.function == Function::Mod) r.flags |= HP_FIELD_MODULE;
      if (e.function == Function::Uaddr) r.flags |= HP_FIELD_ADDRESS;
    }
    if (e.function == Function::Stack) {
      uint32_t frames = frames_of(o, p.types[e.type], e.function);
      r.room = r.size = 16 + frames * 8;
      r.flags = HP_FIELD_STACK;
    }
  }
  return r;
}

}  // namespace hp::probec::codegen
