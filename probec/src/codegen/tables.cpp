#include "tables.hpp"

#include <cstring>
#include <type_traits>
#include <unordered_map>

namespace hp::probec::codegen {
namespace {

class Writer {
 public:
  Writer(const CheckedProgram& p, const Layout& l) : p_(p), l_(l) { strings_.push_back('\0'); }

  std::string write() {
    for (size_t i = 0; i < p_.clauses.size(); i++) clause(i);
    for (size_t i = 0; i < p_.aggregations.size(); i++) aggregation(i);
    for (size_t i = 0; i < p_.variables.size(); i++) variable(i);
    for (const OptionSetting& o : p_.options) options_.push_back({string(o.name), string(o.value)});

    hp_obj_header h{};
    h.magic = HP_OBJ_MAGIC;
    h.version = HP_OBJ_VERSION;
    h.flags = (p_.destructive ? uint32_t{HP_OBJ_DESTRUCTIVE} : 0u) |
              (l_.uses_memory ? uint32_t{HP_OBJ_USES_MEMORY} : 0u) |
              (l_.uses_stacks ? uint32_t{HP_OBJ_USES_STACKS} : 0u) |
              (l_.uses_kernel ? uint32_t{HP_OBJ_USES_KERNEL} : 0u) |
              (l_.uses_ppid ? uint32_t{HP_OBJ_USES_PPID} : 0u) |
              (l_.uses_ancestors ? uint32_t{HP_OBJ_USES_ANCESTORS} : 0u) |
              (l_.speculates ? uint32_t{HP_OBJ_SPECULATES} : 0u);
    h.strsize = p_.strsize;
    h.globals_size = static_cast<uint32_t>(l_.globals_size);
    h.locals_size = static_cast<uint32_t>(l_.locals_size);
    ident(h.ident);

    std::string out(sizeof h, '\0');
    table(out, h, HP_TBL_DESCS, descs_);
    table(out, h, HP_TBL_CLAUSES, clauses_);
    table(out, h, HP_TBL_ACTIONS, actions_);
    table(out, h, HP_TBL_FIELDS, fields_);
    table(out, h, HP_TBL_AGGS, aggs_);
    table(out, h, HP_TBL_AGGREFS, aggrefs_);
    table(out, h, HP_TBL_VARS, vars_);
    table(out, h, HP_TBL_OPTIONS, options_);
    table(out, h, HP_TBL_STRINGS, strings_);
    h.size = static_cast<uint32_t>(out.size());
    std::memcpy(out.data(), &h, sizeof h);
    return out;
  }

 private:
  template <class T>
  static void table(std::string& out, hp_obj_header& h, int which, const std::vector<T>& rows) {
    out.resize((out.size() + 7) & ~size_t{7});
    h.tables[which] = {static_cast<uint32_t>(out.size()), static_cast<uint32_t>(rows.size())};
    out.append(reinterpret_cast<const char*>(rows.data()), rows.size() * sizeof(T));
  }

  uint32_t string(const std::string& text) {
    if (text.empty()) return 0;
    auto [it, fresh] = interned_.try_emplace(text, static_cast<uint32_t>(strings_.size()));
    if (fresh) strings_.insert(strings_.end(), text.c_str(), text.c_str() + text.size() + 1);
    return it->second;
  }

  hp_obj_range fields(const std::vector<Encoding>& list) {
    hp_obj_range r{static_cast<uint32_t>(fields_.size()), static_cast<uint32_t>(list.size())};
    for (const Encoding& e : list) fields_.push_back({e.val, e.size, e.flags, string(e.type)});
    return r;
  }

  void clause(size_t i) {
    const Clause& c = p_.clauses[i];
    const ClauseLayout& l = l_.clauses[i];
    hp_obj_clause out{};
    out.symbol = string("hp_clause_" + std::to_string(i));
    out.flags = (c.has_body ? 0u : uint32_t{HP_CLAUSE_DEFAULT}) |
                (c.predicate.valid() ? uint32_t{HP_CLAUSE_PREDICATE} : 0u) |
                (c.speculates ? uint32_t{HP_CLAUSE_SPECULATES} : 0u) |
                (c.commits ? uint32_t{HP_CLAUSE_COMMITS} : 0u);
    out.descs = {static_cast<uint32_t>(descs_.size()), static_cast<uint32_t>(c.descs.size())};
    for (const ProbeDesc& d : c.descs)
      descs_.push_back({string(d.target), string(d.provider), string(d.module), string(d.function),
                        string(d.name), static_cast<uint32_t>(i), d.id, d.loc.line, d.loc.column});
    out.actions = {static_cast<uint32_t>(actions_.size()), static_cast<uint32_t>(l.actions.size())};
    for (const ActionLayout& a : l.actions) action(a);
    out.max_record = l.max_record;
    out.charge = l.max_record != 0 ? l.charge : 0;
    out.line = c.loc.line;
    out.source = c.text_first;
    out.source_len = c.text_size;
    clauses_.push_back(out);
  }

