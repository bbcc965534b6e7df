/* SessionFleet: the fleet's part of a session: what probec -E says about guests and the coordinator while it
 * consumes, and when that ends the session.
 *
 *     SessionFleet fleet(std::move(client), sink, options);
 *     HP_TRYV(fleet.submit(object_fd, segment_fd));           or attached(): it runs already
 *     ... BEGIN, state ACTIVE ...; fleet.announce();
 *     loop until fleet.over(): poll fleet.pollfd(); fleet.serve();
 *     fleet.end();                                            unless the program shall run on
 *
 * A coordinator that goes away is no reason to end: FleetClient finds the next one. One thread; sink is the
 * caller's and must outlive this. */
#pragma once
#include <poll.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "host/fleet_client.hpp"
#include "host/text_sink.hpp"

namespace hp::host {

class SessionFleet {
 public:
  struct Options {
    bool verbose = false; /* says when guests join and go */
    SubmitOptions submit;
    /* The probe table has what the guests have matched: after the decision, and when the first guest comes
     * after that; guests: how many run the program. An error ends the session. May be empty. */
    std::function<Result<>(size_t guests)> on_enabled;
  };

  SessionFleet(std::unique_ptr<FleetClient> client, TextSink& sink, Options options)
      : client_(std::move(client)), sink_(sink), options_(std::move(options)) {}

  /* Waits for the decision, however often the coordinator is lost meanwhile. EINTR: a signal handler ran. */
  Result<> submit(int object_fd, int segment_fd);
  /* Says where it runs: once the program's state is ACTIVE, for who reads it may start his workload. */
  void announce();
  void attached(const std::vector<FleetGuest>& guests);

  struct pollfd pollfd() const { return {client_->fd(), client_->poll_events(), 0}; }
  /* Whenever something may have come; cheap. */
  void serve();
  /* Disables the program in every guest. */
  void end();

  bool over() const { return failed_; }
  bool failed() const { return failed_; }
  /* Somebody else has ended the program: nothing is left to disable. */
  bool ended() const { return ended_; }

 private:
  void notice(const std::string& line);
  void fail_with(const std::string& why);
  Result<> enabled(const std::vector<FleetGuest>& guests);

  std::unique_ptr<FleetClient> client_;
  TextSink& sink_;
  Options options_;
  bool failed_ = false, ended_ = false;
  bool guests_seen_ = false;        /* a guest has run the program */
  std::vector<FleetGuest> enabled_; /* in the first phase */
};

}  // namespace hp::host
