#include "host/fleet_requests.hpp"

#include <optional>

#include "host/fleet_listing.hpp"
#include "host/service_manager.hpp"
#include "transport/control.h"
#include "transport/control_protocol.hpp"

namespace hp {
namespace {

constexpr size_t kMaxReason = 1024;
constexpr size_t kMaxBuildId = 64; /* hexadecimal digits */
constexpr uint64_t kMostEvents = 10'000, kUsualEvents = 100;

/* What a guest says that it runs; of protocol 1, idents alone. */
Result<std::vector<Claim>> read_claims(const rpc::Fields& f) {
  std::vector<Claim> claims;
  for (const rpc::Fields& item : HP_TRY(f.objects("running", HP_CTL_PROGRAMS))) {
    Claim c;
    c.ident = HP_TRY(item.ident("ident"));
    c.transaction = HP_TRY(item.number_or("transaction", 0, UINT64_MAX, 0));
    c.probes = static_cast<uint32_t>(HP_TRY(item.number_or("probes", 0, UINT32_MAX, 0)));
    claims.push_back(c);
  }
  if (!f.has("running"))
    for (const ProgramIdent& ident : HP_TRY(f.idents("programs", HP_CTL_PROGRAMS)))
      claims.push_back({ident, 0, 0});
  return claims;
}

/* What a method needs before it is looked at; those that are not here show or end what is the peer's own, and what
 * is others' to who has the right. */
std::optional<Right> right_for(const std::string& method) {
  if (method == "guest.register") return Right::Register;
  if (method == "program.submit" || method == "program.attach") return Right::Trace;
  if (method == "log") return Right::Log;
  return std::nullopt;
}

/* Has the guest still to answer PREPARE? What it says uncalled for does not fill the log. */
bool is_asked(const Coordinator& c, const ProgramIdent& ident, uint32_t vmid) {
  const auto program = c.programs().find(ident);
  if (program == c.programs().end()) return false;
  const auto part = program->second.guests.find(vmid);
  return part != program->second.guests.end() && part->second.part == Coordinator::Part::Preparing;
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
      return notification(p, in.message, std::move(in.fds), effects);
    case rpc::Message::Request:
      return request(p, in.message, std::move(in.fds), effects);
    case rpc::Message::Answer:
    case rpc::Message::Failure:
      return nonsense(p); /* the coordinator asks nothing */
  }
}

/* --- what guests say --- */

void FleetRequests::notification(FleetPeer& p, const rpc::Message& m, std::vector<Fd> fds,
                                 Effects& effects) {
  const auto ident = m.body.ident("ident");
  const auto transaction = m.body.number_or("transaction", 0, UINT64_MAX, 0);
  const Guest* guest = state_.coordinator.guest_of(p.id);
  if (!ident || !transaction || !guest) return nonsense(p); /* notifications have no answer */
  Coordinator& c = state_.coordinator;
  const Time now = FleetState::now();
  if (m.method == "program.prepared") {
    const auto probes = m.body.number_or("probes", 0, UINT32_MAX, 0).value_or(0);
    c.prepared(p.id, *ident, *transaction, static_cast<uint32_t>(probes), now, effects);
  } else if (m.method == "program.refused") {
    const std::string reason =
        m.body.text_or("reason", kMaxReason, "").value_or("for a bad reason");
    if (is_asked(c, *ident, guest->vmid)) state_.log.warn("refused", *ident, guest->name, reason);
    c.refused(p.id, *ident, *transaction, reason, now, effects);
  } else if (m.method == "program.committed") {
    c.committed(p.id, *ident, *transaction, now, effects);
  } else if (m.method == "program.killed") {
    c.killed(p.id, *ident, *transaction, now, effects);
  } else if (m.method == "program.segment") {
    if (!segment_returned(*guest, *ident, std::move(fds), effects)) nonsense(p);
  } else {
    nonsense(p);
  }
}

/* A guest gives back the segment of a program that it runs; authentic if it is the memfd that the journal knows. */
bool FleetRequests::segment_returned(const Guest& guest, const ProgramIdent& ident,
                                     std::vector<Fd> fds, Effects& effects) {
  FleetProgram* p = state_.find(ident);
  if (!p || p->segment || fds.size() != 1) return true; /* late */
  auto segment = FleetSegment::check(std::move(fds[0]));
  if (!segment || segment->ident() != ident || segment->identity() != p->identity) {
    state_.log.warn(
        "spoofing", ident, guest.name,
        segment ? "it returned what is not the program's segment" : segment.error().message);
    return false;
  }
  p->segment = std::move(*segment);
  if (p->detached) service_manager::keep(to_hex(ident), p->segment.fd()->get());
  state_.log.say("returned", ident, guest.name, "its segment is back");
  state_.coordinator.files_arrived(ident, FleetState::now(), effects);
  return true;
}

Result<std::string> FleetRequests::register_guest(FleetPeer& p, const rpc::Fields& f,
                                                  Effects& effects) {
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
  const auto claims = HP_TRY(read_claims(f));
  info.pid = p.credentials.pid; /* as the kernel says, not as the peer does */
  info.uid = p.credentials.uid;
  HP_TRYV(check_identity(state_, info, static_cast<uint32_t>(wanted)));
  HP_TRYV(p.share.guest());
  const auto done = HP_TRY(state_.coordinator.register_guest(
      p.id, info, static_cast<uint32_t>(wanted), claims, FleetState::now(), effects));
  std::erase_if(state_.owners, [&](const auto& o) { return o.second.name == info.name; });
  state_.owners[done.vmid] = {info.name, info.uid};
  check_claims(state_, info, done.vmid, claims);
  state_.log.say("registered", {}, info.name,
                 "number " + std::to_string(done.vmid) + ", pid " + std::to_string(info.pid) +
                     (claims.empty() ? "" : ", runs " + std::to_string(claims.size())));
  if (auto kept = state_.journal.guest(done.vmid, info.name, info.uid); !kept)
    state_.log.error({},
                     "the number of guest " + info.name + " is not kept: " + kept.error().message);
  return rpc::Object().number("vmid", done.vmid).number("pending", done.pending).json();
}

/* --- requests --- */

Result<std::string> FleetRequests::hello(FleetPeer& p, const rpc::Fields& f) {
  auto protocol = control::agree(f);
  if (protocol) return control::hello_result(*protocol, state_.coordinator.epoch());
  p.too_old = protocol.error().message;
  return tl::make_unexpected(protocol.error());
}

void FleetRequests::request(FleetPeer& p, const rpc::Message& m, std::vector<Fd> fds,
                            Effects& effects) {
  int code = rpc::kRefused;
  if (auto done = carry_out(p, m, std::move(fds), effects, code); !done)
    state_.peers.send(p, rpc::failure(m.id, code, done.error().message));
}

/* code: what an error is. */
Result<> FleetRequests::carry_out(FleetPeer& p, const rpc::Message& m, std::vector<Fd> fds,
                                  Effects& effects, int& code) {
  const auto answered = [&](const Result<std::string>& result) -> Result<> {
    if (!result) return tl::make_unexpected(result.error());
    state_.peers.send(p, rpc::answer(m.id, *result));
    return {};
  };
  HP_TRYV(admit(p, m));
  if (m.method == "hello") {
    code = rpc::kVersions;
    return answered(hello(p, m.body));
  }
  if (!p.too_old.empty()) {
    code = rpc::kVersions;
    return fail(p.too_old);
  }
  if (m.method == "guest.register") return answered(register_guest(p, m.body, effects));
  if (m.method == "guest.list") return answered(guest_list(state_, p.credentials));
  if (m.method == "program.submit") return consumers_.submit(p, m, std::move(fds), effects);
  if (m.method == "program.list") return answered(program_list(state_, p.credentials));
  if (m.method == "status") return answered(status(state_));
  if (m.method == "log")
    return answered(state_.log.list(p.id, HP_TRY(m.body.number_or("after", 0, INT64_MAX, 0)),
                                    HP_TRY(m.body.number_or("limit", 0, kMostEvents, kUsualEvents)),
                                    HP_TRY(m.body.flag_or("follow", false))));
  code = rpc::kNotFound;
  if (m.method == "program.attach") return consumers_.attach(p, m);
  if (m.method == "program.kill") return consumers_.kill(p, m, effects);
  if (m.method == "program.show") return answered(program_show(state_, p.credentials, m.body));
  nonsense(p);
  code = rpc::kMethodNotFound;
  return fail("there is no method '" + m.method + "'");
}

}  // namespace hp
