/* FleetClient: what `probec -E` and probectl say to `probed coordinator`.
 *
 *     auto fleet = HP_TRY(FleetClient::connect(""));           clear message when no daemon runs
 *     HP_TRYV(fleet->submit(object_fd, segment_fd, {}));       sent; the answer is an event
 *     loop: poll {fleet->fd(), fleet->poll_events()} for at most fleet->patience();
 *           for (FleetEvent& e : fleet->dispatch()) ...        Committed or Aborted comes first
 *     fleet->kill(2000ms);                                     at the end: disabled in every guest
 *
 * submit() names the program by hp_seg_header.ident. Before it, the caller has filled the segment's
 * probe table with every probe of the fleet's universe that some description matches (targets are not
 * considered: each guest takes the descriptions whose target matches its name or hostname). Once
 * committed, the program runs wherever it matches, in guests that come later too; the coordinator
 * keeps the segment's guest table (names by vmid, state 2 when gone). The connection is the program's
 * life line: when the consumer dies, the coordinator kills the program everywhere, but for programs that
 * were submitted detached. Such a one is looked after again with attach().
 *
 * When the coordinator goes away, a program that was submitted or attached does not end: Away is told, this
 * object connects again by itself from dispatch() (after 50 ms, then ever more slowly, up to 1 s, for ever), says
 * the same again, and tells Back. The same ident makes that harmless, however far the first submit had come.
 * A program that the coordinator refuses then has ended.
 *
 * The segment memfd must be sealed against shrinking (F_SEAL_SHRINK), for guests map it.
 *
 * Threading: one thread at a time. Nothing blocks but connect, attach, wait_decision, kill and call, which
 * end when their time is up; dispatch() connects, to a socket of this machine, for at most a second. */
#pragma once
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/fleet_channel.hpp"
#include "transport/control_protocol.hpp"
#include "transport/fd.hpp"
#include "transport/result.hpp"

namespace hp {

struct FleetGuest {
  uint32_t vmid = 0;
  std::string name, hostname;
  uint32_t probes = 0; /* matched in this guest; a return and an entry count as two */
  std::string reason;  /* why it refused, if it did */
};

struct FleetEvent {
  enum Kind {
    Committed, /* enabled in all of `guests` (none: waiting for guests to appear) */
    Aborted,   /* enabled nowhere: `reason`, and `guests` that refused or did not answer */
    Joined,    /* a guest that came later runs the program now: guests[0] */
    Gone,      /* guests[0] ended */
    Refused,   /* guests[0] came later and cannot run the program; or was skipped (onfail=skip) */
    Ended, /* the program is over: killed by someone else (probectl kill, daemon's end), or refused
                  when the coordinator had come back: `reason` */
    Away,  /* the coordinator is gone: `reason`. Guests go on firing; the program's segment, set to
                  HP_STATE_DEAD, ends it in them all the same. */
    Back,  /* a coordinator is there again and has the program, in `guests` */
  } kind;
  std::vector<FleetGuest> guests;
  std::string reason;
};

struct SubmitOptions {
  bool skip_failing = false;               /* -x onfail=skip */
  std::chrono::milliseconds timeout{5000}; /* for a guest's answer; 100 ms to 60 s */
  bool detach = false;                     /* the program outlives its consumer */
};

/* A program that runs, as attach() gets it. */
struct AttachedProgram {
  std::string ident, script;
  Fd object, segment;
  std::vector<FleetGuest> guests;
};

class FleetClient {
 public:
  /* An empty path means fleet_socket_path(). */
  static Result<std::unique_ptr<FleetClient>> connect(const std::string& socket_path);
  ~FleetClient();

  int fd() const;
  short poll_events() const; /* POLLIN, and POLLOUT while something waits to be sent */
  Result<> submit(int object_fd, int segment_fd, const SubmitOptions&);
  /* Becomes the consumer of a program that runs detached. ident: or the first digits of it. */
  Result<AttachedProgram> attach(const std::string& ident, std::chrono::milliseconds limit);
  /* Serves the connection, or connects again, and returns what happened since. While the coordinator is away,
   * fd() is -1. */
  std::vector<FleetEvent> dispatch();
  /* How long dispatch() needs not be called although fd() is silent; negative: for ever. */
  std::chrono::milliseconds patience() const;
  /* Blocks until Committed, Aborted or Away; after Away, call it again to wait on. An error when the time is
   * up, or EINTR when a signal handler ran; no time is counted while the coordinator is away. Later events stay
   * queued for dispatch(). */
  Result<FleetEvent> wait_decision(std::chrono::milliseconds limit);
  /* Ends the program and waits until every guest has disabled it, the daemon is gone, or time is up. */
  void kill(std::chrono::milliseconds limit);
  /* One request of probectl: the result as JSON text. params: JSON text of an object. */
  Result<std::string> call(const std::string& method, const std::string& params,
                           std::chrono::milliseconds limit);
  /* What hello was answered; protocol 1 until then. */
  const control::Agreed& agreed() const { return agreed_; }
  /* The coordinator speaks no protocol of ours: there is no use in coming again. */
  bool refused() const { return refused_; }

 private:
  using Clock = std::chrono::steady_clock;
  using SharedFd = std::shared_ptr<Fd>;
  /* What made this connection a program's, to be said again to the next coordinator. */
  struct Standing {
    std::string method, params;
    std::vector<SharedFd> fds;
    bool detach = false;
    bool decided = false;
  };

  FleetClient();
  Result<> open();
  Result<> say(std::string line, std::vector<SharedFd> fds = {});
  Result<> say_standing();
  void serve();
  void come_back();
  void handle(FleetChannel::Incoming&);
  void handle_standing(const rpc::Message&, std::vector<Fd> fds);
  void over(FleetEvent::Kind before_decision, std::string reason, std::vector<FleetGuest> guests);
  bool wait_input(Clock::time_point end, bool* interrupted);
  bool patient();
  void lost(const std::string& reason);
  void give_up(const std::string& message);

  std::string socket_path_;
  std::unique_ptr<FleetChannel> channel_;
  std::vector<FleetEvent> events_;
  std::optional<Standing> standing_; /* none: no program, or it is over */
  AttachedProgram attached_;
  std::string ident_;       /* hexadecimal; empty before submit and attach */
  std::string standing_id_; /* of the pending submit or attach, empty if none */
  control::Agreed agreed_;
  bool refused_ = false;
  std::string call_id_;        /* of the pending call or kill, empty if none */
  Result<std::string> answer_; /* of that call */
  uint64_t next_id_ = 1;
  bool away_ = false; /* told, and not yet back */
  Clock::time_point retry_at_;
  std::chrono::milliseconds backoff_{};
  std::optional<Clock::time_point> refused_since_; /* attached, and away */
};

/* $HYPROBE_SOCKET, or /run/hyprobe/control.sock for root, or $XDG_RUNTIME_DIR/hyprobe/control.sock
 * (without that variable: /tmp/hyprobe-UID/control.sock). */
std::string fleet_socket_path();

}  // namespace hp
