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

/* The C type that a size prefix asks for; null: any size will do. */
const char* sized_prototype(const std::string& name) {
  static constexpr std::pair<const char*, const char*> kSized[] = {
      {"hd", "short"},
      {"hi", "short"},
      {"ho", "unsigned short"},
      {"hu", "unsigned short"},
      {"hx", "short"},
      {"hX", "short"},
      {"ld", "long"},
      {"li", "long"},
      {"lo", "unsigned long"},
      {"lu", "unsigned long"},
      {"lx", "long"},
      {"lX", "long"},
      {"lld", "long long"},
      {"lli", "long long"},
      {"llo", "unsigned long long"},
      {"llu", "unsigned long long"},
      {"llx", "long long"},
      {"llX", "long long"},
      {"lc", "int"},
      {"wc", "int"},
      {"Le", "long double"},
      {"LE", "long double"},
      {"Lf", "long double"},
      {"Lg", "long double"},
      {"LG", "long double"},
  };
  for (auto [known, type] : kSized)
    if (name == known) return type;
  return nullptr;
}

/* A size prefix is a promise about the argument's type; x and X print any sign. */
bool accepts_sized(const std::string& name, const Type& type) {
  if (!type.is_integer()) return false;
  bool any_sign = name.ends_with('x') || name.ends_with('X');
  bool is_signed = !name.ends_with('o') && !name.ends_with('u');
  uint64_t size = name.starts_with('h') ? 2 : name == "lc" || name == "wc" ? 4 : 8;
  return type.size == size && (any_sign || type.is_signed == is_signed);
}

bool accepts(const TypeTable& types, FormatArgument argument, const Type& type) {
  switch (argument) {
    case FormatArgument::Integer:
      return type.is_integer();
    case FormatArgument::Char:
      return type.is_integer() && type.size <= 4;
    case FormatArgument::Float:
      return type.kind == TypeKind::Float;
    case FormatArgument::Pointer:
      return type.is_scalar() || type.kind == TypeKind::Array;
    case FormatArgument::Address:
      return type.is_scalar() || type.kind == TypeKind::Symbol || type.kind == TypeKind::Array;
    case FormatArgument::Time:
      return type.is_integer() && type.size == 8;
    case FormatArgument::String:
      return type.is_string() || (type.kind == TypeKind::Array && types[type.target].is_char);
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
    if (piece.is_literal()) continue;
    ++conversion; /* %% is one, too */
    if (piece.conversion == '%') continue;
    const std::string spelled = piece.name();
    const std::string number = std::to_string(conversion);
    auto dynamic = [&](const char* star) {
      if (next >= args.size())
        raise(Tag::D_PRINTF_DYN_PROTO, loc,
              name + "( ) prototype mismatch: conversion #" + number + " (%" + spelled +
                  ") is missing a corresponding \"" + star + "\" argument");
      if (!type(args[next]).is_integer())
        raise(Tag::D_PRINTF_DYN_TYPE, loc,
              name + "( ) argument #" + std::to_string(next + 2) +
                  " is incompatible with conversion #" + number + " prototype:\n\tconversion: % " +
                  star + " " + spelled +
                  "\n\t prototype: int\n\t  argument: " + type_name(args[next]));
      ++next;
    };
    if (piece.width_argument) dynamic("*");
    if (piece.precision_argument) dynamic(".*");
    const char* sized = sized_prototype(spelled);
    auto mismatch = [&](const std::string& what, const std::string& given) {
      raise(Tag::D_PRINTF_ARG_TYPE, loc,
            name + "( ) " + what + " is incompatible with conversion #" + number +
                " prototype:\n\tconversion: %" + spelled + "\n\t prototype: " +
                (sized ? sized : prototype_text(piece)) + "\n\t  argument: " + given);
    };
    if (piece.at) {
      if (!printa)
        raise(Tag::D_PRINTF_AGG_CONV, loc,
              "%@ conversion requires an aggregation and is not for use with " + name + "( )",
              "use printa( )");
      const Type& result = out_.types[out_.types.int64_type];
      if (sized ? !accepts_sized(spelled, result) : !accepts(out_.types, piece.argument, result))
        mismatch("aggregating action", "int64_t");
      continue;
    }
    if (next >= args.size())
      raise(Tag::D_PRINTF_ARG_PROTO, loc,
            name + "( ) prototype mismatch: conversion #" + number + " (%" + spelled +
                ") is missing a corresponding value argument");
    ExprId arg = args[next++];
    const Type& of = type(arg);
    if (sized ? !accepts_sized(spelled, of) : !accepts(out_.types, piece.argument, of))
      mismatch("argument #" + std::to_string(next + 1), type_name(arg));
  }
  if (!printa && next < args.size())
    raise(Tag::D_PRINTF_ARG_EXTRA, loc,
          name + "( ) prototype mismatch: only " + std::to_string(next) +
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
  stmt.format = string(format.text);
  stmt.operands = operands(args);
}

/* printa(@a, ...) or printa("format", @a, ...) */
void Checker::printa_action(const ast::Expr& expr, Stmt& stmt) {
  if (expr.args.empty())
    raise(Tag::D_PROTO_LEN, expr.loc, "printa( ) prototype mismatch: 0 args passed, 1 expected");
  size_t first = tree_[expr.args[0]].kind == ast::ExprKind::String ? 1 : 0;
  if (first == 1 && expr.args.size() == 1)
    raise(Tag::D_PRINTA_PROTO, expr.loc, "printa( ) prototype mismatch: 1 args passed, 2 expected");
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
            "printa( ): @" + left + " and @" + right +
                " do not have matching key signatures: " + "@" + left + " has " +
                count_keys(a.size()) + ", @" + right + " has " + count_keys(b.size()));
    for (size_t i = 0; i < a.size(); ++i) {
      const Type& x = out_.types[a[i]];
      const Type& y = out_.types[b[i]];
      if (x.kind == y.kind || (x.is_integer() && y.is_integer()) ||
          (string_like(a[i]) && string_like(b[i])))
        continue;
      auto column = [](const std::string& name) {
        return name.size() < 9 ? std::string(9 - name.size(), ' ') + name : name;
      };
      std::string key = " key #" + std::to_string(i + 1);
      raise(Tag::D_PRINTA_AGGPROTO, expr.loc,
            "printa( ): @" + right + "[ ]" + key + " is incompatible with @" + left + ":\n" +
                column(left) + key + ": " + out_.types.name(a[i]) + "\n" + column(right) + key +
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
