/* libFuzzer: any conversation of up to three peers with a whole FleetServer, journal and base folder included, all in
 * this process. Nothing crashes, blocks or leaks a descriptor, and a fourth, well-behaved peer is served meanwhile.
 *
 * The input is lines. The first byte says who speaks ('a' to 'c' by its low bits; others do something else, below), the
 * second which two descriptors come with it, the rest is sent as it is, with a newline, but for
 *     $A $B    the ident of one of two programs
 *     $T       a transaction number as the coordinator gives them
 * 'h': half a line of the peer of the second byte, without its end. 'q': that peer leaves; its next line comes from a new
 * connection. */
#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cstring>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "host/fleet_server.hpp"
#include "host/segment.hpp"

using namespace hp;

namespace {

namespace fs = std::filesystem;

constexpr int kRounds = 64;       /* of the loop, after a line: more than any consequence takes */
constexpr int kAnswerWithin = 64; /* rounds in which the well-behaved peer has its answer */

template <class T>
T need(Result<T> r) {
  if (!r) {
    std::fprintf(stderr, "%s\n", r.error().message.c_str());
    std::abort();
  }
  return std::move(*r);
}

/* Ours and what we send; not the pipes of libFuzzer's symbolizer. */
size_t open_descriptors(const fs::path& folder, const fs::path& pipe) {
  size_t n = 0;
  for (const auto& entry : fs::directory_iterator("/proc/self/fd")) {
    std::error_code error;
    const std::string file = fs::read_symlink(entry.path(), error);
    for (const std::string& kind :
         {std::string("socket:"), std::string("/memfd:"), folder.string(), pipe.string()})
      n += file.compare(0, kind.size(), kind) == 0;
  }
  return n;
}

/* What is made once: a folder in memory, descriptors to send. */
struct World {
  enum Kind { Object, SegmentA, SegmentB, Garbage, Unsealed, Pipe, Null, kKinds };
  fs::path folder;
  std::array<Fd, kKinds> fds;
  std::array<host::Segment, 2> segments;
  fs::path pipe_name;
  Fd pipe_end; /* kept open: a read of the other end would wait for ever */

  World() {
    spdlog::set_level(spdlog::level::off);
    ::signal(SIGPIPE, SIG_IGN);
    std::string name = "/dev/shm/hp-fuzz-XXXXXX";
    if (!::mkdtemp(name.data())) std::abort();
    folder = name;
    const std::string bytes = need(read_file(FLEET_OBJECTS "/fleet_GOOD.o"));
    fds[Object] = need(make_sealed_memfd("object", bytes));
    const hp::Object object = need(hp::Object::parse(bytes));
    host::SegmentOptions small;
    small.bufsize = small.aggsize = 64 << 10;
    small.ncpus = 1;
    for (int i : {0, 1}) {
      segments[i] = need(host::Segment::create(object, small));
      std::memset(segments[i].header()->ident, 0xa0 + i, sizeof(ProgramIdent));
      fds[SegmentA + i] = need(Fd(::fcntl(segments[i].fd(), F_DUPFD_CLOEXEC, 0)).duplicate());
    }
    fds[Garbage] = need(make_sealed_memfd("garbage", std::string(8192, 'g')));
    fds[Unsealed] = need(make_memfd("unsealed", bytes.size()));
    if (::pwrite(fds[Unsealed].get(), bytes.data(), bytes.size(), 0) < 0) std::abort();
    int pipe[2];
    if (::pipe2(pipe, O_CLOEXEC) != 0) std::abort();
    fds[Pipe].reset(pipe[0]);
    pipe_end.reset(pipe[1]);
    pipe_name = fs::read_symlink("/proc/self/fd/" + std::to_string(pipe[0]));
    fds[Null].reset(::open("/dev/null", O_RDWR | O_CLOEXEC));
  }
  ~World() {
    std::error_code error;
    fs::remove_all(folder, error);
  }
};

class Conversation {
 public:
  explicit Conversation(World& world) : world_(world) {
    std::error_code error;
    fs::remove_all(world.folder / "base", error);
    FleetServerOptions options;
    options.socket = world.folder / "socket";
    options.base = world.folder / "base";
    server_ = need(FleetServer::open(io_, std::move(options)));
    good_ = connect();
    loop();
  }
  ~Conversation() {
    server_->shut_down();
    loop();
    server_.reset();
  }

