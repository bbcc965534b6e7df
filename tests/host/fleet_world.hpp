/* FleetWorld: a real coordinator that is made to crash, with guests and consumers that live in the test.
 *
 *     FleetWorld world(plan);                  `probed coordinator` under the library kill_at
 *     SimulatedGuest& guest = world.guest("web1");
 *     FleetConsumer& consumer = world.consumer();
 *     consumer.submit(false);
 *     world.until([&] { return consumer.state() == FleetConsumer::Committed; }, "commit");
 *
 * until() carries everybody's messages; a coordinator that is found dead is started again, without the library, and
 * all come back to it by themselves. What may never be, whatever crashed, is kept in complaints(). One thread. */
#pragma once
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "host/fleet_channel.hpp"
#include "host/fleet_journal.hpp"
#include "simulated_fleet.hpp"
#include "temporary_directory.hpp"

namespace hp::test {

/* What kill_at.cpp is told. */
struct CrashPlan {
  unsigned long kill_at = 0; /* 0: never */
  bool after = false;
  bool power = false; /* what was not synced is lost, too */
  unsigned long fail_at = 0, fail_for = 1;
  int fail_with = 0; /* errno */
};

/* A consumer at the level of the control socket: after a loss it submits again, until it leaves. */
class FleetConsumer {
 public:
  enum State { Idle, Submitted, Committed, Aborted, Ended };
  FleetConsumer(std::string socket, const std::string& object);

  void submit(bool detach);
  void leave(); /* as its death does */
  State state() const { return state_; }
  const std::string& reason() const { return reason_; }
  const ProgramIdent& ident() const { return program_.ident; }
  size_t guests() const { return guests_; } /* of the decision and since */

  int fd() const { return channel_ ? channel_->fd() : -1; }
  short poll_events() const;
  void dispatch();

 private:
  void connect();
  void handle(const rpc::Message&);

  std::string socket_;
  SimulatedProgram program_;
  std::unique_ptr<FleetChannel> channel_;
  State state_ = Idle;
  std::string reason_;
  size_t guests_ = 0;
  bool detach_ = false, left_ = false;
};

class FleetWorld {
 public:
  explicit FleetWorld(const CrashPlan&);
  ~FleetWorld();
  FleetWorld(const FleetWorld&) = delete;
  FleetWorld& operator=(const FleetWorld&) = delete;

  SimulatedGuest& guest(const std::string& name);
  FleetConsumer& consumer();
  /* Goes on until the condition holds; throws when it does not within the limit. */
  void until(const std::function<bool()>& condition, const std::string& what);
  /* One request, again after a crash, until it is answered: the result, or "" where it is refused. */
  std::string ask(const std::string& method, const std::string& params = "{}");
  void end_daemon(); /* by SIGTERM; it is not started again */
  void restart();    /* after that, without the library */

  /* --- what there is now --- */
  struct Listed {
    ProgramIdent ident{};
    std::string state;
    size_t guests = 0, enabled = 0;
  };
  std::vector<Listed> programs();
  size_t enabled_in(const ProgramIdent&) const; /* guests */
  bool loaded_anywhere() const;
  std::map<ProgramIdent, FleetJournal::Program> journal() const;
  std::set<std::string> files() const; /* of the base folder */

  bool crashed() const { return crashes_ > 0; }
  std::string point() const; /* where it crashed or failed, as kill_at wrote it; empty: nowhere */
  std::string log() const;   /* of the coordinators */
  std::vector<std::string>& complaints() { return complaints_; }
  const std::string& base() const { return base_; }

 private:
  void start(const CrashPlan&);
  void reap();
  void await_coordinator();
  void lose_power();
  void turn();
  std::string durable() const { return directory_.path() + "/durable"; }

  static std::string fast_folder();

  TemporaryDirectory directory_{fast_folder()};
  std::string base_ = directory_.path() + "/base", socket_ = directory_.path() + "/run/s";
  CrashPlan plan_;
  pid_t daemon_ = -1;
  unsigned crashes_ = 0;
  bool served_ = false, ending_ = false;
  std::vector<std::unique_ptr<SimulatedGuest>> guests_;
  std::vector<std::unique_ptr<FleetConsumer>> consumers_;
  std::vector<std::string> complaints_;
};

}  // namespace hp::test
