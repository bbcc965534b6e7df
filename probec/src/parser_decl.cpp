/* Declarations: C's, with D's storage classes and associative arrays, inlines, translators, providers. */
#include "probec/parser.hpp"

namespace hp::probec {

namespace {

struct BaseWord {
  std::string_view word;
  uint32_t bit;
};
constexpr BaseWord kBaseWords[] = {
    {"void", ast::kVoid},     {"char", ast::kChar},        {"short", ast::kShort},
    {"int", ast::kInt},       {"long", ast::kLong},        {"float", ast::kFloat},
    {"double", ast::kDouble}, {"signed", ast::kSigned},    {"unsigned", ast::kUnsigned},
    {"_Bool", ast::kBool},    {"_Complex", ast::kComplex}, {"_Imaginary", ast::kImaginary},
};

uint32_t base_bit(std::string_view word) {
  for (const BaseWord& base : kBaseWords)
    if (base.word == word) return base.bit;
  return 0;
}

/* Words that modify another type, and mean int alone. */
constexpr uint32_t kAttributes =
    ast::kShort | ast::kLong | ast::kLongLong | ast::kSigned | ast::kUnsigned;

bool is_qualifier(std::string_view word) {
  return word == "const" || word == "volatile" || word == "restrict";
}

ast::Storage storage_of(std::string_view word) {
  if (word == "auto") return ast::Storage::Auto;
  if (word == "register") return ast::Storage::Register;
  if (word == "static") return ast::Storage::Static;
  if (word == "extern") return ast::Storage::Extern;
  if (word == "typedef") return ast::Storage::Typedef;
  if (word == "self") return ast::Storage::Self;
  if (word == "this") return ast::Storage::This;
  return ast::Storage::None;
}

}  // namespace

/* The name of a type without its scope: D`name is what the program itself declared, vmlinux`name the
 * kernel's. */
std::string Parser::own_name(const std::string& word) const {
  std::string own = word.substr(word.rfind('`') + 1);
  return type_names_.contains(own) || word.starts_with("D`") ? own : word;
}

bool Parser::starts_type(const Token& token) const {
  if (token.kind != TokenKind::Ident) return false;
  const std::string word = own_name(token.text);
  return base_bit(word) != 0 || is_qualifier(word) || word == "struct" || word == "union" ||
         word == "enum" || word == "userland" || type_names_.contains(word);
}

/* A name that can only be a type's where it stands, and that the program does not declare. */
bool Parser::is_kernel_type(size_t ahead) {
  const Token& token = peek(ahead);
  if (!kernel_ || token.kind != TokenKind::Ident || is_keyword(token.text)) return false;
  std::string word = token.text.substr(token.text.rfind('`') + 1);
  if (type_names_.contains(word)) return true;
  if (word.empty() || names_.contains(word) || !kernel_->has_typedef(word)) return false;
  type_names_.insert(std::move(word));
  return true;
}

Parser::Specifiers Parser::specifiers(bool storage_allowed) {
  Specifiers out;
  ast::Type type;
  out.loc = type.loc = peek().loc;
  bool seen_type = false;
  bool userland = false;
  ast::TypeId made;
  auto combine_error = [&]() { raise(Tag::D_DECL_COMBO, peek().loc, "invalid type combination"); };
  while (peek().kind == TokenKind::Ident) {
    if (!seen_type && !storage_allowed) (void)is_kernel_type(0);
    const std::string word = own_name(peek().text);
    if (uint32_t bit = base_bit(word)) {
      if (made.valid() && bit & (ast::kSigned | ast::kUnsigned))
        raise(Tag::D_DECL_SIGNINT, peek().loc,
              "invalid type declaration: signed and unsigned may only be used with integer type");
      if (made.valid() && bit & ast::kLong)
        raise(Tag::D_DECL_LONGINT, peek().loc,
              "invalid type declaration: long and long long may only be used with integer or "
              "floating-point type");
      if (made.valid()) combine_error();
      if (bit == ast::kLong && (type.bits & ast::kLong)) {
        if (type.bits & ast::kLongLong) combine_error();
        bit = ast::kLongLong;
      } else if (type.bits & bit) {
        combine_error();
      }
      type.bits |= bit;
      seen_type = true;
    } else if (word == "struct" || word == "union" || word == "enum") {
      if (type.bits & (ast::kSigned | ast::kUnsigned))
        raise(Tag::D_DECL_SIGNINT, peek().loc,
              "invalid type declaration: signed and unsigned may only be used with integer type");
      if (type.bits & (ast::kLong | ast::kLongLong | ast::kShort))
        raise(Tag::D_DECL_LONGINT, peek().loc,
              "invalid type declaration: long and long long may only be used with integer or "
              "floating-point type");
      if (seen_type) combine_error();
      take();
      made = word == "enum"
                 ? enumeration()
                 : aggregate(word == "struct" ? ast::TypeKind::Struct : ast::TypeKind::Union);
      seen_type = true;
      continue;
    } else if (word == "userland") {
      userland = true;
    } else if (ast::Storage storage = storage_of(word); storage != ast::Storage::None) {
      if (!storage_allowed) {
        if (storage == ast::Storage::Self || storage == ast::Storage::This) break;
        raise(Tag::D_DECL_PARMCLASS, peek().loc, "storage class is not permitted here");
      }
      if (out.storage != ast::Storage::None)
        raise(Tag::D_DECL_CLASS, peek().loc, "only one storage class allowed in declaration");
      out.storage = storage;
    } else if (word == "inline" && storage_allowed) {
      out.is_inline = true;
    } else if (type_names_.contains(word) && (type.bits & ~kAttributes || made.valid())) {
      /* The type is known: this is what is declared, even if it is the name of a type. */
      if (!out.name.empty())
        raise(Tag::D_DECL_IDENT, peek().loc, "old-style declaration or incorrect type specified");
      out.name = word;
      out.name_loc = peek().loc;
    } else if (type_names_.contains(word)) {
      if (type.bits & (ast::kSigned | ast::kUnsigned))
        raise(Tag::D_DECL_SIGNINT, peek().loc,
              "invalid type declaration: signed and unsigned may only be used with integer type");
      if (type.bits & (ast::kLong | ast::kLongLong | ast::kShort))
        raise(Tag::D_DECL_LONGINT, peek().loc,
              "invalid type declaration: long and long long may only be used with integer or "
              "floating-point type");
      type.kind = ast::TypeKind::Named;
      type.name = word;
      take();
      made = add(type);
      seen_type = true;
      continue;
    } else if (!is_qualifier(word)) {
      break;
    }
    take();
  }
  if (!seen_type) {
    /* `self x;` and the like: C's implicit int, as D has it for variables with a storage class. */
    if (out.storage == ast::Storage::None && !out.is_inline && !userland) syntax_error(peek());
    type.bits = ast::kInt;
  }
  out.type = made.valid() ? made : add(type);
  if (userland) tree_.types[out.type.value].userland = true;
  return out;
}

ast::TypeId Parser::aggregate(ast::TypeKind kind) {
  Nested nested(*this);
  ast::Type type;
  type.kind = kind;
  type.loc = peek().loc;
  if (peek().kind == TokenKind::Ident && !is_keyword(peek().text)) type.name = take().text;
  if (peek().kind != TokenKind::LeftBrace || type.name.starts_with("D`"))
    type.name = type.name.substr(type.name.rfind('`') + 1); /* wherever it is declared */
  if (accept(TokenKind::LeftBrace)) {
    if (type.name.find('`') != std::string::npos)
      raise(Tag::D_DECL_SCOPE, type.loc,
            "D scoping operator may not be used in a type name: " + type.name);
    type.defines = true;
    while (!accept(TokenKind::RightBrace)) {
      Specifiers base = specifiers(false);
      if (base.name.empty() && accept(TokenKind::Semicolon)) {
        type.members.push_back({{}, base.type, {}, base.loc});
        continue;
      }
      do {
        ast::MemberDecl member;
        member.loc = peek().loc;
        member.type = base.type;
        if (peek().kind != TokenKind::Colon || !base.name.empty()) {
          Declarator d = declarator(base, true);
          base.name.clear();
          member.name = d.name;
          member.type = d.type;
        }
        if (accept(TokenKind::Colon)) member.width = conditional();
        member.loc.shown = (peek(), reading_line());
        type.members.push_back(std::move(member));
      } while (accept(TokenKind::Comma));
      expect(TokenKind::Semicolon);
    }
  } else if (type.name.empty()) {
    syntax_error(peek());
  }
  return add(std::move(type));
}

ast::TypeId Parser::enumeration() {
  ast::Type type;
  type.kind = ast::TypeKind::Enum;
  type.loc = peek().loc;
  if (peek().kind == TokenKind::Ident && !is_keyword(peek().text)) type.name = take().text;
  if (accept(TokenKind::LeftBrace)) {
    type.defines = true;
    do {
      if (peek().kind == TokenKind::RightBrace && !type.enumerators.empty()) break;
      ast::EnumeratorDecl enumerator;
      enumerator.loc = peek().loc;
      enumerator.name = expect_name();
      if (enumerator.name.find('`') != std::string::npos)
        raise(Tag::D_DECL_SCOPE, enumerator.loc,
              "D scoping operator may not be used in an enumerator name (" + enumerator.name + ")");
      if (accept(TokenKind::Assign)) enumerator.value = conditional();
      enumerator.loc.shown = (peek(), reading_line());
      type.enumerators.push_back(std::move(enumerator));
    } while (accept(TokenKind::Comma));
    expect(TokenKind::RightBrace);
  } else if (type.name.empty()) {
    syntax_error(peek());
  }
  return add(std::move(type));
}

void Parser::parameters(ast::Type& type, TokenKind close) {
  if (accept(close)) return;
  do {
    if (accept(TokenKind::Ellipsis)) {
      type.varargs = true;
      break;
    }
    Specifiers base = specifiers(false);
    Declarator d = declarator(base, false);
    type.parameters.push_back(d.type);
    type.parameter_names.push_back(d.name);
  } while (accept(TokenKind::Comma));
  expect(close);
}

/* [..] and (..) after a declarator bind from the right: int a[2][3] is 2 arrays of 3. */
ast::TypeId Parser::suffixes(ast::TypeId base) {
  Nested nested(*this);
  ast::Type type;
  type.loc = peek().loc;
  if (accept(TokenKind::LeftBracket)) {
    if (starts_type(peek())) {
      type.kind = ast::TypeKind::Assoc;
      parameters(type, TokenKind::RightBracket);
    } else {
      type.kind = ast::TypeKind::Array;
      if (!accept(TokenKind::RightBracket)) {
        type.size = conditional();
        expect(TokenKind::RightBracket);
      }
    }
  } else if (accept(TokenKind::LeftParen)) {
    type.kind = ast::TypeKind::Function;
    parameters(type, TokenKind::RightParen);
  } else {
    return base;
  }
  type.target = suffixes(base);
  return add(std::move(type));
}

Parser::Declarator Parser::declarator(const Specifiers& base, bool name_required) {
  return declarator(base.type, name_required, &base);
}

Parser::Declarator Parser::declarator(ast::TypeId base, bool name_required,
                                      const Specifiers* given) {
  Nested nested(*this);
  Declarator out;
  out.type = base;
  for (unsigned levels = 0; peek().kind == TokenKind::Multiply; ++levels) {
    if (levels == kMaxPointers) raise(Tag::D_SYNTAX, peek().loc, "nested too deeply");
    ast::Type pointer;
    pointer.kind = ast::TypeKind::Pointer;
    pointer.loc = take().loc;
    pointer.userland = tree_[out.type].userland;
    pointer.target = out.type;
    out.type = add(std::move(pointer));
    while (peek().kind == TokenKind::Ident && is_qualifier(peek().text)) take();
  }
  out.loc = peek().loc;
  if (given && !given->name.empty()) {
    if (peek().kind == TokenKind::Ident && !is_keyword(peek().text))
      raise(Tag::D_DECL_IDENT, peek().loc, "old-style declaration or incorrect type specified");
    out.name = given->name;
    out.loc = given->name_loc;
    out.type = suffixes(out.type);
    return out;
  }
  if (peek().kind == TokenKind::LeftParen && !starts_type(peek(1)) &&
      peek(1).kind != TokenKind::RightParen) {
    take();
    ast::TypeId placeholder = add(ast::Type{});
    Declarator inner = declarator(placeholder, name_required);
    expect(TokenKind::RightParen);
    ast::TypeId outer = suffixes(out.type);
    tree_.types[placeholder.value] = tree_.types[outer.value];
    if (inner.type != placeholder) {
      out.type = inner.type;
    } else {
      out.type = outer;
    }
    out.name = inner.name;
    out.loc = inner.loc;
    return out;
  }
  if (peek().kind == TokenKind::Ident && !is_keyword(peek().text)) {
    out.name = take().text;
    if (out.name.find('`') != std::string::npos)
      raise(Tag::D_DECL_SCOPE, out.loc,
            "D scoping operator may not be used in a declaration name (" + out.name + ")");
  } else if (name_required) {
    syntax_error(peek());
  }
  out.type = suffixes(out.type);
  return out;
}

ast::TypeId Parser::type_name() {
  Specifiers base = specifiers(false);
  return declarator(base, false).type;
}

void Parser::declaration() {
  Specifiers base = specifiers(true);
  bool only_type = peek().kind == TokenKind::Semicolon && base.name.empty();
  do {
    ast::Declaration decl;
    decl.storage = base.storage;
    decl.is_inline = base.is_inline;
    decl.type = base.type;
    decl.loc = base.loc;
    if (!only_type) {
      Declarator d = declarator(base, true);
      base.name.clear();
      decl.name = d.name;
      decl.type = d.type;
      decl.loc = d.loc;
      names_.insert(d.name);
      if (decl.storage == ast::Storage::Typedef) type_names_.insert(d.name);
      if (decl.is_inline) {
        expect(TokenKind::Assign);
        decl.value = assignment();
      }
    }
    decl.loc.shown = (peek(), reading_line());
    tree_.declarations.push_back(std::move(decl));
    tree_.items.push_back(
        {ast::ItemKind::Declaration, static_cast<uint32_t>(tree_.declarations.size() - 1)});
    on_declaration();
  } while (accept(TokenKind::Comma));
  expect(TokenKind::Semicolon);
}

/* translator output < input name > { member = expression; ... }; */
void Parser::translator() {
  ast::Translator translator;
  translator.loc = take().loc;
  translator.output = type_name();
  expect(TokenKind::Less);
  Specifiers base = specifiers(false);
  Declarator input = declarator(base, true);
  translator.input = input.type;
  translator.parameter = input.name;
  expect(TokenKind::Greater);
  expect(TokenKind::LeftBrace);
  while (!accept(TokenKind::RightBrace)) {
    ast::TranslatorMember member;
    member.loc = peek().loc;
    member.name = expect_name();
    expect(TokenKind::Assign);
    member.value = assignment();
    expect(TokenKind::Semicolon);
    translator.members.push_back(std::move(member));
  }
  expect(TokenKind::Semicolon);
  tree_.translators.push_back(std::move(translator));
  tree_.items.push_back(
      {ast::ItemKind::Translator, static_cast<uint32_t>(tree_.translators.size() - 1)});
  on_declaration();
}

/* provider name { probe name(parameters) : (translated parameters); ... }; */
void Parser::provider() {
  ast::Provider provider;
  provider.loc = take().loc;
  provider.name = expect_name();
  expect(TokenKind::LeftBrace);
  while (!accept(TokenKind::RightBrace)) {
    ast::ProviderProbe probe;
    probe.loc = peek().loc;
    if (!accept_word("probe")) syntax_error(peek());
    probe.name = expect_name();
    while (accept(TokenKind::Subtract) || accept(TokenKind::Decrement))
      probe.name += "-" + expect_name();
    ast::Type list;
    expect(TokenKind::LeftParen);
    parameters(list, TokenKind::RightParen);
    probe.parameters = std::move(list.parameters);
    probe.parameter_names = std::move(list.parameter_names);
    probe.varargs = list.varargs;
    if (accept(TokenKind::Colon)) {
      ast::Type translated;
      expect(TokenKind::LeftParen);
      parameters(translated, TokenKind::RightParen);
      probe.translates = true;
      probe.varargs |= translated.varargs;
      probe.translated = std::move(translated.parameters);
      probe.translated_names = std::move(translated.parameter_names);
    }
    expect(TokenKind::Semicolon);
    provider.probes.push_back(std::move(probe));
  }
  expect(TokenKind::Semicolon);
  tree_.providers.push_back(std::move(provider));
  tree_.items.push_back(
      {ast::ItemKind::Provider, static_cast<uint32_t>(tree_.providers.size() - 1)});
  on_declaration();
}

}  // namespace hp::probec