  void line(std::string_view text) {
    const auto who = static_cast<uint8_t>(text[0]),
               with = text.size() > 1 ? static_cast<uint8_t>(text[1]) : uint8_t{0};
    if (who == 'q') {
      peers_[with % peers_.size()].reset();
      return loop();
    }
    const bool half = who == 'h';
    Fd& peer = peers_[(half ? with : who) % peers_.size()];
    if (!peer) peer = connect();
    std::string bytes = said(text.substr(std::min<size_t>(2, text.size())));
    if (!half) bytes += '\n';
    const int fds[] = {world_.fds[with % World::kKinds].get(),
                       world_.fds[with / World::kKinds % World::kKinds].get()};
    const size_t n = half || with < '0' ? 0 : with < 'A' ? 1 : 2;
    /* Whoever was sent away may come again with its next line. */
    if (!bytes.empty() &&
        !send_with_fds(peer.get(), bytes.data(), bytes.size(), fds, n, MSG_DONTWAIT))
      peer.reset();
    loop();
    drain(peer);
  }

  /* The well-behaved peer asks, and is answered. */
  void is_served() {
    static constexpr std::string_view question =
        "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"status\"}\n";
    if (!send_with_fds(good_.get(), question.data(), question.size(), nullptr, 0)) __builtin_trap();
    std::string answer;
    for (int i = 0; i < kAnswerWithin && answer.find('\n') == answer.npos; i++) {
      loop();
      answer += drain(good_);
    }
    if (answer.find("\"id\":7,\"result\"") == answer.npos) __builtin_trap();
  }

 private:
  Fd connect() {
    sockaddr_un a{};
    a.sun_family = AF_UNIX;
    std::strcpy(a.sun_path, (world_.folder / "socket").c_str());
    Fd s(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (::connect(s.get(), reinterpret_cast<sockaddr*>(&a), sizeof a) != 0) __builtin_trap();
    return s;
  }
  void loop() {
    for (int i = 0; i < kRounds && io_.poll() != 0; i++) continue;
    if (io_.stopped()) io_.restart();
  }
  static std::string drain(const Fd& peer) {
    std::string all;
    char buffer[4096];
    for (ssize_t n; peer && (n = ::recv(peer.get(), buffer, sizeof buffer, MSG_DONTWAIT)) > 0;)
      all.append(buffer, static_cast<size_t>(n));
    return all;
  }
  static std::string said(std::string_view text) {
    std::string out;
    for (size_t i = 0; i < text.size(); i++) {
      const char next = text[i] == '$' && i + 1 < text.size() ? text[i + 1] : '\0';
      if (next == 'A' || next == 'B')
        for (int n = 0; n < 16; n++) out += next == 'A' ? "a0" : "a1";
      else if (next == 'T')
        out += std::to_string((uint64_t{1} << 32) + 1);
      else
        out += text[i];
      i += next == 'A' || next == 'B' || next == 'T';
    }
    return out;
  }

  World& world_;
  asio::io_context io_;
  std::unique_ptr<FleetServer> server_;
  std::array<Fd, 3> peers_;
  Fd good_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static World world;
  static std::optional<size_t> descriptors;
  {
    Conversation c(world);
    std::string_view input(reinterpret_cast<const char*>(data), size);
    while (!input.empty()) {
      const size_t end = std::min(input.find('\n'), input.size());
      if (end > 0) c.line(input.substr(0, end));
      input.remove_prefix(std::min(end + 1, input.size()));
    }
    c.is_served();
  }
  const size_t open = open_descriptors(world.folder, world.pipe_name);
  if (!descriptors) descriptors = open;
  if (open != *descriptors) __builtin_trap();
  return 0;
}
