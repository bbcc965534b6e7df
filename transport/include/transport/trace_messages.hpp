/* The messages of trace.h, typed: what one side builds and the other checks. Both sides of a Linux guest use
 * it, so it needs nothing but this library.
 *
 *     link.send(trace::in_version(trace::encode_welcome({vmid, lacks}), version));
 *
 *     trace::Message m = HP_TRY(trace::decode(buffer));     whole, sums right, a known type
 *     switch (m.type) { case HP_MSG_HELLO: trace::Hello h = HP_TRY(trace::read_hello(m)); ... }
 *
 * A decoded message points into its buffer. Whatever comes out of here is within the bounds that trace.h
 * states: texts end where they say, counts agree with sizes, reserved bits are not looked at. Text is bytes:
 * it may hold anything but NUL; what is shown to people goes through printable().
 *
 * Messages are built in the newest version (HELLO in the first) and made older for a peer that is. Pure. */
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "transport/program_ident.hpp"
#include "transport/result.hpp"
#include "transport/trace.h"

namespace hp::trace {

using Bytes = std::vector<uint8_t>;

/* A piece of text that fits a message, with the fixed parts of any type. */
inline constexpr size_t kMaxText = HP_MSG_MAX - 512;
inline constexpr uint32_t kMaxHelloPrograms = 2048;

/* Versions of the conversation that one side speaks. */
struct Versions {
  uint32_t oldest, newest;
  bool has(uint32_t version) const { return version >= oldest && version <= newest; }
  std::string text() const; /* "1 to 2" */
  /* The newest that both speak; 0: there is none. */
  uint32_t common(const Versions& other) const;
};
inline constexpr Versions kVersions{HP_TRACE_OLDEST, HP_TRACE_VERSION};

/* What a message is about: a program, and the PREPARE of it. */
struct Subject {
  ProgramIdent ident{};
  uint64_t transaction = 0; /* 0 in version 1 */
  bool operator==(const Subject&) const = default;
};

struct Message {
  hp_msg_type type{};
  uint32_t version = 0;
  Subject about;
  uint32_t flags = 0; /* HP_MSG_MORE, HP_HELLO_VERSIONS() */
  bool more() const { return (flags & HP_MSG_MORE) != 0; }
  std::span<const uint8_t> fixed; /* what the type says, between header and text */
  std::string_view text;
};
/* buffer: one whole message, of one of these versions, or of a type whose version is fixed. */
Result<Message> decode(std::span<const uint8_t> buffer, const Versions& = kVersions);
/* The same message for a peer that speaks this version. */
Bytes in_version(Bytes message, uint32_t version);

struct HelloProgram {
  ProgramIdent ident{};
  bool committed = false;
  uint32_t probes = 0;
};
struct Hello {
  uint32_t abi = 0, cpus = 0, doorbell = 0;
  std::string hostname, release, boot_id; /* printable, shorter than HP_HELLO_NAME */
  std::string build_id;                   /* lower-case hexadecimal, or empty */
  uint64_t text_start = 0;
  Versions versions{1, 1};            /* as stated: any numbers below 256 */
  std::vector<HelloProgram> programs; /* at most kMaxHelloPrograms are encoded */
};
Bytes encode_hello(const Hello&);
Result<Hello> read_hello(const Message&);

struct Welcome {
  uint32_t vmid = 0;
  uint32_t lacks = 0; /* bit n: HP_FILE_n is wanted */
};
Bytes encode_welcome(const Welcome&);
Result<Welcome> read_welcome(const Message&);

struct FilePiece {
  uint32_t kind = 0;  /* HP_FILE_* */
  uint32_t error = 0; /* errno */
  uint64_t serial = 0, offset = 0;
  std::string_view bytes; /* none: the end; at most kMaxText */
};
Bytes encode_file(const FilePiece&);
Result<FilePiece> read_file_piece(const Message&);

struct Fetch {
  uint32_t kind = 0;
  uint64_t serial = 0;
  std::string_view path; /* of HP_FILE_PATH: absolute, shorter than PATH_MAX */
};
Bytes encode_fetch(const Fetch&);
Result<Fetch> read_fetch(const Message&);

Bytes encode_prepared(const Subject&, uint32_t probes);
Result<uint32_t> read_prepared(const Message&);

/* Messages of text (REFUSED, LOG; cut to kMaxText) and of nothing (COMMIT, COMMITTED, ABORT, KILL, KILLED). */
Bytes encode_text(hp_msg_type, std::string_view text, const Subject& = {});
Bytes encode_plain(hp_msg_type, const Subject&);

/* Control characters and what is no ASCII become '?'. */
std::string printable(std::string_view, size_t max = 1000);

}  // namespace hp::trace
