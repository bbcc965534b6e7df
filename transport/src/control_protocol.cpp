#include "transport/control_protocol.hpp"

#include <errno.h>

#include <algorithm>

namespace hp::control {
namespace {

constexpr const char* kHelloId = "0"; /* other requests count from 1 */
constexpr uint32_t kMaxProtocol = 1u << 16;
constexpr size_t kMaxProgram = 32, kMaxRelease = 32;

std::string spoken(const Versions& v) {
  return "protocol " + std::to_string(v.newest) +
         (v.oldest == v.newest ? "" : " (and back to " + std::to_string(v.oldest) + ")");
}

}  // namespace

const char* release() {
  return HP_RELEASE;
}

std::string hello_request(const Versions& ours) {
  return rpc::request(kHelloId, "hello",
                      rpc::Object()
                          .number("protocol", ours.newest)
                          .text("program", ::program_invocation_short_name)
                          .json());
}

bool is_hello_answer(const rpc::Message& m) {
  return (m.kind == rpc::Message::Answer || m.kind == rpc::Message::Failure) && m.id == kHelloId;
}

Result<Agreed> read_hello_answer(const rpc::Message& m, const Versions& ours) {
  Agreed agreed;
  if (m.kind == rpc::Message::Failure && m.code != rpc::kMethodNotFound) return fail(m.error);
  if (m.kind == rpc::Message::Answer) {
    agreed.protocol = static_cast<uint32_t>(HP_TRY(m.body.number("protocol", 1, kMaxProtocol)));
    agreed.release = HP_TRY(m.body.text_or("version", kMaxRelease, ""));
    agreed.epoch = static_cast<uint32_t>(HP_TRY(m.body.number_or("epoch", 0, UINT32_MAX, 0)));
  }
  if (agreed.protocol >= ours.oldest && agreed.protocol <= ours.newest) return agreed;
  return fail("the coordinator speaks protocol " + std::to_string(agreed.protocol) +
              " of the control socket, this " + ::program_invocation_short_name + " (Hyprobe " +
              release() + ") " + spoken(ours) + ": restart it from the same release");
}

Result<uint32_t> agree(const rpc::Fields& hello, const Versions& ours) {
  const auto newest = static_cast<uint32_t>(HP_TRY(hello.number("protocol", 1, kMaxProtocol)));
  const std::string program = HP_TRY(hello.text_or("program", kMaxProgram, "the client"));
  if (newest >= ours.oldest) return std::min(newest, ours.newest);
  return fail(program + " speaks protocol " + std::to_string(newest) +
              " of the control socket, this coordinator (Hyprobe " + release() + ") " +
              spoken(ours) + ": run " + program + " of the same release");
}

std::string hello_result(uint32_t protocol, uint32_t epoch) {
  return rpc::Object()
      .number("protocol", protocol)
      .text("version", release())
      .number("epoch", epoch)
      .json();
}

}  // namespace hp::control
