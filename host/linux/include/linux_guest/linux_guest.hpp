/* LinuxGuest: a virtual machine that instruments itself, as the fleet sees it: from the machine's side a
 * TracePort, from FleetMember's a ProgramHost.
 *
 *     LinuxGuest guest({"web1", FileCache(FileCache::default_directory()), log}, ram);
 *     Machine machine(..., guest);                        fire(), exit(), message(), reset()
 *     guest.connect(trace_device);
 *     member.attach(guest); guest.listen(member);
 *     loop: poll {guest.fd(), POLLIN} for guest.timeout_ms(); guest.dispatch();
 *
 * The guest is up once its agent has said HELLO and the host has its kernel's files; it is down when its trace
 * device is reset (the module goes, or the machine boots anew) or another boot says HELLO. While it is up:
 *
 *     load()    files of the guest that descriptions name are fetched; GuestProbes::prepare -> HP_MSG_PREPARE ... PREPARED -> loaded(); REFUSED -> loaded(why)
 *     enable()  HP_MSG_COMMIT ... COMMITTED -> GuestProbes::commit -> enabled()
 *     unload()  GuestProbes::remove: nothing fires any more; HP_MSG_KILL, for the guest to detach when it can
 *
 * Each load() has a transaction number of its own, by which an answer to a former one is known. An agent or module
 * that this host has no version in common with is a guest that is up and refuses every program, saying so.
 *
 * The coordinator's coming and going is nothing to the guest: what runs goes on. An agent that comes anew says what its module holds: what is not known here is killed, what was committed here
 * is committed there again, and if it lacks anything the guest counts as gone and come. While the agent is silent
 * programs go on firing and new ones are refused.
 *
 * Threading: fire() and exit() on vCPU threads; message() and reset() on the trace device's thread, which they
 * hand to the owner's thread through a bounded queue; everything else on the owner's thread. */
#pragma once
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "linux_guest/agent_link.hpp"
#include "linux_guest/file_cache.hpp"
#include "linux_guest/guest_probes.hpp"
#include "linux_guest/rate_limit.hpp"
#include "transport/fd.hpp"
#include "transport/participant.hpp"

namespace hp::linux_guest {

class LinuxGuest final : public vmm::TracePort, public ProgramHost, private AgentLink::Owner {
 public:
  struct Options {
    std::string name;     /* the host's */
    std::string hostname; /* the host's too; empty: what the guest claims */
    FileCache cache;
    std::function<void(const std::string& line)> log; /* printable, without newline */
    std::function<Time()> clock;                      /* empty: the monotonic clock */
  };
  /* The ram outlives the guest. */
  LinuxGuest(Options, const vmm::GuestRam& ram);
  ~LinuxGuest() override;

  void connect(vmm::TraceLink& device) { link_.connect(device); }
  void listen(GuestListener& listener) { listener_ = &listener; }

  int fd() const { return wake_.get(); } /* for POLLIN */
  int timeout_ms() const;                /* -1: nothing to do at any time */
  void dispatch();
  bool is_up() const { return state_ == State::Up; }

  /* A file of the guest's, now or before; limit in bytes. */
  void fetch(const std::string& path, size_t limit, AgentLink::Done done);

  /* --- vmm::TracePort --- */
  int64_t fire(vmm::VcpuView& vcpu, const hp_probe_page* page) noexcept override {
    return probes_.fire(vcpu, page);
  }
  bool wants_exits() const noexcept override { return probes_.wants_exits(); }
  void exit(vmm::VcpuView& vcpu, uint32_t reason, std::string_view name) noexcept override {
    probes_.exit(vcpu, reason, name);
  }
  void message(std::span<const uint8_t>) noexcept override;
  void reset() noexcept override;

  /* --- ProgramHost --- */
  std::optional<Result<uint32_t>> load(const ProgramIdent&, const ProgramFiles&) override;
  bool enable(const ProgramIdent&) override;
  void unload(const ProgramIdent&) override;
  void set_vmid(uint32_t) override;

 private:
  static constexpr size_t kMaxInbox = 64u << 20; /* bytes of messages that wait for the owner */
  enum class State { Down, Greeting, Up };
  enum class Stage { Attaching, Attached, Committing, Live };
  struct Program {
    Stage stage = Stage::Attaching;
    uint64_t transaction = 0; /* of its PREPARE; 0: the guest was asked nothing */
    uint32_t probes = 0;      /* that its clauses run for */
    uint32_t attached = 0;    /* by the guest, of them */
  };
  struct Event {
    bool reset = false;
    std::vector<uint8_t> message;
  };

  /* --- AgentLink::Owner --- */
  void hello(trace::Hello) override;
  void incompatible(trace::Hello, const std::string& why) override;
  void prepared(const trace::Subject&, uint32_t attached) override;
  void refused(const trace::Subject&, const std::string& why) override;
  void committed(const trace::Subject&) override;
  void silent(bool) override;
  void log(const std::string&) override;

  void greet(bool use_cache);
  void got_file(uint32_t kind, Result<std::string> bytes);
  void all_files();
  bool resume(const trace::Hello&);
  void drop_unknown(const trace::Hello&);
  void go_down(const std::string& reason);
  void come(trace::Hello, const std::string& unusable);
  void begin(Time now);
  Program* current(const trace::Subject&, Stage);
  /* A program that waits for files of the guest's. */
  struct Fetching {
    uint64_t serial;
    Fd object, segment;
    GuestFiles have;
    size_t open = 0;
  };
  std::optional<Result<uint32_t>> fetch_for(const ProgramIdent&);
  void got_file_for(const ProgramIdent&, uint64_t serial, const std::string& path,
                    Result<std::string> bytes);
  std::optional<Result<uint32_t>> attach(const ProgramIdent&, const ProgramFiles&,
                                         const GuestFiles&);
  void push(Event) noexcept;
  GuestDescription description() const;

  Options options_;
  GuestProbes probes_;
  AgentLink link_;
  GuestListener* listener_ = nullptr;
  State state_ = State::Down;
  trace::Hello hello_;
  std::string unusable_; /* why nothing can be done in the guest; empty: it can */
  KernelFiles files_;
  uint32_t lacks_ = 0, fetched_ = 0; /* files on their way, and arrived; bit n: HP_FILE_n */
  uint32_t vmid_ = 0;
  std::map<ProgramIdent, Program> programs_;
  std::map<ProgramIdent, Fetching> fetching_;
  uint64_t last_fetching_ = 0;
  bool asking_ = false;                          /* answers that come at once are load()'s own */
  RateLimit lines_{20, std::chrono::seconds(1)}; /* of the log */
  RateLimit lives_{5, std::chrono::seconds(2)};
  std::optional<Time> begin_at_; /* the guest came too often: its next life */
  uint64_t unsaid_ = 0;

  Fd wake_; /* eventfd(2) */
  std::mutex inbox_mutex_;
  std::deque<Event> inbox_;
  size_t inbox_bytes_ = 0;
  uint64_t dropped_ = 0;
};

}  // namespace hp::linux_guest
