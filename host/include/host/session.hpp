/* Session: one run of a D program, from its object to the last line of output.
 *
 * The life of a session:
 *     create the segment, enter the matched probes
 *     start the command's guest, paused (-c); or submit to the fleet and wait for its decision (-E)
 *     load the program in this process: BEGIN, END, ERROR and timers fire here
 *     BEGIN; state ACTIVE; let the guest go
 *     until exit(), the command's end, a signal: consume every switchrate
 *     disable in the guests; state DRAINING; END; consume the rest
 *     an empty line and the aggregations that no printa() printed
 * Whatever happens, guests and segment are gone when run() returns. One thread.
 *
 * With submit.detach it ends after BEGIN, and the program runs on. run_attached() is the rest of such a
 * program's life, or some of it: it loads the program that the fleet runs already, consumes without taking
 * the aggregations, and leaves it running when it is told to stop; END is for the session that sees the
 * program's end, be it by exit() or because somebody killed it. */
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "handler/program.hpp"
#include "host/consumer.hpp"
#include "host/enabling.hpp"
#include "host/local_probes.hpp"
#include "host/segment.hpp"
#include "host/session_fleet.hpp"
#include "host/signals.hpp"
#include "host/text_sink.hpp"

namespace hp::host {

struct SessionOptions {
  std::string program = "probec"; /* in messages */
  TextOptions text;
  ConsumerOptions consumer;
  SegmentOptions segment;
  uint64_t switchrate = 1'000'000'000, statusrate = 1'000'000'000; /* ns between rounds */
  uint64_t print_every = 0;         /* ns between prints of all aggregations; 0: only at the end */
  std::vector<std::string> command; /* -c; empty: none */
  uint32_t gate = 0;                /* HP_GATE_*, of the command's guest */
  bool fleet = false;               /* -E */
  bool verbose = false;
  std::string socket; /* of the coordinator; empty: the usual place */
  SubmitOptions submit;
  uint32_t guest_probes = 0; /* room in the probe table for those that only guests know */
  /* With -E: called when the fleet has decided, and once more when the first guest comes after that. The
   * table then has what the guests have matched; guests: how many run the program. An error ends the
   * session. May be empty. */
  std::function<Result<>(const Object&, const handler::SegmentView&, size_t guests)> on_enabled;
  std::string output;             /* -o; empty: standard output */
  TextSink::SetOption set_option; /* for setopt(); may be empty */
};

class Session {
 public:
  Session(Object object, std::string object_bytes, Enabling enabling, SessionOptions options);
  ~Session();

  /* The exit status: what exit() was given, 0 without. Errors are fatal ones, for the user. */
  Result<int> run();
  /* enabling and guest_probes are of no use then; the segment is the program's. */
  Result<int> run_attached(std::unique_ptr<FleetClient>, AttachedProgram);
  /* The text sink's options, for setopt(). */
  TextSink* sink() { return sink_.get(); }
  void set_switchrate(uint64_t ns) { options_.switchrate = ns; }

 private:
  Result<> create_segment();
  Result<> start_command();
  Result<> join_fleet();
  Result<> load();
  Result<> loop();
  Result<> end();
  int wait_limit(uint64_t now) const;
  Result<> open_output();
  SessionFleet::Options fleet_options();
  Result<> begin();
  Result<> detach();
  Result<> leave();
  Result<int> status() const;
  void notice(const std::string& line);
  void report_command_end();
  bool command_never_ran() const;

  Object object_;
  std::string object_bytes_;
  Enabling enabling_;
  SessionOptions options_;
  Output output_;
  std::unique_ptr<TextSink> sink_;
  Fd object_fd_;
  Segment segment_;
  std::unique_ptr<handler::Program> program_;
  std::unique_ptr<LocalProbes> local_;
  std::unique_ptr<Consumer> consumer_;
  std::unique_ptr<guest::Supervisor> guest_;
  uint32_t guest_slot_ = 0;
  std::unique_ptr<SessionFleet> fleet_;
  std::unique_ptr<StopSignals> signals_;
  std::string hostname_;
  bool stop_ = false;    /* leave the loop: the command ended */
  bool runs_on_ = false; /* the program, when this session is over */
  uint64_t next_switch_ = 0, next_status_ = 0, next_print_ = 0;
};

}  // namespace hp::host
