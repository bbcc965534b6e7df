/* AgentLink: the VMM's end of the conversation with the agent in a Linux guest (transport/trace.h).
 *
 *     AgentLink link(owner);
 *     link.connect(trace_device);
 *     link.received(bytes, now);                  each message of the guest's, in order
 *     link.tick(now); poll until link.next_deadline()
 *     link.fetch({HP_FILE_PATH, "/bin/true", 64 << 20}, now, [](Result<std::string> bytes) { ... });
 *     const uint64_t n = link.new_transaction();
 *     trace::PrepareWriter writer({ident, n}); ...; link.prepare(writer);      owner.prepared({ident, n}, probes)
 *
 * At HELLO the newest version that the agent speaks too is chosen; an agent without transaction numbers is given
 * them here (old_answers.hpp). Where there is no common version, or the owner sees no sense in it, the agent is
 * told why, and asked for nothing.
 *
 * The guest is hostile: each message is checked, what has no sense is counted and dropped, files are put together
 * within a bound and a time, an answer that nobody waits for is nothing. Nothing here blocks. An agent that says
 * nothing for a while is asked for a file that every guest has; if it stays silent it is held to be gone
 * (silent()) until it speaks again.
 *
 * Times are of any monotonic clock. Not thread-safe. */
#pragma once
#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "linux_guest/old_answers.hpp"
#include "transport/trace_prepare.hpp"
#include "vmm/trace_port.hpp"

namespace hp::linux_guest {

using Time = std::chrono::nanoseconds;

class AgentLink {
 public:
  static constexpr Time kSilence = std::chrono::seconds(10); /* then it is asked */
  static constexpr Time kPatience = std::chrono::seconds(5); /* for any word */
  /* For the next piece of any file: they come one after the other, and a guest needs a while to make one. */
  static constexpr Time kFilePatience = std::chrono::seconds(30);
  static constexpr size_t kMaxFetches = 64; /* at once */

  /* What the agent says, checked. */
  class Owner {
   public:
    virtual ~Owner() = default;
    virtual void hello(trace::Hello) = 0;
    /* An agent that we have no version in common with; why: for people, in both places. */
    virtual void incompatible(trace::Hello, const std::string& why) = 0;
    /* Answers about a PREPARE that was said to this agent or one before it in the same life of the device. */
    virtual void prepared(const trace::Subject&, uint32_t probes) = 0;
    virtual void refused(const trace::Subject&, const std::string& why) = 0;
    virtual void committed(const trace::Subject&) = 0;
    /* It does not answer any more; or does again. */
    virtual void silent(bool) = 0;
    /* A line for the VMM's log, printable. */
    virtual void log(const std::string&) = 0;
  };

  using Done = std::function<void(Result<std::string>)>;
  struct File {
    uint32_t kind;                 /* HP_FILE_* */
    std::string path;              /* of HP_FILE_PATH */
    size_t limit;                  /* bytes; a longer file is an error */
    Time patience = kFilePatience; /* for its first piece */
  };

  /* versions: others than all are for tests. */
  explicit AgentLink(Owner& owner, const trace::Versions& versions = trace::kVersions)
      : owner_(owner), versions_(versions) {}
  void connect(vmm::TraceLink& device) { device_ = &device; }

  void received(std::span<const uint8_t> message, Time now);
  /* The conversation starts over: fetches fail, and nothing is expected until the next HELLO. */
  void reset();
  void tick(Time now);
  std::optional<Time> next_deadline() const;

  bool is_silent() const { return silent_; }
  /* Grows; never 0. */
  uint64_t new_transaction() { return ++last_transaction_; }
  /* False: the guest takes nothing; the message, or a part of it, is lost. */
  bool prepare(trace::PrepareWriter&);
  bool commit(const trace::Subject&);
  bool kill(const trace::Subject&);
  /* Nothing is to be done with this agent, and it may know why. */
  void refuse(const std::string& why);
  /* done is called once: from received(), tick(), reset(), or at once. */
  void fetch(File, Time now, Done done);
  /* Says WELCOME and gives the files it asks for to done, one call each. */
  void welcome(uint32_t vmid, std::vector<std::pair<File, Done>> wanted, Time now);
  /* Agreed at HELLO. */
  uint32_t version() const { return version_; }

 private:
  using Key = std::pair<uint64_t, uint32_t>; /* serial, kind */
  struct Pending {
    std::string bytes;
    size_t limit = 0;
    Time deadline{};
    Done done;
  };
  bool send(trace::Bytes);
  void handle(const trace::Message&, Time now);
  void greet(trace::Hello, Time now);
  void answer(const trace::Message&);
  void piece(const trace::FilePiece&, Time now);
  void finish(std::map<Key, Pending>::iterator, Result<std::string>);
  void complain(const std::string& what);

  Owner& owner_;
  vmm::TraceLink* device_ = nullptr;
  std::map<Key, Pending> pending_;
  trace::Versions versions_;
  uint32_t version_ = 1;
  OldAnswers old_answers_; /* while version_ is 1 */
  uint64_t last_transaction_ = 0;
  uint64_t next_serial_ = 1;
  bool talking_ = false; /* it has said HELLO */
  bool silent_ = false, asked_ = false;
  Time heard_{};
};

}  // namespace hp::linux_guest
