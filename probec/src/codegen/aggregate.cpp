/* @name[keys] = function(value, weight) */
#include "clause.hpp"

namespace hp::probec::codegen {

void ClauseEmitter::aggregate(const Stmt& s) {
  const Aggregation& a = p_[s.aggregation];
  uint32_t agg = s.aggregation.value;
  Cursor k = key({}, s.operands, l_.aggregation_keys[agg]);
  llvm::Value* v = s.expr.valid() ? int_value(s.expr) : i64(0);
  llvm::Value* weight = s.expr2.valid() ? int_value(s.expr2) : i64(1);
  uint64_t initial = a.function == Function::Min   ? static_cast<uint64_t>(INT64_MAX)
                     : a.function == Function::Max ? static_cast<uint64_t>(INT64_MIN)
                                                   : 0;
  llvm::Value* words = call("hp_rt_agg", {ctx_, i32(agg), k.base, k.offset,
                                          i32(l_.aggregation_words[agg]), i64(initial)});
  auto* update = new_block("update");
  auto* done = new_block("aggregated");
  branch_rarely(b_.CreateIsNull(words), done, update);
  b_.SetInsertPoint(update);
  auto param = [&](int i) { return i64(static_cast<uint64_t>(a.params[i])); };
  switch (a.function) {
    case Function::Sum:
      call("hp_rt_agg_sum", {words, v});
      break;
    case Function::Min:
      call("hp_rt_agg_min", {words, v});
      break;
    case Function::Max:
      call("hp_rt_agg_max", {words, v});
      break;
    case Function::Avg:
      call("hp_rt_agg_avg", {words, v});
      break;
    case Function::Stddev:
      call("hp_rt_agg_stddev", {words, v});
      break;
    case Function::Quantize:
      call("hp_rt_agg_quantize", {words, v, weight});
      break;
    case Function::Lquantize:
      call("hp_rt_agg_lquantize", {words, v, weight, param(0), param(1), param(2)});
      break;
    case Function::Llquantize:
      call("hp_rt_agg_llquantize", {words, v, weight, param(0), param(1), param(2), param(3)});
      break;
    default:
      call("hp_rt_agg_count", {words, v});
      break;
  }
  b_.CreateBr(done);
  b_.SetInsertPoint(done);
}

}  // namespace hp::probec::codegen
