/* Reads everything that a parsed object offers, as consumer and dispatcher together would; returns
 * something that depends on all of it. */
#pragma once
#include <cstring>

#include "transport/buckets.h"
#include "transport/object.hpp"

namespace hp::test {

inline size_t visit(const Object& o) {
  size_t n = o.source().size();
  for (const auto& d : o.descs())
    for (uint32_t s : {d.target, d.prov, d.mod, d.func, d.name}) n += std::strlen(o.str(s));
  for (const auto& c : o.clauses()) {
    n += std::strlen(o.str(c.symbol)) + o.source_of(c).size() + o.descs_of(c).size();
    for (const auto& a : o.actions_of(c)) {
      n += std::strlen(o.str(a.format));
      for (const auto& f : o.fields_of(a)) n += std::strlen(o.str(f.type));
      for (uint32_t r : o.aggs_of(a)) n += std::strlen(o.str(o.aggs()[r].name));
    }
  }
  for (const auto& a : o.aggs()) {
    for (const auto& k : o.keys_of(a)) n += std::strlen(o.str(k.type));
    for (int64_t value : {INT64_MIN, int64_t{-1}, int64_t{0}, int64_t{1000}, INT64_MAX}) {
      if (a.func == HP_AGG_LQUANTIZE) {
        uint64_t b = hp_lquantize_bucket(value, a.param[0], a.param[1], a.param[2]);
        if (b >= a.words) __builtin_trap();
      }
      if (a.func == HP_AGG_LLQUANTIZE) {
        uint64_t b = hp_llquantize_bucket(value, a.param[0], a.param[1], a.param[2], a.param[3]);
        if (b >= a.words) __builtin_trap();
      }
    }
  }
  for (const auto& v : o.vars()) n += std::strlen(o.str(v.name)) + std::strlen(o.str(v.type));
  for (const auto& p : o.options()) n += std::strlen(o.str(p.name)) + std::strlen(o.str(p.value));
  for (const auto& r : o.core())
    n += std::strlen(o.core_str(r.type)) + std::strlen(o.core_str(r.path)) + r.reference;
  for (const auto& s : o.sections()) n += std::strlen(o.section_name(s)) + o.contents(s).size();
  for (const auto& s : o.symbols()) n += std::strlen(o.symbol_name(s));
  return n;
}

}  // namespace hp::test
