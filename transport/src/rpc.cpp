#include "transport/rpc.hpp"

#include <vector>

namespace hp {

std::string to_hex(const ProgramIdent& ident) {
  static const char digits[] = "0123456789abcdef";
  std::string out;
  for (uint8_t b : ident) {
    out += digits[b >> 4];
    out += digits[b & 15];
  }
  return out;
}

Result<ProgramIdent> ident_from_hex(std::string_view text) {
  ProgramIdent ident{};
  if (text.size() != 2 * ident.size()) return fail("a program ident has 32 hexadecimal digits");
  for (size_t i = 0; i < text.size(); i++) {
    char c = text[i];
    int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
    if (digit < 0) return fail("a program ident has 32 hexadecimal digits");
    ident[i / 2] = static_cast<uint8_t>(ident[i / 2] << 4 | digit);
  }
  return ident;
}

namespace rpc {
namespace {

constexpr size_t kMaxIdText = 64;
constexpr size_t kMaxMethod = 64;

std::string to_json(const rapidjson::Value& value) {
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  value.Accept(writer);
  return {buffer.GetString(), buffer.GetSize()};
}

tl::unexpected<Error> wrong(const char* key, const std::string& must) {
  return fail("\"" + std::string(key) + "\" must be " + must);
}

std::string_view view(const rapidjson::Value& v) {
  return {v.GetString(), v.GetStringLength()};
}

tl::unexpected<Malformed> invalid(std::string why) {
  return tl::make_unexpected(Malformed{kInvalidRequest, std::move(why)});
}

}  // namespace

const rapidjson::Value* Fields::find(const char* key) const {
  if (!object_ || !object_->IsObject()) return nullptr;
  auto member = object_->FindMember(key);
  return member == object_->MemberEnd() || member->value.IsNull() ? nullptr : &member->value;
}

Result<std::string> Fields::text(const char* key, size_t max) const {
  const rapidjson::Value* v = find(key);
  if (!v || !v->IsString() || v->GetStringLength() > max)
    return wrong(key, "a string of at most " + std::to_string(max) + " bytes");
  for (unsigned char c : view(*v))
    if (c < 0x20 || c == 0x7f) return wrong(key, "free of control characters");
  return std::string(view(*v));
}

Result<std::string> Fields::text_or(const char* key, size_t max, std::string otherwise) const {
  if (!has(key)) return otherwise;
  return text(key, max);
}

Result<uint64_t> Fields::number(const char* key, uint64_t min, uint64_t max) const {
  const rapidjson::Value* v = find(key);
  if (!v || !v->IsUint64() || v->GetUint64() < min || v->GetUint64() > max)
    return wrong(key, "an integer from " + std::to_string(min) + " to " + std::to_string(max));
  return v->GetUint64();
}

Result<uint64_t> Fields::number_or(const char* key, uint64_t min, uint64_t max,
                                   uint64_t otherwise) const {
  if (!has(key)) return otherwise;
  return number(key, min, max);
}

Result<bool> Fields::flag_or(const char* key, bool otherwise) const {
  const rapidjson::Value* v = find(key);
  if (!v) return otherwise;
  if (!v->IsBool()) return wrong(key, "true or false");
  return v->GetBool();
}

Result<ProgramIdent> Fields::ident(const char* key) const {
  std::string hex = HP_TRY(text(key, 2 * sizeof(ProgramIdent)));
  return ident_from_hex(hex);
}

Result<std::vector<Fields>> Fields::objects(const char* key, size_t max) const {
  std::vector<Fields> out;
  const rapidjson::Value* v = find(key);
  if (!v) return out;
  if (!v->IsArray() || v->Size() > max)
    return wrong(key, "an array of at most " + std::to_string(max) + " objects");
  for (const rapidjson::Value& element : v->GetArray()) {
    if (!element.IsObject()) return wrong(key, "an array of objects");
    out.emplace_back(&element);
  }
  return out;
}

Result<std::vector<ProgramIdent>> Fields::idents(const char* key, size_t max) const {
  std::vector<ProgramIdent> out;
  const rapidjson::Value* v = find(key);
  if (!v) return out;
  if (!v->IsArray() || v->Size() > max)
    return wrong(key, "an array of at most " + std::to_string(max) + " idents");
  for (const rapidjson::Value& element : v->GetArray()) {
    if (!element.IsString()) return wrong(key, "an array of idents");
    out.push_back(HP_TRY(ident_from_hex(view(element))));
  }
  return out;
}

Fields Fields::object(const char* key) const {
  const rapidjson::Value* v = find(key);
  return Fields(v && v->IsObject() ? v : nullptr);
}

std::string Fields::json() const {
  return object_ ? to_json(*object_) : "{}";
}

tl::expected<Message, Malformed> parse(std::string_view line) {
  Message m;
  /* Iterative: nesting is bounded by the line's length, not by the stack. */
  constexpr unsigned flags = rapidjson::kParseValidateEncodingFlag | rapidjson::kParseIterativeFlag;
  m.document.Parse<flags>(line.data(), line.size());
  if (m.document.HasParseError())
    return tl::make_unexpected(
        Malformed{kParseError, "not JSON at byte " + std::to_string(m.document.GetErrorOffset())});
  const rapidjson::Value& root = m.document;
  if (!root.IsObject()) return invalid("a message is one JSON object");
  auto member = [&](const char* key) -> const rapidjson::Value* {
    auto it = root.FindMember(key);
    return it == root.MemberEnd() ? nullptr : &it->value;
  };
  const rapidjson::Value* version = member("jsonrpc");
  if (!version || !version->IsString() || view(*version) != "2.0")
    return invalid("\"jsonrpc\" must be \"2.0\"");
  const rapidjson::Value* id = member("id");
  if (id && !id->IsNull()) {
    if (!id->IsUint64() && !(id->IsString() && id->GetStringLength() <= kMaxIdText))
      return invalid("\"id\" must be an unsigned integer or a short string");
    m.id = to_json(*id);
  }
  if (const rapidjson::Value* method = member("method")) {
    if (!method->IsString() || method->GetStringLength() > kMaxMethod)
      return invalid("\"method\" must be a short string");
    m.method = view(*method);
    m.kind = m.id.empty() ? Message::Notification : Message::Request;
    const rapidjson::Value* params = member("params");
    if (params && !params->IsObject()) return invalid("\"params\" must be an object");
    m.body = Fields(params);
    auto fds = m.body.number_or("fds", 0, kMaxMessageFds, 0);
    if (!fds) return invalid(fds.error().message);
    m.fds = static_cast<uint32_t>(*fds);
    return m;
  }
  if (const rapidjson::Value* result = member("result")) {
    m.kind = Message::Answer;
    m.body = Fields(result);
    return m;
  }
  const rapidjson::Value* error = member("error");
  if (!error || !error->IsObject()) return invalid("neither request nor answer");
  m.kind = Message::Failure;
  auto code = error->FindMember("code");
  auto message = error->FindMember("message");
  if (code == error->MemberEnd() || !code->value.IsInt() || message == error->MemberEnd() ||
      !message->value.IsString())
    return invalid("an error has a code and a message");
  m.code = code->value.GetInt();
  m.error = view(message->value);
  m.body = Fields(error).object("data");
  return m;
}

Object& Object::text(const char* key, std::string_view value) {
  std::string clean(value);
  for (char& c : clean)
    if (c < 0x20 || c == 0x7f) c = c == '\n' || c == '\t' ? ' ' : '?';
  writer_.Key(key);
  writer_.String(clean.data(), static_cast<rapidjson::SizeType>(clean.size()));
  return *this;
}
Object& Object::number(const char* key, uint64_t value) {
  writer_.Key(key);
  writer_.Uint64(value);
  return *this;
}
Object& Object::integer(const char* key, int64_t value) {
  writer_.Key(key);
  writer_.Int64(value);
  return *this;
}
Object& Object::flag(const char* key, bool value) {
  writer_.Key(key);
  writer_.Bool(value);
  return *this;
}
Object& Object::raw(const char* key, std::string_view json) {
  writer_.Key(key);
  writer_.RawValue(json.data(), json.size(), rapidjson::kObjectType);
  return *this;
}
std::string Object::json() {
  if (!writer_.IsComplete()) writer_.EndObject();
  return {buffer_.GetString(), buffer_.GetSize()};
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

}  // namespace rpc
}  // namespace hp
