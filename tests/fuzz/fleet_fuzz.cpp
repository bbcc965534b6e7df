/* libFuzzer: any bytes as what a peer sends over the control socket. Lines are cut the same whatever
 * the chunks, and every message that parses can be read through the typed accessors. */
#include <string>
#include <vector>

#include "transport/frames.hpp"
#include "transport/rpc.hpp"

using namespace hp;

namespace {

constexpr size_t kLimit = 4096;

/* All lines, or up to the error; the stream comes in chunks of a size. */
std::vector<std::string> cut(std::string_view stream, size_t chunk, bool& failed) {
  LineReader reader(kLimit);
  std::vector<std::string> lines;
  failed = false;
  for (size_t at = 0; at < stream.size(); at += chunk) {
    reader.append(stream.substr(at, chunk));
    for (;;) {
      auto line = reader.next();
      if (!line) {
        failed = true;
        return lines;
      }
      if (!*line) break;
      if ((*line)->size() > kLimit) __builtin_trap();
      lines.emplace_back(**line);
    }
  }
  return lines;
}

void visit(const std::string& line) {
  auto m = rpc::parse(line);
  if (!m) {
    if (m.error().message.empty()) __builtin_trap();
    return;
  }
  if (m->fds > rpc::kMaxMessageFds) __builtin_trap();
  for (const char* key :
       {"name", "ident", "vmid", "programs", "guests", "timeout_ms", "onfail", "fds"}) {
    auto text = m->body.text(key, 63);
    if (text && text->size() > 63) __builtin_trap();
    auto number = m->body.number(key, 5, 4095);
    if (number && (*number < 5 || *number > 4095)) __builtin_trap();
    (void)m->body.ident(key);
    (void)m->body.idents(key, 64);
    auto objects = m->body.objects(key, 8);
    if (objects)
      for (const rpc::Fields& f : *objects) (void)f.text_or("name", 63, "");
    (void)m->body.flag_or(key, true);
  }
  /* What we send on is a message again. */
  std::string id = m->id.empty() ? "1" : m->id;
  if (!rpc::parse(rpc::answer(id, m->body.json()))) __builtin_trap();
  if (!rpc::parse(rpc::failure(id, -1, m->method + m->error))) __builtin_trap();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  std::string_view stream(reinterpret_cast<const char*>(data) + 1, size - 1);
  bool whole_failed, parts_failed;
  std::vector<std::string> whole = cut(stream, stream.size() + 1, whole_failed);
  std::vector<std::string> parts = cut(stream, data[0] % 7 + 1, parts_failed);
  if (whole_failed != parts_failed || whole != parts) __builtin_trap();
  for (const std::string& line : whole) visit(line);
  return 0;
}
