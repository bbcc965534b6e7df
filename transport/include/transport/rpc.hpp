/* JSON-RPC 2.0 (jsonrpc.org/specification) as the control socket speaks it.
 *
 * Both sides send requests and notifications. Ids are unsigned integers or strings of at most 64
 * bytes; params are objects; batches are not used. Whatever arrives is checked here: encoding,
 * structure, and each field through the typed accessors, which bound it. Methods and their fields are
 * listed in docs/fleet.md.
 *
 * Pure: no input or output. */
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "transport/json.hpp"
#include "transport/program_ident.hpp"
#include "transport/result.hpp"

namespace hp::rpc {

/* Error codes: the specification's, and ours from -32000. */
enum ErrorCode : int {
  kParseError = -32700,
  kInvalidRequest = -32600,
  kMethodNotFound = -32601,
  kInvalidParams = -32602,
  kRefused = -32000, /* understood, and not done: the message says why */
  kAborted = -32001, /* a program was not enabled; data.guests says which guests refused */
  kNotFound = -32002,
  kVersions = -32003, /* the client's protocol is too old (control_protocol.hpp) */
};

/* Checked access to the members of an object. Errors are sentences that name the member. */
class Fields {
 public:
  explicit Fields(const Json* object = nullptr) : object_(object) {}
  bool has(const char* key) const { return find(key) != nullptr; }
  /* A string of at most max bytes, without NUL or control characters. */
  Result<std::string> text(const char* key, size_t max) const;
  Result<std::string> text_or(const char* key, size_t max, std::string otherwise) const;
  Result<uint64_t> number(const char* key, uint64_t min, uint64_t max) const;
  Result<uint64_t> number_or(const char* key, uint64_t min, uint64_t max, uint64_t otherwise) const;
  Result<bool> flag_or(const char* key, bool otherwise) const;
  Result<ProgramIdent> ident(const char* key) const;
  /* Elements of an array of at most max; an absent one is empty. */
  Result<std::vector<Fields>> objects(const char* key, size_t max) const;
  Result<std::vector<ProgramIdent>> idents(const char* key, size_t max) const;
  Fields object(const char* key) const; /* empty when absent or not an object */
  std::string json() const;             /* the object as compact JSON text */

 private:
  const Json* find(const char* key) const; /* nullptr also when it is null */
  const Json* object_;
};

struct Message {
  enum Kind { Request, Notification, Answer, Failure } kind = Notification;
  std::string id;                 /* JSON text of the id: 17 or "a"; empty for notifications */
  std::string method;             /* Request, Notification */
  uint32_t fds = 0;               /* descriptors that come with it */
  int code = 0;                   /* Failure */
  std::string error;              /* Failure: its message */
  Fields body;                    /* params, result, or error data */
  std::unique_ptr<Json> document; /* what body points into */
};

/* At most this many descriptors with one message. */
inline constexpr uint32_t kMaxMessageFds = 4;

/* Why a line is not a message; to be answered with this code and a null id. */
struct Malformed {
  int code;
  std::string message;
};
tl::expected<Message, Malformed> parse(std::string_view line);

/* Builds a JSON object, member by member. */
class Object {
 public:
  /* See json_string for what becomes of unprintable characters. */
  Object& text(const char* key, std::string_view value) { return raw(key, json_string(value)); }
  Object& number(const char* key, uint64_t value) { return raw(key, std::to_string(value)); }
  Object& integer(const char* key, int64_t value) { return raw(key, std::to_string(value)); }
  Object& flag(const char* key, bool value) { return raw(key, value ? "true" : "false"); }
  /* json: complete JSON text. */
  Object& raw(const char* key, std::string_view json);
  std::string json() const { return text_ + '}'; }

 private:
  std::string text_ = "{";
};
/* "[a,b]" of complete JSON texts. */
std::string json_array(const std::vector<std::string>& items);

/* Complete messages, without newline. params, result, data: JSON text. */
std::string request(std::string_view id, std::string_view method, std::string_view params);
std::string notification(std::string_view method, std::string_view params);
std::string answer(std::string_view id, std::string_view result);
std::string failure(std::string_view id, int code, std::string_view message,
                    std::string_view data = {});

}  // namespace hp::rpc
