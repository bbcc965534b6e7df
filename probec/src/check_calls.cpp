/* Calls: prototypes (functions.def), arguments, stacks and symbols. */
#include <algorithm>

#include "probec/checker.hpp"

namespace hp::probec {

namespace {

constexpr const char* kPrototypes[] = {
    "",
#define HP_ACTION(id, name, prototype) prototype,
#define HP_SUBROUTINE(id, name, prototype) prototype,
#define HP_AGGFUNC(id, name, prototype) prototype,
#include "probec/functions.def"
#undef HP_ACTION
#undef HP_SUBROUTINE
#undef HP_AGGFUNC
};

enum class Kind : uint8_t { None, Action, Subroutine, Aggregating };
constexpr Kind kKinds[] = {
    Kind::None,
#define HP_ACTION(id, name, prototype) Kind::Action,
#define HP_SUBROUTINE(id, name, prototype) Kind::Subroutine,
#define HP_AGGFUNC(id, name, prototype) Kind::Aggregating,
#include "probec/functions.def"
#undef HP_ACTION
#undef HP_SUBROUTINE
#undef HP_AGGFUNC
};

std::string_view trim(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

bool is_stack(Function function) {
  return function == Function::Stack || function == Function::Ustack ||
         function == Function::Jstack;
}

}  // namespace

bool is_action(Function function) {
  return kKinds[static_cast<size_t>(function)] == Kind::Action;
}

const Checker::Prototype& Checker::prototype(Function function) {
  auto found = prototypes_.find(static_cast<int>(function));
  if (found != prototypes_.end()) return found->second;
  Prototype made;
  std::string_view text = kPrototypes[static_cast<size_t>(function)];
  size_t open = text.find('(');
  std::string_view result = trim(text.substr(0, open));
  if (result == "stack")
    made.stack = true;
  else if (result == "symbol")
    made.symbol = true;
  else
    made.result = named_type(result);
  std::string_view list = text.substr(open + 1, text.size() - open - 2);
  while (!trim(list).empty()) {
    size_t comma = list.find(',');
    std::string_view item = trim(list.substr(0, comma));
    list = comma == std::string_view::npos ? std::string_view() : list.substr(comma + 1);
    if (item == "...") {
      made.varargs = true;
      continue;
    }
    Prototype::Parameter parameter;
    if (item.starts_with('?')) {
      parameter.optional = true;
      item.remove_prefix(1);
    } else {
      ++made.required;
    }
    parameter.text = item;
    if (item == "any")
      parameter.any = true;
    else if (item == "@")
      parameter.aggregation = true;
    else
      parameter.type = named_type(item);
    made.parameters.push_back(std::move(parameter));
  }
  return prototypes_.emplace(static_cast<int>(function), std::move(made)).first->second;
}

void Checker::argument_mismatch(const std::string& name, size_t number, const std::string& wanted,
                                const std::string& given, Location loc, Tag tag) {
  raise(tag, loc,
        name + "( ) argument #" + std::to_string(number) +
            " is incompatible with prototype:\n\tprototype: " + wanted + "\n\t argument: " + given);
}

void Checker::argument_count(const std::string& name, size_t given, size_t least, size_t most,
                             Location loc, Tag tag) {
  if (given >= least && given <= most) return;
  bool open = least == most || most == SIZE_MAX; /* "...": only what must be there is told */
  std::string expected = (open ? "" : "at least ") + std::to_string(least);
  raise(tag, loc,
        name + "( ) prototype mismatch: " + std::to_string(given) + " arg" +
            (given == 1 ? "" : "s") + " passed, " + expected + " expected");
}

std::vector<ExprId> Checker::checked_arguments(Function function,
                                               const std::vector<ast::ExprId>& args, Location loc,
                                               size_t skip) {
  const Prototype& proto = prototype(function);
  std::string name = name_of(function);
  argument_count(name, args.size(), proto.required,
                 proto.varargs ? SIZE_MAX : proto.parameters.size(), loc);
  std::vector<ExprId> values;
  for (size_t i = skip; i < args.size(); ++i) {
    Location at = tree_[args[i]].loc;
    ExprId arg = value(args[i]);
    if (i >= proto.parameters.size() || proto.parameters[i].any) {
      values.push_back(arg);
      continue;
    }
    const Prototype::Parameter& parameter = proto.parameters[i];
    const Type& want = out_.types[parameter.type];
    const Type& have = type(arg);
    /* An address may be given as an integer or as a pointer. */
    bool address = parameter.text == "uintptr_t" || parameter.text == "void *";
    bool fits = assignable(arg, parameter.type) ||
                (address && (have.is_scalar() || have.kind == TypeKind::Array));
    if (!fits) argument_mismatch(name, i + 1, parameter.shown(), type_name(arg), at);
    TypeId to = parameter.type;
    if (want.is_pointer()) {
      Space space = have.is_pointer()              ? have.space
                    : have.kind == TypeKind::Array ? space_of(arg)
                    : have.is_string()             ? Space::Host
                                                   : Space::Kernel;
      if (want.space == Space::Host && space != Space::Host)
        argument_mismatch(name, i + 1, "alloca( ) or copyin( ) memory", type_name(arg), at);
      if (space != want.space) to = out_.types.pointer_to(want.target, space);
    }
    values.push_back(convert(arg, to));
  }
  return values;
}

/* What a message calls a global name of this kind. */
std::string Checker::kind_name(const Symbol& symbol) const {
  switch (symbol.kind) {
    case SymbolKind::Variable:
      return out_.variables[symbol.index].associative ? "associative array" : "scalar";
    case SymbolKind::Builtin:
    case SymbolKind::Inline:
      return "scalar";
    case SymbolKind::Args:
    case SymbolKind::Uregs:
      return "associative array";
    case SymbolKind::Function:
      return is_action(static_cast<Function>(symbol.index)) ? "tracing function" : "function";
    case SymbolKind::Constant:
      return "enumerator";
    case SymbolKind::Typedef:
      return "type";
  }
  return {};
}

uint64_t Checker::positive_constant(ExprId a, Tag tag, const std::string& what) {
  ExprId number = a;
  if (out_[a].kind == ExprKind::Convert && out_[out_[a].a].kind == ExprKind::KernelSize)
    number = out_[a].a;
  const bool settled = is_constant(a) || out_[number].kind == ExprKind::KernelSize;
  if (!settled || !type(a).is_integer() || out_[number].value == 0 ||
      static_cast<int64_t>(out_[number].value) < 0)
    raise(tag, out_[a].loc, what);
  return out_[number].value;
}

/* stack(), ustack(), jstack(): the sizes are constants and become part of the type. */
ExprId Checker::stack_call(Function function, const ast::Expr& expr) {
  std::string name = name_of(function);
  bool user = function != Function::Stack;
  const Prototype& proto = prototype(function);
  if (expr.args.size() > proto.parameters.size())
    raise(user ? Tag::D_USTACK_PROTO : Tag::D_STACK_PROTO, expr.loc,
          std::string(user ? "ustack" : "stack") + "( ) prototype mismatch: too many arguments");
  uint64_t frames = options_.number(function == Function::Stack    ? Option::stackframes
                                    : function == Function::Ustack ? Option::ustackframes
                                                                   : Option::jstackframes);
  uint64_t strings = function == Function::Jstack ? options_.number(Option::jstackstrsize) : 0;
  if (!expr.args.empty()) {
    ExprId size = value(expr.args[0]);
    frames = positive_constant(
        size, user ? Tag::D_USTACK_FRAMES : Tag::D_STACK_SIZE,
        user ? "ustack( ) argument #1 must be a non-zero positive integer constant"
             : "stack( ) size must be a non-zero positive integral constant "
               "expression");
  }
  if (expr.args.size() > 1) {
    ExprId size = value(expr.args[1]);
    if (!is_constant(size) || !type(size).is_integer() ||
        static_cast<int64_t>(out_[size].value) < 0)
      raise(Tag::D_USTACK_STRSIZE, expr.loc,
            "ustack( ) argument #2 must be a positive integer constant");
    strings = out_[size].value;
  }
  frames = std::min<uint64_t>(frames, std::max<uint64_t>(options_.number(Option::maxframes), 1));
  Expr made;
  made.kind = ExprKind::Call;
  made.function = function;
  made.loc = expr.loc;
  made.value = strings;
  made.type = out_.types.stack_of(frames, user ? "ustack" : "stack");
  return add(made);
}

ExprId Checker::call(const ast::Expr& expr) {
  if (aggregating_.contains(expr.text))
    raise(Tag::D_CG_EXPR, expr.loc,
          "aggregating function " + expr.text +
              "( ) may not be called from a D expression (D program context required)",
          "write @ = " + expr.text + "(...)");
  const Symbol* symbol = find(expr.text);
  if (!symbol)
    raise(Tag::D_FUNC_UNDEF, expr.loc, "undefined function name: " + expr.text,
          similar_name(expr.text, true));
  if (symbol->kind == SymbolKind::Inline) return inline_use(*symbol, expr.args, expr.loc, true);
  if (symbol->kind != SymbolKind::Function)
    raise(Tag::D_FUNC_IDKIND, expr.loc,
          kind_name(*symbol) + " '" + expr.text + "' may not be referenced as a function");
  auto function = static_cast<Function>(symbol->index);
  uses_name("function", expr.text, expr.loc);

  if (is_action(function)) {
    /* Typed void: the operator that it stands under refuses it (forbid_action). */
    const Prototype& proto = prototype(function);
    argument_count(expr.text, expr.args.size(), proto.required,
                   proto.varargs ? SIZE_MAX : proto.parameters.size(), expr.loc);
    Expr made;
    made.kind = ExprKind::Call;
    made.function = function;
    made.loc = expr.loc;
    made.type = out_.types.void_type;
    return add(made);
  }
  if (is_stack(function)) return stack_call(function, expr);
  const Prototype& proto = prototype(function);
  std::vector<ExprId> args = checked_arguments(function, expr.args, expr.loc);
  Expr made;
  made.kind = ExprKind::Call;
  made.function = function;
  made.loc = expr.loc;
  made.type = proto.symbol ? out_.types.stack_of(0, "symbol") : proto.result;
  size_t sized = function == Function::Alloca                                      ? 0
                 : function == Function::Copyin || function == Function::Copyinstr ? 1
                                                                                   : SIZE_MAX;
  if (sized < args.size() && is_constant(args[sized])) {
    auto size = static_cast<int64_t>(out_[args[sized]].value);
    if (size < 0 || static_cast<uint64_t>(size) > options_.number(Option::scratchsize))
      raise(Tag::D_ALLOCA_SIZE, expr.loc,
            expr.text + "( ) size is larger than the scratch memory (-xscratchsize)");
  }
  if (function == Function::Strtoll || function == Function::Lltostr) {
    if (args.size() > 1 && is_constant(args[1])) {
      auto base = static_cast<int64_t>(out_[args[1]].value);
      if (base < 2 || base > 36)
        argument_mismatch(expr.text, 2, "base between 2 and 36", std::to_string(base), expr.loc);
    }
  }
  made.operands = operands(args);
  return add(made);
}

}  // namespace hp::probec
