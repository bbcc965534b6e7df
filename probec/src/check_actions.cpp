/* Statements that record, aggregate or act. */
#include <algorithm>
#include <limits>

#include "probec/checker.hpp"

namespace hp::probec {

AggregationId Checker::find_aggregation(const std::string& name) const {
  auto found = aggregations_.find(name);
  return found == aggregations_.end() ? AggregationId() : found->second;
}

Range Checker::aggregation_list(const std::vector<AggregationId>& list) {
  Range range{static_cast<uint32_t>(out_.aggregation_refs.size()),
              static_cast<uint32_t>(list.size())};
  out_.aggregation_refs.insert(out_.aggregation_refs.end(), list.begin(), list.end());
  return range;
}

/* lquantize and llquantize take their bounds as constants; every use of the aggregation must agree. */
void Checker::aggregation_parameters(Aggregation& agg, const ast::Expr& call) {
  auto constant = [&](size_t i, Tag tag, const char* what) -> int64_t {
    ExprId a = value(call.args[i]);
    if (!is_constant(a) || !type(a).is_integer())
      raise(tag, tree_[call.args[i]].loc,
            std::string(name_of(agg.function)) + "( ) argument #" + std::to_string(i + 1) + " (" +
                what + ") must be an integer constant");
    return static_cast<int64_t>(out_[a].value);
  };
  auto bad = [&](Tag tag, size_t i, const std::string& message) {
    raise(tag, tree_[call.args[i]].loc,
          std::string(name_of(agg.function)) + "( ) argument #" + std::to_string(i + 1) + " " +
              message);
  };
  constexpr int64_t kMax = std::numeric_limits<int32_t>::max();
  constexpr int64_t kMin = std::numeric_limits<int32_t>::min();
  if (agg.function == Function::Lquantize) {
    int64_t base = constant(1, Tag::D_LQUANT_BASETYPE, "base");
    int64_t limit = constant(2, Tag::D_LQUANT_LIMTYPE, "limit");
    int64_t step = 1;
    if (call.args.size() > 3) step = constant(3, Tag::D_LQUANT_STEPTYPE, "step");
    if (base < kMin || base > kMax) bad(Tag::D_LQUANT_BASEVAL, 1, "must be a 32-bit quantity");
    if (limit < kMin || limit > kMax) bad(Tag::D_LQUANT_LIMVAL, 2, "must be a 32-bit quantity");
    if (limit < base)
      raise(Tag::D_LQUANT_MISMATCH, call.loc,
            "lquantize( ) base (argument #2) must be less than limit (argument #3)");
    if (call.args.size() > 3 && step <= 0)
      bad(Tag::D_LQUANT_STEPVAL, 3, "must be a non-zero positive integer constant");
    if (step > std::numeric_limits<uint16_t>::max())
      bad(Tag::D_LQUANT_STEPVAL, 3, "must be a 16-bit quantity");
    int64_t levels = (limit - base) / step;
    if (levels == 0)
      raise(Tag::D_LQUANT_STEPLARGE, call.loc,
            "lquantize( ) step (argument #4) too large: must have at least one quantization level");
    if (levels > std::numeric_limits<uint16_t>::max())
      raise(Tag::D_LQUANT_STEPSMALL, call.loc,
            "lquantize( ) step (argument #4) too small: number of quantization levels must be a "
            "16-bit quantity");
    agg.params[0] = base;
    agg.params[1] = limit;
    agg.params[2] = step;
  } else if (agg.function == Function::Llquantize) {
    int64_t factor = constant(1, Tag::D_LLQUANT_FACTORTYPE, "factor");
    int64_t low = constant(2, Tag::D_LLQUANT_LMAGTYPE, "low magnitude");
    int64_t high = constant(3, Tag::D_LLQUANT_HMAGTYPE, "high magnitude");
    int64_t steps = constant(4, Tag::D_LLQUANT_STEPTYPE, "linear steps per magnitude");
    constexpr int64_t k16 = std::numeric_limits<uint16_t>::max();
    if (factor < 2 || factor > k16)
      bad(Tag::D_LLQUANT_FACTORVAL, 1, "must be a 16-bit quantity of at least two");
    if (low < 0 || low > k16) bad(Tag::D_LLQUANT_LMAGVAL, 2, "must be an unsigned 16-bit quantity");
    if (high < 0 || high > k16)
      bad(Tag::D_LLQUANT_HMAGVAL, 3, "must be an unsigned 16-bit quantity");
    if (high < low)
      bad(Tag::D_LLQUANT_HMAGVAL, 3, "(high magnitude) must be at least the low magnitude");
    /* factor^(high+1) must be a 64-bit quantity. */
    uint64_t power = 1;
    for (int64_t i = 0; i <= high; ++i)
      if (__builtin_mul_overflow(power, static_cast<uint64_t>(factor), &power) ||
          power > static_cast<uint64_t>(std::numeric_limits<int64_t>::max()))
        bad(Tag::D_LLQUANT_HMAGVAL, 3, "(high magnitude) with this factor does not fit in 64 bits");
    if (steps < factor || steps > k16)
      bad(Tag::D_LLQUANT_STEPVAL, 4, "(linear steps) must be at least the factor (argument #2)");
    uint64_t magnitude = static_cast<uint64_t>(factor);
    while (magnitude < static_cast<uint64_t>(steps)) magnitude *= static_cast<uint64_t>(factor);
    if (magnitude % static_cast<uint64_t>(steps) != 0 || steps % factor != 0)
      bad(Tag::D_LLQUANT_STEPVAL, 4, "(linear steps) must evenly divide one order of magnitude");
    if ((high - low + 1) * (steps - steps / factor) > 1 << 15)
      bad(Tag::D_LLQUANT_STEPVAL, 4, "gives too many buckets");
    agg.params[0] = factor;
    agg.params[1] = low;
    agg.params[2] = high;
    agg.params[3] = steps;
  }
}

/* @name[keys] = function(value, ...) */
void Checker::aggregate(const ast::Expr& expr, Block& block) {
  const ast::Expr& target = tree_[expr.a];
  const ast::Expr& call = tree_[expr.b];
  std::string shown = "@" + (target.text == "_" ? std::string() : target.text);
  if (expr.op != Op::None)
    raise(Tag::D_AGG_FUNC, expr.loc, "an aggregation may only be assigned with =");
  if (call.kind != ast::ExprKind::Call)
    raise(Tag::D_AGG_FUNC, call.loc,
          shown + " must be assigned the result of an aggregating function",
          "avg count llquantize lquantize max min quantize stddev sum");
  auto named = aggregating_.find(call.text);
  if (named == aggregating_.end()) {
    const Symbol* symbol = find(call.text);
    if (!symbol)
      raise(Tag::D_FUNC_UNDEF, call.loc, "undefined function name: " + call.text,
            similar_name(call.text, true));
    if (symbol->kind != SymbolKind::Function)
      raise(Tag::D_FUNC_IDKIND, call.loc, call.text + "( ) is not a function");
    raise(Tag::D_AGG_FUNC, call.loc, call.text + "( ) is not an aggregating function",
          "avg count llquantize lquantize max min quantize stddev sum");
  }
  Function function = named->second;
  uses_name("aggregating function", call.text, call.loc);
  if (committed_) raise(Tag::D_AGG_COMM, expr.loc, "aggregating actions may not follow commit( )");
  if (speculated_)
    raise(Tag::D_AGG_SPEC, expr.loc, "aggregating actions may not follow speculate( )");
  recorded_ = true;

  const Prototype& proto = prototype(function);
  bool simple = function != Function::Lquantize && function != Function::Llquantize;
  argument_count(call.text, call.args.size(), proto.required, proto.parameters.size(), call.loc,
                 function == Function::Quantize ? Tag::D_QUANT_PROTO : Tag::D_PROTO_LEN);
  Stmt stmt;
  stmt.kind = StmtKind::Aggregate;
  stmt.loc = expr.loc;
  std::vector<ExprId> keys = key_values(target.args, target.loc);
  bool is_signed = true;
  if (!call.args.empty()) {
    ExprId a = value(call.args[0]);
    if (!type(a).is_scalar())
      raise(Tag::D_AGG_SCALAR, call.loc,
            call.text + "( ) argument #1 must be of scalar type, not " + type_name(a));
    /* As dtrace(1) has it, aggregated values are signed 64-bit integers whatever they came from. */
    stmt.expr = convert(a, out_.types.int64_type);
  }
  size_t weight = function == Function::Quantize     ? 1
                  : function == Function::Lquantize  ? 4
                  : function == Function::Llquantize ? 5
                                                     : SIZE_MAX;
  if (weight < call.args.size()) {
    ExprId a = value(call.args[weight]);
    if (!type(a).is_integer())
      argument_mismatch(call.text, weight + 1, "int64_t", type_name(a), call.loc);
    stmt.expr2 = convert(a, out_.types.int64_type);
  }
  Aggregation wanted;
  wanted.name = target.text;
  wanted.function = function;
  wanted.is_signed = is_signed;
  wanted.loc = target.loc;
  if (!simple) aggregation_parameters(wanted, call);

  AggregationId id = find_aggregation(target.text);
  if (!id.valid()) {
    for (ExprId key : keys) wanted.keys.push_back(out_[key].type);
    out_.aggregations.push_back(std::move(wanted));
    id = AggregationId(out_.aggregations.size() - 1);
    aggregations_.emplace(target.text, id);
  } else {
    Aggregation& known = out_.aggregations[id.value];
    if (known.function != function)
      raise(Tag::D_AGG_REDEF, expr.loc,
            "aggregation redefined: " + shown + "\n\t current: " + shown + " = " + call.text +
                "( )\n\tprevious: " + shown + " = " + name_of(known.function) + "( ) : line " +
                std::to_string(known.loc.line));
    struct Match {
      size_t index;
      Tag tag;
      const char* what;
    };
    static constexpr Match kLinear[] = {{0, Tag::D_LQUANT_MATCHBASE, "base"},
                                        {1, Tag::D_LQUANT_MATCHLIM, "limit"},
                                        {2, Tag::D_LQUANT_MATCHSTEP, "step"}};
    static constexpr Match kLog[] = {{0, Tag::D_LLQUANT_MATCHFACTOR, "factor"},
                                     {1, Tag::D_LLQUANT_MATCHLMAG, "low magnitude"},
                                     {2, Tag::D_LLQUANT_MATCHHMAG, "high magnitude"},
                                     {3, Tag::D_LLQUANT_MATCHSTEPS, "linear steps per magnitude"}};
    auto compare = [&](const Match& match) {
      if (wanted.params[match.index] != known.params[match.index])
        raise(match.tag, call.loc,
              call.text + "( ) " + match.what + " (argument #" + std::to_string(match.index + 2) +
                  ") doesn't match previous declaration at line " + std::to_string(known.loc.line));
    };
    if (function == Function::Lquantize)
      std::for_each(std::begin(kLinear), std::end(kLinear), compare);
    if (function == Function::Llquantize) std::for_each(std::begin(kLog), std::end(kLog), compare);
    known.is_signed = known.is_signed && is_signed;
    match_keys(shown, keys, std::vector<TypeId>(known.keys), target.loc);
  }
  stmt.aggregation = id;
  stmt.operands = operands(keys);
  append(block, stmt);
}

AggregationId Checker::aggregation_argument(const ast::Expr& call, size_t index, Function function,
                                            Tag not_aggregation, Tag undefined) {
  const ast::Expr& arg = tree_[call.args[index]];
  if (arg.kind != ast::ExprKind::Aggregation) {
    argument_mismatch(
        name_of(function), index + 1, "aggregation",
        arg.kind == ast::ExprKind::Call ? "a call" : type_name(value(call.args[index])), arg.loc,
        not_aggregation);
  }
  AggregationId id = find_aggregation(arg.text);
  if (!id.valid())
    raise(undefined, arg.loc, "undefined aggregation: @" + (arg.text == "_" ? "" : arg.text),
          "an aggregation must be assigned in a clause before this one");
  if (arg.keyed)
    raise(not_aggregation, arg.loc,
          std::string(name_of(function)) + "( ) takes @" + arg.text + " without its keys");
  return id;
}

/* Rules about what may follow what in a clause. Destructive actions, discard() and what is recorded
 * speculatively are no data-recording actions in this sense. */
void Checker::recording(Function function, Location loc) {
  std::string name = name_of(function);
  if (function == Function::Speculate) {
    if (committed_) raise(Tag::D_SPEC_COMM, loc, "speculate( ) may not follow commit( )");
    if (recorded_)
      raise(Tag::D_SPEC_DREC, loc, "speculate( ) may not follow data-recording action(s)");
    if (speculated_) raise(Tag::D_SPEC_SPEC, loc, "speculate( ) may not follow speculate( )");
    speculated_ = true;
    return;
  }
  if (function == Function::Commit) {
    if (recorded_)
      raise(Tag::D_COMM_DREC, loc, "commit( ) may not follow data-recording action(s)");
    committed_ = true;
    return;
  }
  if (function == Function::Discard) return;
  switch (function) {
    case Function::Exit:
      if (speculated_) raise(Tag::D_EXIT_SPEC, loc, "exit( ) may not follow speculate( )");
      break;
    case Function::Breakpoint:
    case Function::Chill:
    case Function::Panic:
    case Function::Raise:
    case Function::Stop:
    case Function::Copyout:
    case Function::Copyoutstr:
    case Function::System:
    case Function::Freopen:
      if (speculated_)
        raise(Tag::D_ACT_SPEC, loc, "destructive actions may not follow speculate( )");
      out_.destructive = true;
      return;
    default:
      break;
  }
  if (committed_) raise(Tag::D_DREC_COMM, loc, "data-recording actions may not follow commit( )");
  if (!speculated_) recorded_ = true;
}

void Checker::action(Function function, const ast::Expr& expr, Block& block) {
  Stmt stmt;
  stmt.kind = StmtKind::Action;
  stmt.action = function;
  stmt.loc = expr.loc;
  const std::vector<ast::ExprId>& args = expr.args;
  std::string name = name_of(function);
  uses_name("tracing function", name, expr.loc);
  std::vector<ExprId> values;
  switch (function) {
    case Function::Printf:
    case Function::System:
    case Function::Freopen:
      printf_action(function, expr, stmt);
      break;
    case Function::Printa:
      printa_action(expr, stmt);
      break;
    case Function::Clear:
      argument_count(name, args.size(), 1, 1, expr.loc, Tag::D_CLEAR_PROTO);
      stmt.aggregations = aggregation_list(
          {aggregation_argument(expr, 0, function, Tag::D_CLEAR_AGGARG, Tag::D_CLEAR_AGGBAD)});
      break;
    case Function::Trunc:
      argument_count(name, args.size(), 1, 2, expr.loc);
      stmt.aggregations = aggregation_list(
          {aggregation_argument(expr, 0, function, Tag::D_TRUNC_AGGARG, Tag::D_TRUNC_AGGBAD)});
      values = checked_arguments(function, args, expr.loc, 1);
      break;
    case Function::Normalize:
    case Function::Denormalize:
      argument_count(name, args.size(), function == Function::Normalize ? 2 : 1,
                     function == Function::Normalize ? 2 : 1, expr.loc, Tag::D_NORMALIZE_PROTO);
      stmt.aggregations = aggregation_list({aggregation_argument(
          expr, 0, function, Tag::D_NORMALIZE_AGGARG, Tag::D_NORMALIZE_AGGBAD)});
      if (function == Function::Normalize) {
        ExprId factor = value(args[1]);
        if (!type(factor).is_integer())
          raise(Tag::D_NORMALIZE_SCALAR, tree_[args[1]].loc,
                "normalize( ) argument #2 must be of scalar type");
        values.push_back(convert(factor, out_.types.uint64_type));
      }
      break;
    case Function::Trace:
    case Function::Print: {
      argument_count(name, args.size(), 1, 1, expr.loc);
      ExprId a = expression(args[0]);
      const Type& of = type(a);
      if (acts(a) && out_[a].function == Function::None)
        raise(Tag::D_TRACE_DYN, expr.loc, name + "( ) may not be applied to an aggregation",
              "an aggregation is printed with printa()");
      if (of.kind == TypeKind::Void || of.kind == TypeKind::Function)
        raise(Tag::D_TRACE_VOID, expr.loc, name + "( ) may not be applied to a void expression");
      if (!of.complete)
        raise(Tag::D_TRACE_DYN, expr.loc,
              name + "( ) may not be applied to an expression of unknown size: " + type_name(a));
      if (function == Function::Print && of.is_pointer()) {
        const Type& target = out_.types[of.target];
        if (target.size == 0 && !target.is_string())
          raise(Tag::D_PRINT_SIZE, expr.loc,
                "print( ) argument #1 reference has type '" + out_.types.name(of.target) +
                    "' with size 0; cannot print value");
      }
      values.push_back(a);
      break;
    }
    case Function::Tracemem: {
      argument_count(name, args.size(), 2, 3, expr.loc);
      ExprId address = decay(value(args[0]));
      if (!type(address).is_scalar())
        argument_mismatch(name, 1, "pointer or integer", type_name(address), expr.loc,
                          Tag::D_TRACEMEM_ADDR);
      values.push_back(type(address).is_pointer() ? address
                                                  : convert(address, out_.types.void_pointer));
      ExprId size = value(args[1]);
      if (!type(size).is_integer()) argument_mismatch(name, 2, "size_t", type_name(size), expr.loc);
      positive_constant(
          size, Tag::D_TRACEMEM_SIZE,
          "tracemem( ) argument #2 must be a non-zero positive integral constant expression");
      values.push_back(convert(size, out_.types.uint64_type));
      if (args.size() > 2) {
        ExprId dynamic = value(args[2]);
        if (!type(dynamic).is_integer())
          argument_mismatch(name, 3, "size_t", type_name(dynamic), expr.loc, Tag::D_TRACEMEM_SIZE);
        values.push_back(convert(dynamic, out_.types.uint64_type));
      }
      break;
    }
    case Function::Setopt: {
      argument_count(name, args.size(), 1, 2, expr.loc);
      for (size_t i = 0; i < args.size(); ++i) {
        if (tree_[args[i]].kind != ast::ExprKind::String)
          argument_mismatch(name, i + 1, "string constant", type_name(value(args[i])), expr.loc);
        values.push_back(value(args[i]));
      }
      break;
    }
    case Function::Pcap:
      argument_count(name, args.size(), 2, 2, expr.loc, Tag::D_PCAP_PROTO);
      values.push_back(decay(value(args[0])));
      if (!type(values[0]).is_scalar())
        argument_mismatch(name, 1, "pointer or integer", type_name(values[0]), expr.loc,
                          Tag::D_PCAP_ADDR);
      values.push_back(value(args[1]));
      if (!type(values[1]).is_integer())
        argument_mismatch(name, 2, "int", type_name(values[1]), expr.loc, Tag::D_PCAP_PROTO);
      if (const uint64_t most = options_.number(Option::pcapsize); most == 0 || most > 1u << 16)
        raise(Tag::D_PCAP_SIZE, expr.loc,
              "pcap( ) captures at least 1 and at most 65536 bytes, not -xpcapsize=" +
                  std::to_string(most));
      break;
    default:
      values = checked_arguments(function, args, expr.loc);
  }
  recording(function, expr.loc);
  if (!values.empty()) stmt.operands = operands(values);
  append(block, stmt);
}

}  // namespace hp::probec
