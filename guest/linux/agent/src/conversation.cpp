#include "agent/conversation.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>

#include "agent/kernel.hpp"

namespace hp::agent {
namespace {

constexpr size_t kMaxFiles = 256; /* that wait to be sent */

/* Opens a regular file, and nothing else: opening a device or a pipe does things. */
Result<Fd> open_regular(const std::string& path) {
  Fd place(::open(path.c_str(), O_PATH | O_CLOEXEC));
  struct stat st{};
  if (!place || ::fstat(place.get(), &st) != 0) return fail_errno(path);
  if (!S_ISREG(st.st_mode)) return fail(path + " is no regular file", EINVAL);
  Fd fd(::open(("/proc/self/fd/" + std::to_string(place.get())).c_str(),
               O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (!fd) return fail_errno(path);
  return fd;
}

const char* kind_name(uint32_t kind) {
  switch (kind) {
    case HP_KIND_SYSCALL_ENTRY:
      return "the entry of system calls";
    case HP_KIND_SYSCALL_RETURN:
      return "the return of system calls";
    case HP_KIND_TRACEPOINT:
      return "tracepoint";
    case HP_KIND_FUNCTION_ENTRY:
      return "the entry of";
    case HP_KIND_FUNCTION_RETURN:
      return "the return of";
    case HP_KIND_USER_ENTRY:
      return "the entry of a function of";
    case HP_KIND_USER_RETURN:
      return "the return of a function of";
    default:
      return "a timer";
  }
}

}  // namespace

Result<std::vector<Module::Held>> Conversation::held() {
  std::vector<Module::Held> programs;
  while (programs.size() < trace::kMaxHelloPrograms) {
    auto program = HP_TRY(module_.program(static_cast<uint32_t>(programs.size())));
    if (!program) break;
    programs.push_back(*program);
  }
  return programs;
}

Result<> Conversation::send(trace::Bytes message) {
  return module_.send(trace::in_version(std::move(message), version_));
}

Result<> Conversation::begin() {
  version_ = 1;
  reader_.clear();
  files_.clear();
  const hp_ioc_info info = HP_TRY(module_.info());
  trace::Hello hello = describe_kernel(root_);
  hello.abi = info.abi;
  hello.doorbell = info.doorbell;
  hello.text_start = info.text_start;
  hello.versions = versions_;
  for (const Module::Held& p : HP_TRY(held()))
    hello.programs.push_back({p.ident, p.committed, p.probes});
  return send(trace::encode_hello(hello));
}

Result<> Conversation::tell(const std::string& line) {
  return send(trace::encode_text(HP_MSG_LOG, line));
}

Result<> Conversation::received(std::span<const uint8_t> bytes) {
  auto m = trace::decode(bytes, versions_);
  if (!m) {
    log_("the VMM sends nonsense: " + m.error().message);
    return {};
  }
  if (versions_.has(m->version)) version_ = m->version;
  switch (m->type) {
    case HP_MSG_WELCOME: {
      auto welcome = trace::read_welcome(*m);
      if (!welcome) break;
      for (uint32_t kind = HP_FILE_BTF; kind < HP_FILE_PATH; kind++)
        if ((welcome->lacks & 1u << kind) && files_.size() < kMaxFiles)
          files_.push_back({kind, 0, 0, {}, false, {}, {}});
      log_("the VMM knows this guest" +
           (welcome->vmid ? " as number " + std::to_string(welcome->vmid) : std::string()));
      return {};
    }
    case HP_MSG_FETCH: {
      auto fetch = trace::read_fetch(*m);
      if (!fetch || files_.size() >= kMaxFiles) break;
      files_.push_back(
          {fetch->kind, fetch->serial, 0, root_ + std::string(fetch->path), false, {}, {}});
      return {};
    }
    case HP_MSG_REFUSED:
      log_("the VMM does not talk with this agent: " + trace::printable(m->text));
      return {};
    case HP_MSG_PREPARE:
      return prepare(*m);
    case HP_MSG_COMMIT: {
      auto done = module_.commit(m->about.ident);
      if (done) return send(trace::encode_plain(HP_MSG_COMMITTED, m->about));
      return send(
          trace::encode_text(HP_MSG_REFUSED, "cannot commit: " + done.error().message, m->about));
    }
    case HP_MSG_ABORT:
    case HP_MSG_KILL:
      if (reader_.about().ident == m->about.ident) reader_.clear();
      if (auto done = module_.detach(m->about.ident); !done && done.error().code != ENOENT)
        log_("cannot detach a program: " + done.error().message);
      return send(trace::encode_plain(HP_MSG_KILLED, m->about));
    default:
      break;
  }
  log_("the VMM sends a message of type " + std::to_string(m->type) + " that makes no sense");
  return {};
}

/* --- programs --- */

Result<> Conversation::prepare(const trace::Message& m) {
  auto whole = reader_.add(m);
  if (whole && !*whole) return {};
  const Result<uint32_t> attached = whole ? attach() : tl::make_unexpected(whole.error());
  reader_.clear();
  if (attached) return send(trace::encode_prepared(m.about, *attached));
  return send(trace::encode_text(HP_MSG_REFUSED, attached.error().message, m.about));
}

/* All the probes of the program that has come, or none of them. */
Result<uint32_t> Conversation::attach() {
  const ProgramIdent& ident = reader_.about().ident;
  for (const Module::Held& p : HP_TRY(held())) {
    if (p.ident != ident) continue;
    if (p.probes == reader_.count()) return p.probes; /* the message came twice */
    HP_TRYV(module_.detach(ident));
  }
  for (const trace::PrepareReader::Piece& piece : reader_.pieces()) {
    uint32_t failed = 0;
    auto done = module_.attach(ident, piece.probes, piece.count, failed);
    if (done) continue;
    (void)module_.detach(ident); /* of the pieces before; ENOENT if there was none */
    return fail(why(piece, failed, done.error()));
  }
  return reader_.count();
}

std::string Conversation::why(const trace::PrepareReader::Piece& piece, uint32_t failed,
                              const Error& error) const {
  trace::AttachWalk walk(piece.probes);
  hp_attach head{};
  std::string_view text;
  for (uint32_t i = 0; i <= failed; i++)
    if (!walk.next(head, text)) return "cannot attach its probes: " + error.message;
  std::string what = kind_name(head.kind);
  if (!text.empty()) what += " " + std::string(text);
  return Error::from_errno("cannot attach to " + what, error.code).message;
}

/* --- files --- */

Result<> Conversation::start(File& f) {
  f.open = true;
  if (f.kind == HP_FILE_PATH || f.kind == HP_FILE_BTF)
    f.fd =
        HP_TRY(open_regular(f.kind == HP_FILE_PATH ? f.path : root_ + "/sys/kernel/btf/vmlinux"));
  else
    f.text = HP_TRY(kernel_file(f.kind, root_));
  return {};
}

Result<std::string_view> Conversation::next_piece(File& f) {
  if (!f.open) HP_TRYV(start(f));
  if (f.offset > kMaxFile) return fail("the file is too large", EFBIG);
  if (!f.fd) return std::string_view(f.text).substr(f.offset, trace::kMaxText);
  buffer_.resize(trace::kMaxText);
  ssize_t n;
  do n = ::read(f.fd.get(), buffer_.data(), buffer_.size());
  while (n < 0 && errno == EINTR);
  if (n < 0) return fail_errno("cannot read it");
  return std::string_view(buffer_.data(), static_cast<size_t>(n));
}

Result<> Conversation::work() {
  if (files_.empty()) return {};
  File& f = files_.front();
  trace::FilePiece piece{f.kind, 0, f.serial, f.offset, {}};
  auto bytes = next_piece(f);
  if (bytes) {
    piece.bytes = *bytes;
    f.offset += bytes->size();
  } else {
    piece.error = static_cast<uint32_t>(bytes.error().code ? bytes.error().code : EIO);
    if (f.kind != HP_FILE_PATH) HP_TRYV(tell(bytes.error().message));
  }
  auto sent = send(trace::encode_file(piece));
  if (piece.bytes.empty()) files_.pop_front();
  return sent;
}

}  // namespace hp::agent
