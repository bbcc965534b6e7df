/* Formats of printf(), printa() and the actions like them against their arguments. */
#include "probec/checker.hpp"
#include "transport/format.hpp"

namespace hp::probec {

namespace {

const char* prototype_text(FormatArgument argument) {
  switch (argument) {
    case FormatArgument::Integer:
      return "integral type";
    case FormatArgument::Char:
      return "integral type (character)";
    case FormatArgument::Float:
      return "float, double, or long double";
    case FormatArgument::Pointer:
      return "pointer or integer";
    case FormatArgument::String:
      return "char [] or string (or use stringof)";
    case FormatArgument::Stack:
      return "stack or ustack";
    case FormatArgument::Address:
      return "pointer or integer";
    case FormatArgument::Time:
      return "64-bit integer of nanoseconds";
    case FormatArgument::Network:
      return "struct sockaddr *";
    case FormatArgument::None:
      break;
  }
  return "";
}

bool accepts(const TypeTable& types, FormatArgument argument, const Type& type) {
  switch (argument) {
    case FormatArgument::Integer:
      return type.is_integer() || type.is_pointer();
    case FormatArgument::Char:
      return type.is_integer();
    case FormatArgument::Float:
      return type.kind == TypeKind::Float;
    case FormatArgument::Pointer:
      return type.is_scalar();
    case FormatArgument::Address:
      return type.is_scalar() || type.kind == TypeKind::Symbol;
    case FormatArgument::Time:
      return type.is_integer();
    case FormatArgument::String:
      return type.is_string() || type.kind == TypeKind::Symbol ||
             (type.kind == TypeKind::Array && types[type.target].is_char);
    case FormatArgument::Stack:
      return type.kind == TypeKind::Stack;
    case FormatArgument::Network:
      return type.is_pointer();
    case FormatArgument::None:
      break;
  }
  return true;
}

}  // namespace

/* args: what the conversions without @ consume, in order; for printa() the aggregations' keys. */
void Checker::check_conversions(Function function, const std::string& text,
                                const std::vector<ExprId>& args, Location loc, bool printa,
                                size_t aggregations) {
  std::string name = name_of(function);
  Result<Format> parsed = parse_format(text);
  if (!parsed) raise(Tag::D_SYNTAX, loc, name + "( ) format: " + parsed.error().message);
  if (parsed->pieces.empty())
    raise(Tag::D_PRINTF_FMT_EMPTY, loc, name + "( ) format string is empty");
  size_t next = 0, conversion = 0, at = 0;
  for (const FormatPiece& piece : parsed->pieces) {
    if (piece.argument == FormatArgument::None) continue;
    ++conversion;
    std::string number = "conversion #" + std::to_string(conversion) + " (" + piece.spec + ")";
    for (bool star : {piece.width_argument, piece.precision_argument}) {
      if (!star) continue;

      if (next >= args.size())
        raise(Tag::D_PRINTF_DYN_PROTO, loc,
              name + "( ) prototype mismatch: " + number +
                  " is missing a corresponding \"*\" argument");
      const Type& of = type(args[next]);
      if (!of.is_integer())
        raise(Tag::D_PRINTF_DYN_TYPE, loc,
              name + "( ) argument #" + std::to_string(next + 2) + " is incompatible with " +
                  number + " prototype:\n\tconversion: *\n\t prototype: int\n\t  argument: " +
                  type_name(args[next]));
      ++next;
    }
    if (piece.at) {
      if (!printa)
        raise(Tag::D_PRINTF_AGG_CONV, loc,
              name + "( ) " + number + " is only for an aggregation: use printa( )");
      ++at;
      if (at > aggregations)
        raise(Tag::D_PRINTA_AGGPROTO, loc,
              "printa( ) prototype mismatch: " + number + " has no corresponding aggregation");
      continue;
    }
    if (next >= args.size())
      raise(Tag::D_PRINTF_ARG_PROTO, loc,
            name + "( ) prototype mismatch: " + number + " is missing a corresponding " +
                (printa ? "key" : "value argument"));
    ExprId arg = args[next++];
    const Type& of = type(arg);
    bool pointer_to_char = of.is_pointer() && out_.types[of.target].is_char &&
                           piece.argument == FormatArgument::String;
    if (!pointer_to_char && !accepts(out_.types, piece.argument, of))
      raise(Tag::D_PRINTF_ARG_TYPE, loc,
            name + "( ) argument #" + std::to_string(next + 1) + " is incompatible with " + number +
                " prototype:\n\tconversion: " + piece.spec + "\n\t prototype: " +
                prototype_text(piece.argument) + "\n\t  argument: " + type_name(arg));
  }
  if (!printa && next < args.size())
    raise(Tag::D_PRINTF_ARG_EXTRA, loc,
          name + "( ) prototype mismatch: only " + std::to_string(next + 1) +
              " arguments required by this format string");
}

void Checker::printf_action(Function function, const ast::Expr& expr, Stmt& stmt) {
  std::string name = name_of(function);
  argument_count(name, expr.args.size(), 1, SIZE_MAX, expr.loc);
  const ast::Expr& format = tree_[expr.args[0]];
  if (format.kind != ast::ExprKind::String) {
    ExprId a = value(expr.args[0]);
    argument_mismatch(name, 1, "string constant", type_name(a), format.loc,
                      type(a).is_string() ? Tag::D_PRINTF_ARG_FMT : Tag::D_PROTO_ARG);
  }
  std::vector<ExprId> args;
  for (size_t i = 1; i < expr.args.size(); ++i) args.push_back(value(expr.args[i]));
  /* freopen("") gives the output back to standard output. */
  if (!(function == Function::Freopen && format.text.empty()))
    check_conversions(function, format.text, args, expr.loc, false, 0);
  if (function == Function::Freopen && format.text == ".")
    raise(Tag::D_FREOPEN_INVALID, expr.loc, "freopen( ) argument #1 cannot be \".\"");
  /* A char * for %s is read when the clause runs. */
  Result<Format> parsed = parse_format(format.text);
  size_t next = 0;
  if (parsed)
    for (const FormatPiece& piece : parsed->pieces) {
      if (piece.argument == FormatArgument::None) continue;
      next += size_t(piece.width_argument) + size_t(piece.precision_argument);
      if (next < args.size() && piece.argument == FormatArgument::String &&
          type(args[next]).is_pointer())
        args[next] = convert(args[next], out_.types.string_type);
      ++next;
    }
  stmt.format = string(format.text);
  stmt.operands = operands(args);
}

/* printa(@a, ...) or printa("format", @a, ...) */
void Checker::printa_action(const ast::Expr& expr, Stmt& stmt) {
  if (expr.args.empty())
    raise(Tag::D_PROTO_LEN, expr.loc,
          "printa( ) prototype mismatch: no arguments passed, at least 1 expected");
  size_t first = tree_[expr.args[0]].kind == ast::ExprKind::String ? 1 : 0;
  if (first == 1 && expr.args.size() == 1)
    raise(Tag::D_PRINTA_PROTO, expr.loc,
          "printa( ) prototype mismatch: only a format string passed, an aggregation expected");
  std::vector<AggregationId> aggs;
  for (size_t i = first; i < expr.args.size(); ++i)
    aggs.push_back(aggregation_argument(expr, i, Function::Printa, Tag::D_PRINTA_AGGARG,
                                        Tag::D_PRINTA_AGGBAD));
  for (AggregationId id : aggs) {
    out_.aggregations[id.value].printed = true;
    const std::vector<TypeId>& a = out_[aggs[0]].keys;
    const std::vector<TypeId>& b = out_[id].keys;
    if (a.size() != b.size())
      raise(Tag::D_PRINTA_AGGKEY, expr.loc,
            "printa( ) @" + out_[id].name + " has " + std::to_string(b.size()) + " keys and @" +
                out_[aggs[0]].name + " has " + std::to_string(a.size()));
    bool same = true;
    for (size_t i = 0; same && i < a.size(); ++i) {
      const Type& x = out_.types[a[i]];
      const Type& y = out_.types[b[i]];
      same = x.kind == y.kind || (x.is_scalar() && y.is_scalar());
    }
    if (!same)
      raise(Tag::D_PRINTA_AGGPROTO, expr.loc,
            "printa( ) @" + out_[id].name + " keys do not match those of @" + out_[aggs[0]].name);
  }
  if (first == 1) {
    const std::string& text = tree_[expr.args[0]].text;
    /* The keys stand for themselves: only their types matter. */
    std::vector<ExprId> keys;
    for (TypeId key : std::vector<TypeId>(out_[aggs[0]].keys)) {
      Expr typed;
      typed.kind = ExprKind::Integer;
      typed.type = key;
      typed.loc = expr.loc;
      keys.push_back(add(typed));
    }
    check_conversions(Function::Printa, text, keys, expr.loc, true, aggs.size());
    stmt.format = string(text);
  }
  stmt.aggregations = aggregation_list(aggs);
}

}  // namespace hp::probec
