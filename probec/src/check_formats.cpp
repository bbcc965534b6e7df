/* Formats of printf(), printa() and the actions like them against their arguments. */
#include "probec/checker.hpp"
#include "transport/format.hpp"

namespace hp::probec {

namespace {

/* What a conversion takes, in the words of messages. */
const char* prototype_text(const FormatPiece& piece) {
  switch (piece.argument) {
    case FormatArgument::Integer:
      return "char, short, int, long, or long long";
    case FormatArgument::Char:
      return "char, short, or int";
    case FormatArgument::Float:
      return "float, double, or long double";
    case FormatArgument::Pointer:
      return "pointer or integer";
    case FormatArgument::String:
      return piece.wide ? "wchar_t []" : "char [] or string (or use stringof)";
    case FormatArgument::Stack:
      return "stack";
    case FormatArgument::Address:
      return piece.conversion == 'A'
                 ? "pointer or integer (with -p/-c) or _usymaddr (without -p/-c)"
                 : "pointer or integer";
    case FormatArgument::Time:
      return "int64_t";
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

std::string count_keys(size_t n) {
  return std::to_string(n) + (n == 1 ? " key" : " keys");
}

}  // namespace

/* args: what the conversions without @ consume, in order; for printa() the aggregations' keys. */
void Checker::check_conversions(Function function, const std::string& text,
                                const std::vector<ExprId>& args, Location loc, bool printa) {
  std::string name = name_of(function);
  Result<Format> parsed = parse_format(text);
  if (!parsed) raise(Tag::D_SYNTAX, loc, name + "( ) format: " + parsed.error().message);
  if (parsed->pieces.empty())
    raise(Tag::D_PRINTF_FMT_EMPTY, loc, name + "( ) format string is empty");
  size_t next = 0, conversion = 0;
  for (const FormatPiece& piece : parsed->pieces) {
    if (piece.argument == FormatArgument::None) continue;
    ++conversion;
    const std::string number = "conversion #" + std::to_string(conversion);
    const std::string letter = "%" + piece.name();
    const auto mismatch = [&](Tag tag, const std::string& what, const std::string& shown,
                              const char* wanted, const std::string& given) {
      raise(tag, loc,
            name + "( ) " + what + " is incompatible with " + number +
                " prototype:\n\tconversion: " + shown + "\n\t prototype: " + wanted +
                "\n\t  argument: " + given);
    };
    const auto argument = [&] { return "argument #" + std::to_string(next + 2); };
    for (const bool precision : {false, true}) {
      if (!(precision ? piece.precision_argument : piece.width_argument)) continue;
      const std::string star = precision ? ".*" : "*";
      if (next >= args.size())
        raise(Tag::D_PRINTF_DYN_PROTO, loc,
              name + "( ) prototype mismatch: " + number + " (" + letter +
                  ") is missing a corresponding \"" + star + "\" argument");
      if (!type(args[next]).is_integer())
        mismatch(Tag::D_PRINTF_DYN_TYPE, argument(), "%" + star + piece.name(), "int",
                 type_name(args[next]));
      ++next;
    }
    if (piece.at) {
      if (!printa)
        raise(Tag::D_PRINTF_AGG_CONV, loc,
              "%@ conversion requires an aggregation and is not for use with " + name + "( )");
      const bool number_wanted =
          piece.argument == FormatArgument::Integer || piece.argument == FormatArgument::Char ||
          piece.argument == FormatArgument::Pointer || piece.argument == FormatArgument::Address;
      if (!number_wanted)
        mismatch(Tag::D_PRINTF_ARG_TYPE, "aggregating action", letter, prototype_text(piece),
                 "int64_t");
      continue;
    }
    if (next >= args.size())
      raise(Tag::D_PRINTF_ARG_PROTO, loc,
            name + "( ) prototype mismatch: " + number + " (" + letter +
                ") is missing a corresponding value argument");
    ExprId arg = args[next++];
    const Type& of = type(arg);
    bool pointer_to_char = of.is_pointer() && out_.types[of.target].is_char &&
                           piece.argument == FormatArgument::String;
    if (!pointer_to_char && !accepts(out_.types, piece.argument, of)) {
      --next;
      mismatch(Tag::D_PRINTF_ARG_TYPE, argument(), letter, prototype_text(piece), type_name(arg));
    }
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
    argument_mismatch(name, 1, "string constant", type_name(a), format.loc, Tag::D_PRINTF_ARG_FMT);
  }
  std::vector<ExprId> args;
  for (size_t i = 1; i < expr.args.size(); ++i) args.push_back(value(expr.args[i]));
  /* freopen("") gives the output back to standard output. */
  if (!(function == Function::Freopen && format.text.empty()))
    check_conversions(function, format.text, args, expr.loc, false);
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
    raise(Tag::D_PRINTA_PROTO, expr.loc, "printa( ) prototype mismatch: 1 arg passed, 2 expected");
  std::vector<AggregationId> aggs;
  for (size_t i = first; i < expr.args.size(); ++i)
    aggs.push_back(aggregation_argument(expr, i, Function::Printa, Tag::D_PRINTA_AGGARG,
                                        Tag::D_PRINTA_AGGBAD));
  for (AggregationId id : aggs) {
    out_.aggregations[id.value].printed = true;
    const std::string &left = out_[aggs[0]].name, &right = out_[id].name;
    const std::vector<TypeId>& a = out_[aggs[0]].keys;
    const std::vector<TypeId>& b = out_[id].keys;
    if (a.size() != b.size())
      raise(Tag::D_PRINTA_AGGKEY, expr.loc,
            "printa(): @" + left + " and @" + right + " do not have matching key signatures: @" +
                left + " has " + count_keys(a.size()) + ", @" + right + " has " +
                count_keys(b.size()));
    for (size_t i = 0; i < a.size(); ++i) {
      const Type& x = out_.types[a[i]];
      const Type& y = out_.types[b[i]];
      if (x.kind == y.kind || (x.is_scalar() && y.is_scalar())) continue;
      const std::string key = " key #" + std::to_string(i + 1);
      const auto aligned = [](const std::string& s) {
        return s.size() < 9 ? std::string(9 - s.size(), ' ') + s : s;
      };
      raise(Tag::D_PRINTA_AGGPROTO, expr.loc,
            "printa(): @" + right + "[ ]" + key + " is incompatible with @" + left + ":\n" +
                aligned(left) + key + ": " + out_.types.name(a[i]) + "\n" + aligned(right) + key +
                ": " + out_.types.name(b[i]));
    }
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
    check_conversions(Function::Printa, text, keys, expr.loc, true);
    stmt.format = string(text);
  }
  stmt.aggregations = aggregation_list(aggs);
}

}  // namespace hp::probec
