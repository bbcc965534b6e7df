/* FleetLimits: how much of the coordinator one user may take.
 *
 *     FleetLimits limits;                                            one for the server
 *     FleetLimits::Connection c = HP_TRY(limits.connect(uid, now));  lives with the peer
 *     HP_TRYV(c.request(now));                                       before each request
 *     HP_TRYV(c.guest());                                            it registers one; goes with the connection
 *     FleetLimits::Program p = HP_TRY(c.program(object, segment));   lives with the program, which may outlive c
 *     if (!c.nonsense(now)) close                                    for what is no sense at all
 *     HP_TRYV(c.queued(bytes))                                       what waits to be sent to this peer now
 *
 * All connections of a uid draw on one account; what they took goes back when Connection and Program are destroyed. An
 * error is a sentence with the limit's name, its value and where to change it. Requests are a token bucket: `burst` at
 * once, `requests_per_second` for ever. A guest's answers are no requests: what it may say is what it was asked.
 *
 * Time is any monotonic clock's. Connections and programs may outlive the FleetLimits. One thread. */
#pragma once
#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "transport/result.hpp"

namespace hp {

/* Of one uid, together. */
enum class Limit : uint8_t {
  Connections,
  Guests,
  Programs,
  RequestsPerSecond,
  Burst,        /* requests at once */
  ObjectBytes,  /* of all its programs: memory of the coordinator, and disk */
  SegmentBytes, /* the same: their sizes; memory is taken as they are used, from who uses it */
  QueuedBytes,  /* that it has not read yet */
  Malformed,    /* lines that are no messages, at once; one a second for ever; of one connection */
};
inline constexpr size_t kLimits = 9;
/* As configuration files say it: "requests_per_second". */
const char* to_text(Limit);

struct LimitValues {
  std::array<uint64_t, kLimits> values;
  uint64_t& operator[](Limit l) { return values[static_cast<size_t>(l)]; }
  uint64_t operator[](Limit l) const { return values[static_cast<size_t>(l)]; }
  static LimitValues of_users(); /* the defaults */
  static LimitValues of_root();
};

class FleetLimits {
  struct Account;
  struct Rules;

 public:
  using Time = std::chrono::nanoseconds;
  class Program {
   public:
    Program() = default;
    Program(Program&&) noexcept = default;
    Program& operator=(Program&&) noexcept;
    ~Program();

   private:
    friend class FleetLimits;
    std::shared_ptr<Account> account_;
    uint64_t object_ = 0, segment_ = 0;
  };

  class Connection {
   public:
    Connection() = default;
    Connection(Connection&&) noexcept = default;
    Connection& operator=(Connection&&) noexcept;
    ~Connection();

    Result<> request(Time now);
    /* Once counts, however often it is called. */
    Result<> guest();
    Result<Program> program(uint64_t object_bytes, uint64_t segment_bytes);
    /* In all, not more. */
    Result<> queued(uint64_t bytes);
    /* False: that was too much of it. */
    bool nonsense(Time now);

   private:
    friend class FleetLimits;
    std::shared_ptr<Account> account_;
    uint64_t queued_ = 0;
    double nonsense_ = 0; /* of Malformed, taken */
    Time nonsense_at_{};
    bool guest_ = false;
  };

  FleetLimits();
  ~FleetLimits();
  /* What is taken stays; what comes is measured by these. origin: the file that says them, for messages. */
  void set(const LimitValues& users, const LimitValues& root, std::string origin);
  Result<Connection> connect(uint32_t uid, Time now);
  /* A program that was there before its consumer (recovered from the journal): counted, never refused. */
  Program recovered(uint32_t uid, uint64_t object_bytes, uint64_t segment_bytes);
  /* Users that are remembered: those who hold something, or asked a short time ago. */
  size_t accounts() const { return accounts_.size(); }

 private:
  std::shared_ptr<Account> account(uint32_t uid);
  std::shared_ptr<Rules> rules_;
  std::map<uint32_t, std::shared_ptr<Account>> accounts_;
};

}  // namespace hp