  void action(const ActionLayout& a) {
    const Stmt& s = p_[a.stmt];
    hp_obj_action out{};
    out.kind = a.kind;
    out.format = s.format.valid() ? string(p_[s.format]) : 0;
    out.fields = fields(a.fields);
    out.aggs = {static_cast<uint32_t>(aggrefs_.size()), s.aggregations.count};
    for (uint32_t k = 0; k < s.aggregations.count; k++)
      aggrefs_.push_back(p_.aggregation_refs[s.aggregations.first + k].value);
    out.flags = a.flags;
    out.line = s.loc.line;
    actions_.push_back(out);
  }

  static uint32_t function_code(Function f) {
    switch (f) {
      case Function::Sum:
        return HP_AGG_SUM;
      case Function::Min:
        return HP_AGG_MIN;
      case Function::Max:
        return HP_AGG_MAX;
      case Function::Avg:
        return HP_AGG_AVG;
      case Function::Stddev:
        return HP_AGG_STDDEV;
      case Function::Quantize:
        return HP_AGG_QUANTIZE;
      case Function::Lquantize:
        return HP_AGG_LQUANTIZE;
      case Function::Llquantize:
        return HP_AGG_LLQUANTIZE;
      default:
        return HP_AGG_COUNT;
    }
  }

  void aggregation(size_t i) {
    const Aggregation& a = p_.aggregations[i];
    hp_obj_agg out{};
    out.name = string(a.name);
    out.func = function_code(a.function);
    out.keys = fields(l_.aggregation_keys[i]);
    out.words = l_.aggregation_words[i];
    out.flags =
        (a.is_signed ? uint32_t{HP_AGG_SIGNED} : 0u) | (a.printed ? uint32_t{HP_AGG_PRINTED} : 0u);
    std::memcpy(out.param, a.params, sizeof out.param);
    aggs_.push_back(out);
  }

  void variable(size_t i) {
    const Variable& v = p_.variables[i];
    vars_.push_back({string(v.name), static_cast<uint32_t>(v.scope), v.associative ? 1u : 0u,
                     l_.variables[i].id, l_.variables[i].size, string(p_.types.name(v.type)),
                     v.loc.line, 0});
  }

  /* 128-bit FNV-1a of the text and the options: equal programs have equal idents. */
  void ident(uint8_t out[16]) const {
    unsigned __int128 h =
        (static_cast<unsigned __int128>(0x6c62272e07bb0142) << 64) | 0x62b821756295c58d;
    const unsigned __int128 prime = (static_cast<unsigned __int128>(1) << 88) | 0x13b;
    auto add = [&](const std::string& s) {
      for (unsigned char c : s) h = (h ^ c) * prime;
      h = (h ^ 0x100) * prime;
    };
    add(p_.source_text);
    for (const OptionSetting& o : p_.options) add(o.name), add(o.value);
    std::memcpy(out, &h, 16);
  }

  const CheckedProgram& p_;
  const Layout& l_;
  std::vector<char> strings_;
  std::unordered_map<std::string, uint32_t> interned_;
  std::vector<hp_obj_desc> descs_;
  std::vector<hp_obj_clause> clauses_;
  std::vector<hp_obj_action> actions_;
  std::vector<hp_obj_field> fields_;
  std::vector<hp_obj_agg> aggs_;
  std::vector<uint32_t> aggrefs_;
  std::vector<hp_obj_var> vars_;
  std::vector<hp_obj_option> options_;
};

}  // namespace

std::string make_tables(const CheckedProgram& p, const Layout& l) {
  return Writer(p, l).write();
}

}  // namespace hp::probec::codegen
