#include "host/fleet_requests.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <optional>

#include "host/fleet_listing.hpp"
#include "transport/control.h"
#include "transport/control_protocol.hpp"

namespace hp {
namespace {

constexpr size_t kMaxReason = 1024;
constexpr size_t kMaxBuildId = 64; /* hexadecimal digits */
constexpr size_t kMinIdentPrefix = 4;

/* What a method needs before it is looked at; those that are not here show or end what is the peer's own, and what
 * is others' to who has the right. */
std::optional<Right> right_for(const std::string& method) {
  if (method == "guest.register") return Right::Register;
  if (method == "program.submit" || method == "program.attach") return Right::Trace;
  if (method == "log") return Right::Log;
  return std::nullopt;
}

}  // namespace

/* The first thing about every request: is it one too many, and may this peer ask it? */
Result<> FleetRequests::admit(FleetPeer& p, const rpc::Message& m) {
  if (auto one_more = p.share.request(FleetState::now()); !one_more) {
    nonsense(p); /* who goes on asking is not heard any more */
    return one_more;
  }
  if (const auto right = right_for(m.method)) return state_.access.check(p.credentials, *right);
  return {};
}

void FleetRequests::nonsense(FleetPeer& p) {
  if (!p.share.nonsense(FleetState::now()))
    state_.peers.drop_soon(p.id, "it sends too much that is refused or makes no sense");
}

void FleetRequests::handle(FleetPeer& p, FleetChannel::Incoming in, Effects& effects) {
  if (in.malformed) {
    state_.peers.send(p, rpc::failure({}, in.malformed->code, in.malformed->message));
    return nonsense(p);
  }
  switch (in.message.kind) {
    case rpc::Message::Notification:
      return notification(p, in.message, effects);
    case rpc::Message::Request:
      return request(p, in.message, std::move(in.fds), effects);
    case rpc::Message::Answer:
    case rpc::Message::Failure:
      return nonsense(p); /* the coordinator asks nothing */
  }
}

void FleetRequests::notification(FleetPeer& p, const rpc::Message& m, Effects& effects) {
  auto ident = m.body.ident("ident");
  const Guest* guest = state_.coordinator.guest_of(p.id);
  if (!ident || !guest) return nonsense(p); /* notifications have no answer */
  const Time now = FleetState::now();
  if (m.method == "program.prepared") {
    auto probes = m.body.number_or("probes", 0, UINT32_MAX, 0).value_or(0);
    state_.coordinator.prepared(p.id, *ident, static_cast<uint32_t>(probes), now, effects);
  } else if (m.method == "program.refused") {
    std::string reason = m.body.text_or("reason", kMaxReason, "").value_or("for a bad reason");
    spdlog::warn("guest {} ({}) refuses program {}: {}", guest->vmid, guest->name, to_hex(*ident),
                 reason);
    state_.coordinator.refused(p.id, *ident, reason, now, effects);
  } else if (m.method == "program.committed") {
    state_.coordinator.committed(p.id, *ident, now, effects);
  } else if (m.method == "program.killed") {
    state_.coordinator.killed(p.id, *ident, now, effects);
  }
}

void FleetRequests::request(FleetPeer& p, const rpc::Message& m, std::vector<Fd> fds,
                            Effects& effects) {
  auto answered = [&](const Result<std::string>& result) -> Result<> {
    if (!result) return tl::make_unexpected(result.error());
    state_.peers.send(p, rpc::answer(m.id, *result));
    return {};
  };
  Result<> done{};
  int code = rpc::kRefused;
  if (auto may = admit(p, m); !may) {
    state_.peers.send(p, rpc::failure(m.id, code, may.error().message));
    return;
  }
  if (m.method == "hello") {
    auto protocol = control::agree(m.body);
    if (protocol) {
      state_.peers.send(p, rpc::answer(m.id, control::hello_result(*protocol, 0)));
      return;
    }
    p.too_old = protocol.error().message;
  }
  if (!p.too_old.empty()) {
    code = rpc::kVersions;
    done = fail(p.too_old);
  } else if (m.method == "guest.register") {
    done = answered(register_guest(p, m.body, effects));
  } else if (m.method == "program.submit") {
    done = submit(p, m, std::move(fds), effects);
  } else if (m.method == "program.kill") {
    done = kill(p, m, effects);
    code = rpc::kNotFound;
  } else if (m.method == "guest.list") {
    done = answered(guest_list(state_, p.credentials));
  } else if (m.method == "program.list") {
    done = answered(program_list(state_, p.credentials));
  } else if (m.method == "status") {
    done = answered(status(state_));
  } else {
    nonsense(p);
    code = rpc::kMethodNotFound;
    done = fail("there is no method '" + m.method + "'");
  }
  if (!done) state_.peers.send(p, rpc::failure(m.id, code, done.error().message));
}

Result<std::string> FleetRequests::register_guest(FleetPeer& p, const rpc::Fields& f,
                                                  Effects& effects) {
  if (state_.closing) return fail("the coordinator shuts down");
  GuestInfo info;
  info.name = HP_TRY(f.text("name", HP_NAME_MAX - 1));
  info.hostname = HP_TRY(f.text("hostname", HP_NAME_MAX - 1));
  info.osversion = HP_TRY(f.text_or("osversion", HP_NAME_MAX - 1, ""));
  const auto kind = guest_kind(HP_TRY(f.text_or("kind", 16, "process")));
  if (!kind) return fail("\"kind\" must be process or linux");
  info.kind = *kind;
  info.build_id = HP_TRY(f.text_or("build_id", kMaxBuildId, ""));
  info.doorbell = HP_TRY(f.text_or("doorbell", 16, ""));
  if (std::string bad = bad_guest_name(info.name); !bad.empty()) return fail(bad);
  const uint64_t wanted = HP_TRY(f.number_or("vmid", 0, HP_MAX_GUESTS - 1, 0));
  auto running = HP_TRY(f.idents("programs", HP_CTL_PROGRAMS));
  info.pid = p.credentials.pid; /* as the kernel says, not as the peer does */
  info.uid = p.credentials.uid;
  HP_TRYV(p.share.guest());
  auto done = HP_TRY(state_.coordinator.register_guest(p.id, info, static_cast<uint32_t>(wanted),
                                                       running, FleetState::now(), effects));
  spdlog::info("guest {} ({}) of pid {} is registered", done.vmid, info.name, info.pid);
  return rpc::Object().number("vmid", done.vmid).number("pending", done.pending).json();
}

Result<> FleetRequests::submit(FleetPeer& p, const rpc::Message& m, std::vector<Fd> fds,
                               Effects& effects) {
  if (state_.closing) return fail("the coordinator shuts down");
  if (fds.size() != 2) return fail("a program comes with two descriptors: object and segment");
  const std::string onfail = HP_TRY(m.body.text_or("onfail", 16, "abort"));
  if (onfail != "abort" && onfail != "skip") return fail("\"onfail\" must be abort or skip");
  ProgramOptions options;
  options.skip_failing = onfail == "skip";
  options.timeout =
      std::chrono::milliseconds(HP_TRY(m.body.number_or("timeout_ms", 100, 60000, 5000)));
  FleetProgram program = HP_TRY(FleetProgram::accept(fds[0], std::move(fds[1])));
  program.pid = p.credentials.pid;
  program.uid = p.credentials.uid;
  const ProgramIdent ident = program.ident;
  if (program.destructive) HP_TRYV(state_.access.check(p.credentials, Right::Destructive));
  program.share = HP_TRY(p.share.program(program.object_bytes, program.segment_bytes));
  /* A program is code that runs with the rights of a guest's user. */
  if (!state_.access.rights(p.credentials).has(Right::TraceOthers))
    program.matches = [matches = std::move(program.matches), uid = program.uid](const Guest& g) {
      return g.uid == uid && matches(g);
    };
  HP_TRYV(
      state_.coordinator.submit(p.id, ident, options, program.matches, FleetState::now(), effects));
  spdlog::info("program {} submitted by pid {} (uid {})", to_hex(ident), program.pid, program.uid);
  state_.programs[ident] = std::move(program);
  p.submits[ident] = m.id;
  return {};
}

Result<> FleetRequests::kill(FleetPeer& p, const rpc::Message& m, Effects& effects) {
  const std::string prefix = HP_TRY(m.body.text("ident", 32));
  if (prefix.size() < kMinIdentPrefix)
    return fail("give at least " + std::to_string(kMinIdentPrefix) + " digits of the ident");
  FleetProgram* found = nullptr;
  for (auto& [ident, program] : state_.programs) {
    if (to_hex(ident).compare(0, prefix.size(), prefix) != 0) continue;
    if (!state_.sees(p.credentials, program.uid)) continue;
    if (found) return fail("more than one program's ident begins with " + prefix);
    found = &program;
  }
  if (!found) return fail("no program's ident begins with " + prefix);
  if (p.credentials.uid != found->uid)
    if (auto may = state_.access.check(p.credentials, Right::KillOthers); !may)
      return fail("program " + to_hex(found->ident) + " belongs to uid " +
                  std::to_string(found->uid) + ": " + may.error().message);
  found->kills.emplace_back(p.id, m.id);
  state_.coordinator.kill(found->ident, "killed by pid " + std::to_string(p.credentials.pid),
                          FleetState::now(), effects);
  return {};
}

}  // namespace hp
