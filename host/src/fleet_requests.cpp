/* What peers ask of the coordinator: the methods of the control socket. */
#include <spdlog/spdlog.h>

#include <algorithm>

#include "host/fleet_server.hpp"
#include "transport/control.h"
#include "transport/control_protocol.hpp"

namespace hp {
namespace {

constexpr size_t kMaxReason = 1024;
constexpr size_t kMaxBuildId = 64; /* hexadecimal digits */
constexpr size_t kMinIdentPrefix = 4;

uint64_t seconds(std::chrono::system_clock::time_point t) {
  return static_cast<uint64_t>(
      std::chrono::duration_cast<std::chrono::seconds>(t.time_since_epoch()).count());
}

const char* phase_name(Coordinator::Phase p) {
  switch (p) {
    case Coordinator::Phase::Preparing:
      return "preparing";
    case Coordinator::Phase::Committed:
      return "committed";
    case Coordinator::Phase::Ending:
      return "ending";
  }
  return "?";
}

const char* part_name(Coordinator::Part p) {
  switch (p) {
    case Coordinator::Part::Preparing:
      return "preparing";
    case Coordinator::Part::Prepared:
      return "prepared";
    case Coordinator::Part::Committing:
      return "committing";
    case Coordinator::Part::Enabled:
      return "enabled";
    case Coordinator::Part::Killing:
      return "killing";
  }
  return "?";
}

}  // namespace

void FleetServer::handle(Peer& p, FleetChannel::Incoming in) {
  if (in.malformed) {
    send(p, rpc::failure({}, in.malformed->code, in.malformed->message));
    return;
  }
  switch (in.message.kind) {
    case rpc::Message::Notification:
      handle_guest(p, in.message);
      return;
    case rpc::Message::Request:
      handle_request(p, in.message, std::move(in.fds));
      return;
    case rpc::Message::Answer:
    case rpc::Message::Failure:
      return; /* the coordinator asks nothing */
  }
}

void FleetServer::handle_guest(Peer& p, const rpc::Message& m) {
  auto ident = m.body.ident("ident");
  const Guest* guest = coordinator_.guest_of(p.id);
  if (!ident || !guest) return; /* notifications have no answer */
  Effects effects;
  if (m.method == "program.prepared") {
    auto probes = m.body.number_or("probes", 0, UINT32_MAX, 0).value_or(0);
    coordinator_.prepared(p.id, *ident, static_cast<uint32_t>(probes), now(), effects);
  } else if (m.method == "program.refused") {
    std::string reason = m.body.text_or("reason", kMaxReason, "").value_or("for a bad reason");
    spdlog::warn("guest {} ({}) refuses program {}: {}", guest->vmid, guest->name, to_hex(*ident),
                 reason);
    coordinator_.refused(p.id, *ident, reason, now(), effects);
  } else if (m.method == "program.committed") {
    coordinator_.committed(p.id, *ident, now(), effects);
  } else if (m.method == "program.killed") {
    coordinator_.killed(p.id, *ident, now(), effects);
  }
  carry_out(std::move(effects));
}

void FleetServer::handle_request(Peer& p, const rpc::Message& m, std::vector<Fd> fds) {
  Effects effects;
  Result<> done{};
  int code = rpc::kRefused;
  if (m.method == "hello") {
    auto protocol = control::agree(m.body);
    if (protocol) return send(p, rpc::answer(m.id, control::hello_result(*protocol, 0)));
    p.too_old = protocol.error().message;
  }
  if (!p.too_old.empty()) {
    code = rpc::kVersions;
    done = fail(p.too_old);
  } else if (m.method == "guest.register") {
    auto result = register_guest(p, m.body, effects);
    if (result) return answer_then(p, rpc::answer(m.id, *result), std::move(effects));
    done = tl::make_unexpected(result.error());
  } else if (m.method == "program.submit") {
    done = submit(p, m, std::move(fds), effects);
  } else if (m.method == "program.kill") {
    done = kill(p, m, effects);
    code = rpc::kNotFound;
  } else if (m.method == "guest.list") {
    send(p, rpc::answer(m.id, guest_list()));
  } else if (m.method == "program.list") {
    send(p, rpc::answer(m.id, program_list()));
  } else if (m.method == "status") {
    send(p, rpc::answer(m.id, status()));
  } else {
    code = rpc::kMethodNotFound;
    done = fail("there is no method '" + m.method + "'");
  }
  if (!done) send(p, rpc::failure(m.id, code, done.error().message));
  carry_out(std::move(effects));
}

void FleetServer::answer_then(Peer& p, std::string line, Effects effects) {
  send(p, std::move(line));
  carry_out(std::move(effects));
}

Result<std::string> FleetServer::register_guest(Peer& p, const rpc::Fields& f, Effects& effects) {
  if (closing_) return fail("the coordinator shuts down");
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
  auto done = HP_TRY(coordinator_.register_guest(p.id, info, static_cast<uint32_t>(wanted), running,
                                                 now(), effects));
  spdlog::info("guest {} ({}) of pid {} is registered", done.vmid, info.name, info.pid);
  return rpc::Object().number("vmid", done.vmid).number("pending", done.pending).json();
}

Result<> FleetServer::submit(Peer& p, const rpc::Message& m, std::vector<Fd> fds,
                             Effects& effects) {
  if (closing_) return fail("the coordinator shuts down");
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
  /* A program is code that runs with the rights of a guest's user. */
  if (program.uid != 0)
    program.matches = [matches = std::move(program.matches), uid = program.uid](const Guest& g) {
      return g.uid == uid && matches(g);
    };
  HP_TRYV(coordinator_.submit(p.id, ident, options, program.matches, now(), effects));
  spdlog::info("program {} submitted by pid {} (uid {})", to_hex(ident), program.pid, program.uid);
  running_[ident] = std::move(program);
  p.submits[ident] = m.id;
  return {};
}

Result<> FleetServer::kill(Peer& p, const rpc::Message& m, Effects& effects) {
  const std::string prefix = HP_TRY(m.body.text("ident", 32));
  if (prefix.size() < kMinIdentPrefix)
    return fail("give at least " + std::to_string(kMinIdentPrefix) + " digits of the ident");
  FleetProgram* found = nullptr;
  for (auto& [ident, program] : running_) {
    if (to_hex(ident).compare(0, prefix.size(), prefix) != 0) continue;
    if (found) return fail("more than one program's ident begins with " + prefix);
    found = &program;
  }
  if (!found) return fail("no program's ident begins with " + prefix);
  const uint32_t uid = p.credentials.uid;
  if (uid != 0 && uid != found->uid)
    return fail("program " + to_hex(found->ident) + " belongs to uid " +
                std::to_string(found->uid));
  found->kills.emplace_back(p.id, m.id);
  coordinator_.kill(found->ident, "killed by pid " + std::to_string(p.credentials.pid), now(),
                    effects);
  return {};
}

std::string FleetServer::guest_list() const {
  std::vector<std::string> items;
  for (auto& [vmid, g] : coordinator_.guests()) {
    uint64_t enabled = 0;
    for (auto& [ident, program] : coordinator_.programs()) {
      auto part = program.guests.find(vmid);
      enabled += part != program.guests.end() && part->second.part == Coordinator::Part::Enabled;
    }
    items.push_back(
        rpc::Object()
            .number("vmid", vmid)
            .text("name", g.name)
            .text("hostname", g.hostname)
            .text("kind", to_text(g.kind))
            .text("osversion", g.osversion)
            .text("build_id", g.build_id)
            .text("doorbell", g.doorbell)
            .integer("pid", g.pid)
            .number("uid", g.uid)
            .number("uptime_s", static_cast<uint64_t>((now() - g.since).count()) / 1000000000u)
            .number("programs", enabled)
            .json());
  }
  return rpc::Object().raw("guests", rpc::json_array(items)).json();
}

std::string FleetServer::program_list() const {
  std::vector<std::string> items;
  for (auto& [ident, program] : coordinator_.programs()) {
    std::vector<std::string> guests;
    for (auto& [vmid, part] : program.guests) {
      const Guest& g = coordinator_.guests().at(vmid);
      guests.push_back(rpc::Object()
                           .number("vmid", vmid)
                           .text("name", g.name)
                           .number("probes", part.probes)
                           .text("state", part_name(part.part))
                           .json());
    }
    const FleetProgram& held = running_.at(ident);
    items.push_back(rpc::Object()
                        .text("ident", to_hex(ident))
                        .text("state", phase_name(program.phase))
                        .integer("pid", held.pid)
                        .number("uid", held.uid)
                        .number("since", seconds(held.since))
                        .text("script", held.script)
                        .raw("guests", rpc::json_array(guests))
                        .json());
  }
  return rpc::Object().raw("programs", rpc::json_array(items)).json();
}

std::string FleetServer::status() const {
  return rpc::Object()
      .text("socket", path_)
      .integer("pid", ::getpid())
      .number("since", seconds(since_))
      .number("guests", coordinator_.guests().size())
      .number("programs", coordinator_.programs().size())
      .number("connections", peers_.size())
      .json();
}

}  // namespace hp
