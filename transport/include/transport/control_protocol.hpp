/* Versions of the control socket's protocol (docs/fleet.md), and how two programs find one that both speak.
 *
 * The first request of every client is hello, and what it asks next follows at once:
 *
 *     client -> hello {protocol: the newest it speaks, program: "probec"}
 *            <- {protocol: what is spoken from here on, version: "0.5.0", epoch}
 *            <- or error rpc::kVersions: the client is too old; everything else it asks is refused so, too
 *            <- or error rpc::kMethodNotFound: a coordinator from before hello, which speaks protocol 1
 *
 * A peer that does not say hello speaks protocol 1. What protocol 2 added are members of messages that protocol 1
 * passes over, so what a client sends before the answer is here may be of its own version.
 *
 *     channel.send(control::hello_request());                     a client
 *     if (control::is_hello_answer(message)) agreed = HP_TRY(control::read_hello_answer(message));
 *
 *     peer.protocol = HP_TRY(control::agree(message.body));       the coordinator
 *     send(rpc::answer(message.id, control::hello_result(peer.protocol, epoch)));
 *
 * Errors are sentences that name both versions and say what to do. Pure. */
#pragma once
#include <cstdint>
#include <string>

#include "transport/rpc.hpp"

namespace hp::control {

/* 1: registration, programs, lists. 2: hello, transaction numbers, programs that run detached. */
struct Versions {
  uint32_t oldest, newest;
};
inline constexpr Versions kVersions{1, 2};

/* Of this release: "0.5.0". */
const char* release();

/* --- a client --- */
struct Agreed {
  uint32_t protocol = 1;
  std::string release; /* the coordinator's; empty: from before hello */
  uint32_t epoch = 0;  /* number of the coordinator's start; 0 unknown */
};
std::string hello_request(const Versions& ours = kVersions);
bool is_hello_answer(const rpc::Message&);
/* An error: no common version; there is no use in coming again. */
Result<Agreed> read_hello_answer(const rpc::Message&, const Versions& ours = kVersions);

/* --- the coordinator --- */
Result<uint32_t> agree(const rpc::Fields& hello, const Versions& ours = kVersions);
std::string hello_result(uint32_t protocol, uint32_t epoch);

}  // namespace hp::control
