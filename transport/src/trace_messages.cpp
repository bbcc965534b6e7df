#include "transport/trace_messages.hpp"

#include <algorithm>
#include <climits>

#include "trace_codec.hpp"
#include "transport/crc32c.hpp"

namespace hp::trace {
namespace {

uint32_t checksum(std::span<const uint8_t> message) {
  constexpr size_t at = offsetof(hp_msg, checksum);
  constexpr uint8_t zero[sizeof(hp_msg::checksum)] = {};
  return crc32c(message.subspan(at + sizeof zero), crc32c(zero, crc32c(message.first(at))));
}

template <size_t N>
void put_name(char (&to)[N], std::string_view from) {
  const size_t n = std::min(from.size(), N - 1);
  std::memcpy(to, from.data(), n);
  std::memset(to + n, 0, N - n);
}

template <size_t N>
Result<std::string> name(const char (&from)[N], const char* what) {
  const size_t n = ::strnlen(from, N);
  if (n == N) return fail(std::string("a HELLO whose ") + what + " does not end");
  return printable({from, n});
}

bool hexadecimal(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool file_kind(uint32_t kind) {
  return kind >= HP_FILE_BTF && kind <= HP_FILE_PATH;
}

/* What two sides say before they know of a common version. */
bool of_any_version(uint32_t type) {
  return type == HP_MSG_HELLO || type == HP_MSG_REFUSED;
}

/* The header that begins a message, as far as its version has one. */
bool take_header(std::span<const uint8_t>& from, hp_msg& head) {
  head = {};
  if (from.size() < HP_MSG_SIZE_1) return false;
  std::memcpy(&head, from.data(), HP_MSG_SIZE_1);
  const size_t size = header_size(head.version);
  if (from.size() < size) return false;
  std::memcpy(&head, from.data(), size);
  from = from.subspan(size);
  return true;
}

void put_header(Bytes& message, hp_msg head) {
  const size_t size = header_size(head.version);
  head.size = static_cast<uint32_t>(message.size());
  head.checksum = 0;
  std::memcpy(message.data(), &head, size);
  head.checksum = checksum(message);
  std::memcpy(message.data(), &head, size);
}

}  // namespace

std::string Versions::text() const {
  return std::to_string(oldest) + (oldest == newest ? "" : " to " + std::to_string(newest));
}

uint32_t Versions::common(const Versions& other) const {
  const uint32_t best = std::min(newest, other.newest);
  return best >= std::max(oldest, other.oldest) ? best : 0;
}

Builder::Builder(hp_msg_type type, const Subject& about, uint32_t version)
    : out_(header_size(version)) {
  head_.magic = HP_MSG_MAGIC;
  head_.version = static_cast<uint16_t>(version);
  head_.type = static_cast<uint16_t>(type);
  std::copy(about.ident.begin(), about.ident.end(), head_.ident);
  head_.transaction = about.transaction;
}

Builder& Builder::bytes(std::span<const uint8_t> b) {
  out_.insert(out_.end(), b.begin(), b.end());
  out_.resize(align8(out_.size()));
  return *this;
}

Bytes Builder::finish(std::string_view text, uint32_t flags) {
  out_.insert(out_.end(), text.begin(), text.end());
  out_.resize(align8(out_.size()));
  HP_CHECK(out_.size() <= HP_MSG_MAX);
  head_.flags = flags;
  head_.text = static_cast<uint32_t>(text.size());
  put_header(out_, head_);
  return std::move(out_);
}

Bytes in_version(Bytes message, uint32_t version) {
  hp_msg head;
  std::span<const uint8_t> body = message;
  HP_CHECK(take_header(body, head));
  if (head.version <= version) return message;
  message.erase(
      message.begin(),
      message.begin() + static_cast<ptrdiff_t>(header_size(head.version) - header_size(version)));
  head.version = static_cast<uint16_t>(version);
  put_header(message, head);
  return message;
}

Result<Message> decode(std::span<const uint8_t> buffer, const Versions& versions) {
  hp_msg head;
  std::span<const uint8_t> body = buffer;
  if (!take_header(body, head)) return fail("a message shorter than its header");
  if (head.magic != HP_MSG_MAGIC) return fail("not a message");
  if (!versions.has(head.version) && !(head.version == 1 && of_any_version(head.type)))
    return fail("a message of version " + std::to_string(head.version) + ", not " +
                versions.text());
  if (head.size != buffer.size() || head.size > HP_MSG_MAX || head.size % 8 != 0)
    return fail("a message whose size is not its buffer's");
  if (head.text > body.size()) return fail("a message with more text than bytes");
  if (head.checksum != checksum(buffer)) return fail("a message with a wrong checksum");
  if (head.type < HP_MSG_HELLO || head.type > HP_MSG_LOG)
    return fail("a message of unknown type " + std::to_string(head.type));
  Message m;
  m.type = static_cast<hp_msg_type>(head.type);
  m.version = head.version;
  std::copy(std::begin(head.ident), std::end(head.ident), m.about.ident.begin());
  m.about.transaction = head.transaction;
  m.flags = head.flags;
  m.fixed = body.first(body.size() - align8(head.text));
  m.text = {reinterpret_cast<const char*>(body.data()) + m.fixed.size(), head.text};
  return m;
}

Bytes encode_hello(const Hello& h) {
  const size_t programs = std::min<size_t>(h.programs.size(), kMaxHelloPrograms);
  hp_hello fixed{};
  fixed.abi = h.abi;
  fixed.programs = static_cast<uint32_t>(programs);
  fixed.cpus = h.cpus;
  fixed.doorbell = h.doorbell;
  put_name(fixed.hostname, h.hostname);
  put_name(fixed.release, h.release);
  put_name(fixed.boot_id, h.boot_id);
  put_name(fixed.build_id, h.build_id);
  fixed.text_start = h.text_start;
  Builder out(HP_MSG_HELLO, {}, 1);
  out.put(fixed);
  for (size_t i = 0; i < programs; i++) {
    hp_hello_program p{{}, h.programs[i].committed, h.programs[i].probes};
    std::copy(h.programs[i].ident.begin(), h.programs[i].ident.end(), p.ident);
    out.put(p);
  }
  return out.finish({}, h.versions.newest == 1 ? 0
                                               : HP_HELLO_VERSIONS(h.versions.oldest & 0xff,
                                                                   h.versions.newest & 0xff));
}

Result<Hello> read_hello(const Message& m) {
  hp_hello fixed;
  std::span<const uint8_t> rest = m.fixed;
  if (!take(rest, fixed) || fixed.programs > kMaxHelloPrograms ||
      rest.size() != fixed.programs * sizeof(hp_hello_program))
    return fail("a HELLO with a wrong size");
  Hello h;
  h.abi = fixed.abi;
  h.cpus = fixed.cpus;
  h.doorbell = fixed.doorbell;
  h.hostname = HP_TRY(name(fixed.hostname, "host name"));
  h.release = HP_TRY(name(fixed.release, "release"));
  h.boot_id = HP_TRY(name(fixed.boot_id, "boot id"));
  h.build_id = HP_TRY(name(fixed.build_id, "build id"));
  if (!hexadecimal(h.build_id)) return fail("a HELLO whose build id is not hexadecimal");
  h.text_start = fixed.text_start;
  h.versions = {m.flags >> 16 & 0xff, m.flags >> 24};
  if (h.versions.newest == 0) h.versions = {1, 1};
  for (uint32_t i = 0; i < fixed.programs; i++) {
    hp_hello_program p{};
    take(rest, p);
    HelloProgram& to = h.programs.emplace_back();
    std::copy(std::begin(p.ident), std::end(p.ident), to.ident.begin());
    to.committed = p.committed != 0;
    to.probes = p.probes;
  }
  return h;
}

Bytes encode_welcome(const Welcome& w) {
  return Builder(HP_MSG_WELCOME).put(hp_welcome{w.vmid, w.lacks}).finish();
}

Result<Welcome> read_welcome(const Message& m) {
  const hp_welcome w = HP_TRY(only<hp_welcome>(m));
  return Welcome{w.vmid, w.lacks};
}

Bytes encode_file(const FilePiece& p) {
  return Builder(HP_MSG_FILE)
      .put(hp_file{p.kind, p.error, p.serial, p.offset})
      .finish(p.bytes.substr(0, kMaxText));
}

Result<FilePiece> read_file_piece(const Message& m) {
  const hp_file f = HP_TRY(only<hp_file>(m));
  if (!file_kind(f.kind)) return fail("a piece of an unknown kind of file");
  return FilePiece{f.kind, f.error, f.serial, f.offset, m.text};
}

Bytes encode_fetch(const Fetch& f) {
  return Builder(HP_MSG_FETCH).put(hp_fetch{f.kind, 0, f.serial}).finish(f.path);
}

Result<Fetch> read_fetch(const Message& m) {
  const hp_fetch f = HP_TRY(only<hp_fetch>(m));
  if (!file_kind(f.kind)) return fail("a FETCH of an unknown kind of file");
  if (f.kind == HP_FILE_PATH && (m.text.empty() || m.text[0] != '/' || m.text.size() >= PATH_MAX ||
                                 m.text.find('\0') != m.text.npos))
    return fail("a FETCH of something that is no absolute path");
  return Fetch{f.kind, f.serial, m.text};
}

Bytes encode_prepared(const Subject& about, uint32_t probes) {
  return Builder(HP_MSG_PREPARED, about).put(hp_prepared{probes, 0}).finish();
}

Result<uint32_t> read_prepared(const Message& m) {
  return HP_TRY(only<hp_prepared>(m)).probes;
}

Bytes encode_text(hp_msg_type type, std::string_view text, const Subject& about) {
  return Builder(type, about).finish(text.substr(0, kMaxText));
}

Bytes encode_plain(hp_msg_type type, const Subject& about) {
  return Builder(type, about).finish();
}

std::string printable(std::string_view text, size_t max) {
  std::string out(text.substr(0, max));
  for (char& c : out)
    if (c < ' ' || c > '~') c = '?';
  return out;
}

}  // namespace hp::trace
