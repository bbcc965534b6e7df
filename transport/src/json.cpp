#include "transport/json.hpp"

#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

namespace hp {

/* RapidJSON's events, as the Handler concept of its documentation has them. */
struct JsonBuilder {
  Json root;
  std::vector<Json*> open; /* containers; the innermost last */
  bool have_root = false;

  Json* add(Json value) {
    if (!have_root) {
      have_root = true;
      root = std::move(value);
      return &root;
    }
    open.back()->items_.push_back(std::move(value));
    return &open.back()->items_.back();
  }
  static Json of(Json::Kind kind, uint64_t number = 0, std::string text = {}) {
    Json j;
    j.kind_ = kind;
    j.number_ = number;
    j.text_ = std::move(text);
    return j;
  }
  bool begin(Json::Kind kind) {
    if (open.size() >= Json::kMaxDepth) return false;
    open.push_back(add(of(kind)));
    return true;
  }
  bool end() {
    open.pop_back();
    return true;
  }

  bool Null() { return add(of(Json::Null)); }
  bool Bool(bool b) { return add(of(Json::Bool, b)); }
  /* With kParseNumbersAsStringsFlag this is where all numbers come. */
  bool RawNumber(const char* s, rapidjson::SizeType size, bool) {
    uint64_t value = 0;
    for (rapidjson::SizeType i = 0; i < size; i++) {
      const auto digit = static_cast<uint64_t>(s[i] - '0');
      if (digit > 9 || value > (UINT64_MAX - digit) / 10)
        return add(of(Json::Other, 0, std::string(s, size)));
      value = value * 10 + digit;
    }
    return add(of(Json::Unsigned, value, std::string(s, size)));
  }
  bool Int(int) { return false; }
  bool Uint(unsigned) { return false; }
  bool Int64(int64_t) { return false; }
  bool Uint64(uint64_t) { return false; }
  bool Double(double) { return false; }
  bool String(const char* s, rapidjson::SizeType size, bool) {
    return add(of(Json::String, 0, std::string(s, size)));
  }
  bool StartObject() { return begin(Json::Object); }
  bool Key(const char* s, rapidjson::SizeType size, bool) {
    open.back()->names_.emplace_back(s, size);
    return true;
  }
  bool EndObject(rapidjson::SizeType) { return end(); }
  bool StartArray() { return begin(Json::Array); }
  bool EndArray(rapidjson::SizeType) { return end(); }
};

Result<Json> Json::parse(std::string_view text) {
  constexpr unsigned flags = rapidjson::kParseValidateEncodingFlag |
                             rapidjson::kParseIterativeFlag | rapidjson::kParseNumbersAsStringsFlag;
  rapidjson::MemoryStream raw(text.data(), text.size());
  rapidjson::EncodedInputStream<rapidjson::UTF8<>, rapidjson::MemoryStream> stream(raw);
  rapidjson::Reader reader;
  JsonBuilder builder;
  if (!reader.Parse<flags>(stream, builder)) {
    const std::string where = " at byte " + std::to_string(reader.GetErrorOffset());
    if (reader.GetParseErrorCode() == rapidjson::kParseErrorTermination)
      return fail("nested deeper than " + std::to_string(kMaxDepth) + where);
    return fail("not JSON" + where);
  }
  return std::move(builder.root);
}

const Json* Json::find(std::string_view name) const {
  for (size_t i = 0; i < names_.size(); i++)
    if (names_[i] == name) return &items_[i];
  return nullptr;
}

std::string Json::text() const {
  std::string out;
  switch (kind_) {
    case Null:
      return "null";
    case Bool:
      return number_ ? "true" : "false";
    case Unsigned:
    case Other:
      return text_;
    case String:
      return json_string(text_);
    case Array:
    case Object:
      out = kind_ == Array ? "[" : "{";
      for (size_t i = 0; i < items_.size(); i++) {
        if (i > 0) out += ',';
        if (kind_ == Object) out += json_string(names_[i]) + ':';
        out += items_[i].text();
      }
      return out += kind_ == Array ? ']' : '}';
  }
  return out;
}

std::string json_string(std::string_view text) {
  std::string out = "\"";
  for (char c : text) {
    if (c == '\n' || c == '\t') c = ' ';
    if (c < ' ' || c > '~') c = '?'; /* char may be signed or not: both ends of ASCII */
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

}  // namespace hp
