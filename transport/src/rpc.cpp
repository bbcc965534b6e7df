#include "transport/rpc.hpp"

#include <cstdlib>
#include <vector>

namespace hp::rpc {
namespace {

constexpr size_t kMaxIdText = 64;
constexpr size_t kMaxMethod = 64;

tl::unexpected<Error> wrong(const char* key, const std::string& must) {
  return fail("\"" + std::string(key) + "\" must be " + must);
}

tl::unexpected<Malformed> invalid(std::string why) {
  return tl::make_unexpected(Malformed{kInvalidRequest, std::move(why)});
}

}  // namespace

const Json* Fields::find(const char* key) const {
  const Json* v = object_ ? object_->find(key) : nullptr;
  return v && v->kind() != Json::Null ? v : nullptr;
}

Result<std::string> Fields::text(const char* key, size_t max) const {
  const Json* v = find(key);
  if (!v || v->kind() != Json::String || v->string().size() > max)
    return wrong(key, "a string of at most " + std::to_string(max) + " bytes");
  for (unsigned char c : v->string())
    if (c < 0x20 || c == 0x7f) return wrong(key, "free of control characters");
  return v->string();
}

Result<std::string> Fields::text_or(const char* key, size_t max, std::string otherwise) const {
  if (!has(key)) return otherwise;
  return text(key, max);
}

Result<uint64_t> Fields::number(const char* key, uint64_t min, uint64_t max) const {
  const Json* v = find(key);
  if (!v || v->kind() != Json::Unsigned || v->number() < min || v->number() > max)
    return wrong(key, "an integer from " + std::to_string(min) + " to " + std::to_string(max));
  return v->number();
}

Result<uint64_t> Fields::number_or(const char* key, uint64_t min, uint64_t max,
                                   uint64_t otherwise) const {
  if (!has(key)) return otherwise;
  return number(key, min, max);
}

Result<bool> Fields::flag_or(const char* key, bool otherwise) const {
  const Json* v = find(key);
  if (!v) return otherwise;
  if (v->kind() != Json::Bool) return wrong(key, "true or false");
  return v->boolean();
}

Result<ProgramIdent> Fields::ident(const char* key) const {
  std::string hex = HP_TRY(text(key, 2 * sizeof(ProgramIdent)));
  return ident_from_hex(hex);
}

Result<std::vector<Fields>> Fields::objects(const char* key, size_t max) const {
  std::vector<Fields> out;
  const Json* v = find(key);
  if (!v) return out;
  if (v->kind() != Json::Array || v->items().size() > max)
    return wrong(key, "an array of at most " + std::to_string(max) + " objects");
  for (const Json& element : v->items()) {
    if (element.kind() != Json::Object) return wrong(key, "an array of objects");
    out.emplace_back(&element);
  }
  return out;
}

Result<std::vector<ProgramIdent>> Fields::idents(const char* key, size_t max) const {
  std::vector<ProgramIdent> out;
  const Json* v = find(key);
  if (!v) return out;
  if (v->kind() != Json::Array || v->items().size() > max)
    return wrong(key, "an array of at most " + std::to_string(max) + " idents");
  for (const Json& element : v->items()) {
    if (element.kind() != Json::String) return wrong(key, "an array of idents");
    out.push_back(HP_TRY(ident_from_hex(element.string())));
  }
  return out;
}

Fields Fields::object(const char* key) const {
  const Json* v = find(key);
  return Fields(v && v->kind() == Json::Object ? v : nullptr);
}

std::string Fields::json() const {
  return object_ ? object_->text() : "{}";
}

tl::expected<Message, Malformed> parse(std::string_view line) {
  auto parsed = Json::parse(line);
  if (!parsed) return tl::make_unexpected(Malformed{kParseError, parsed.error().message});
  Message m;
  m.document = std::make_unique<Json>(std::move(*parsed));
  const Json& root = *m.document;
  if (root.kind() != Json::Object) return invalid("a message is one JSON object");
  const Json* version = root.find("jsonrpc");
  if (!version || version->kind() != Json::String || version->string() != "2.0")
    return invalid("\"jsonrpc\" must be \"2.0\"");
  const Json* id = root.find("id");
  if (id && id->kind() != Json::Null) {
    if (id->kind() != Json::Unsigned &&
        !(id->kind() == Json::String && id->string().size() <= kMaxIdText))
      return invalid("\"id\" must be an unsigned integer or a short string");
    m.id = id->text();
  }
  if (const Json* method = root.find("method")) {
    if (method->kind() != Json::String || method->string().size() > kMaxMethod)
      return invalid("\"method\" must be a short string");
    m.method = method->string();
    m.kind = m.id.empty() ? Message::Notification : Message::Request;
    const Json* params = root.find("params");
    if (params && params->kind() != Json::Object) return invalid("\"params\" must be an object");
    m.body = Fields(params);
    auto fds = m.body.number_or("fds", 0, kMaxMessageFds, 0);
    if (!fds) return invalid(fds.error().message);
    m.fds = static_cast<uint32_t>(*fds);
    return m;
  }
  if (const Json* result = root.find("result")) {
    m.kind = Message::Answer;
    m.body = Fields(result->kind() == Json::Object ? result : nullptr);
    auto fds = m.body.number_or("fds", 0, kMaxMessageFds, 0);
    if (!fds) return invalid(fds.error().message);
    m.fds = static_cast<uint32_t>(*fds);
    return m;
  }
  const Json* error = root.find("error");
  if (!error || error->kind() != Json::Object) return invalid("neither request nor answer");
  m.kind = Message::Failure;
  const Json* code = error->find("code");
  const Json* message = error->find("message");
  /* Codes are negative or small: read from the number's text. */
  if (!code || (code->kind() != Json::Unsigned && code->kind() != Json::Other) || !message ||
      message->kind() != Json::String)
    return invalid("an error has a code and a message");
  m.code = std::atoi(code->text().c_str());
  m.error = message->string();
  m.body = Fields(error).object("data");
  return m;
}

Object& Object::raw(const char* key, std::string_view json) {
  if (text_.size() > 1) text_ += ',';
  text_ += json_string(key);
  text_ += ':';
  text_ += json;
  return *this;
}

std::string json_array(const std::vector<std::string>& items) {
  std::string out = "[";
  for (const std::string& item : items) {
    if (out.size() > 1) out += ',';
    out += item;
  }
  return out + ']';
}

std::string request(std::string_view id, std::string_view method, std::string_view params) {
  return Object()
      .text("jsonrpc", "2.0")
      .raw("id", id)
      .text("method", method)
      .raw("params", params)
      .json();
}
std::string notification(std::string_view method, std::string_view params) {
  return Object().text("jsonrpc", "2.0").text("method", method).raw("params", params).json();
}
std::string answer(std::string_view id, std::string_view result) {
  return Object().text("jsonrpc", "2.0").raw("id", id).raw("result", result).json();
}
std::string failure(std::string_view id, int code, std::string_view message,
                    std::string_view data) {
  Object error;
  error.integer("code", code).text("message", message);
  if (!data.empty()) error.raw("data", data);
  return Object()
      .text("jsonrpc", "2.0")
      .raw("id", id.empty() ? std::string_view("null") : id)
      .raw("error", error.json())
      .json();
}

}  // namespace hp::rpc
