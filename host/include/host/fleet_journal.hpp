/* FleetJournal: what the coordinator has decided, so that a restart knows it.
 *
 *     FleetJournal journal = HP_TRY(FleetJournal::open(store.folder()));   // after fork(2), if any
 *     for (const std::string& text : journal.warnings()) log(text);
 *     for (const FleetJournal::Program& p : HP_TRY(journal.open_programs())) recover(p);
 *     ...
 *     HP_TRYV(journal.received(program));       // its ELF is in the FleetStore already
 *     if (auto durable = journal.committed(ident); !durable) abort(durable.error());
 *     (void)journal.ended(ident, "killed");
 *
 * A program goes Received -> Committed -> Ended, or Received -> Ended (aborted). Presumed abort:
 * Received at a start means aborted; the caller then calls ended().
 *
 * DURABILITY. received(), committed() and ended() have reached the disk when they return success
 * (SQLite, write-ahead log, synchronous=FULL), and the folder's entries at open(). guest() and
 * event() are in the kernel's hands when they return: they survive the process, and reach the disk
 * with the next of the former or at a checkpoint.
 *
 * FAILURE. Every call may fail (ENOSPC, EIO, EROFS ...; Error::code is the errno value). The
 * journal then says what it said before, and the next call may succeed. One thing no program can
 * know: when the disk fails in the last sync of a call, whether a crash right afterwards would find
 * the row. The journal overwrites it at once if the disk lets it; the caller of a failed
 * committed() removes the program's ELF as well, and a committed row without its ELF counts as
 * ended at recovery.
 *
 * THE FILE. journal.sqlite with journal.sqlite-wal in the base folder, mode 0600; `sqlite3
 * journal.sqlite .dump` reads it while no coordinator runs (it holds the lock). application_id
 * 'HPJL', user_version kVersion. It is not trusted: open() compares the schema, runs SQLite's
 * integrity check, and verifies every row of a program by its CRC-32C. What is damaged, of another
 * version or incomplete (the log is missing though the last coordinator did not end cleanly) is an
 * error that says so and what to do; nothing is repaired or skipped silently. Bounded: kHistory
 * ended programs, kEvents events, texts cut at the limits below, kMaxBytes at all.
 *
 * Times are CLOCK_REALTIME, for people; nothing is ordered by them. One thread; one process. */
#pragma once
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/fleet_sqlite.hpp"
#include "transport/program_ident.hpp"
#include "transport/result.hpp"

namespace hp {

class FleetJournal {
 public:
  static constexpr const char* kFile = "journal.sqlite";
  static constexpr uint32_t kVersion = 1;              /* user_version */
  static constexpr uint32_t kApplication = 0x48504a4c; /* application_id */
  static constexpr size_t kHistory = 1000;             /* ended programs that are kept, at most */
  static constexpr size_t kEvents = 10'000;            /* at least the last so many are kept */
  static constexpr size_t kMaxScript = 4096, kMaxReason = 4096, kMaxEventText = 1024,
                          kMaxName = 255;           /* bytes; more is cut */
  static constexpr uint64_t kMaxBytes = 256u << 20; /* of the database file: ENOSPC beyond */

  enum class State : uint8_t { Received = 1, Committed = 2, Ended = 3 };

  struct Program {
    ProgramIdent ident{};
    State state = State::Received;
    uint32_t uid = 0; /* its consumer's, by SO_PEERCRED */
    int32_t pid = 0;
    bool detached = false;
    bool skip_failing = false; /* onfail=skip */
    uint32_t timeout_ms = 0;
    uint64_t received_ns = 0, committed_ns = 0, ended_ns = 0; /* since 1970; 0: did not happen */
    uint64_t segment_dev = 0, segment_ino = 0;                /* fstat(2) of the consumer's memfd */
    uint64_t segment_since = 0; /* Coordinator::Recovered::first: when it was made anew; 0: never */
    std::string script;         /* for listings */
    std::string reason;         /* why it ended */
  };

  struct Event {
    uint64_t id = 0; /* grows, over restarts as well */
    uint64_t time_ns = 0;
    std::string kind;                    /* a word: committed, joined, ... */
    std::optional<ProgramIdent> program; /* whom it is about */
    std::string guest;                   /* its name; empty: no guest in particular */
    std::string text;
  };

  FleetJournal(FleetJournal&&) = default;
  FleetJournal& operator=(FleetJournal&&) = delete; /* std::optional::emplace() */
  /* Says in the file that the coordinator ended cleanly, if the disk lets it. */
  ~FleetJournal();

  /* Creates it if need be. folder: an absolute path of a folder that only this user can write
   * (FleetStore::folder()). */
  static Result<FleetJournal> open(const std::string& folder);

  /* The number of this start, 1 or more: one above the last one's, already durable. */
  uint32_t epoch() const { return epoch_; }
  /* What open() found that a person should know though nothing is wrong: a crash's half written
   * tail, dropped. */
  const std::vector<std::string>& warnings() const { return warnings_; }
  /* Of the files, for status. */
  uint64_t bytes() const;

  /* state, the times and reason are ignored: it is Received, now. EEXIST: a program of that ident
   * is Received or Committed; one that has ended is replaced. */
  Result<> received(const Program&);
  /* ENOENT: it is not Received. Committed already: success. */
  Result<> committed(const ProgramIdent&);
  /* ENOENT: unknown. Ended already: success, and the first reason stays. */
  Result<> ended(const ProgramIdent&, std::string_view reason);
  /* Of an attached program that became detached (or back): as durable as the former. ENOENT: unknown or ended. */
  Result<> detached(const ProgramIdent&, bool);
  /* Another memfd is its segment from here on; as durable. ENOENT: unknown or ended. */
  Result<> segment(const ProgramIdent&, uint64_t device, uint64_t inode, uint64_t since);
  /* In whatever state, as far as it is still kept. */
  Result<std::optional<Program>> find(const ProgramIdent&);
  /* Received and Committed ones, in the order of received(). */
  Result<std::vector<Program>> open_programs();
  /* Ended ones, the last submitted first. */
  Result<std::vector<Program>> history(size_t limit);

  /* Guest numbers: who had vmid last. A name has one number: former ones are forgotten. */
  struct Guest {
    std::string name;
    uint32_t uid = 0; /* of its monitor or machine, by SO_PEERCRED */
    bool operator==(const Guest&) const = default;
  };
  Result<> guest(uint32_t vmid, const std::string& name, uint32_t uid);
  Result<std::map<uint32_t, Guest>> guests(); /* by vmid */

  /* Returns the event as kept (id, time, texts cut). */
  Result<Event> event(std::string_view kind, const std::optional<ProgramIdent>& program,
                      std::string_view guest, std::string_view text);
  /* Those with ids above after, oldest first, at most limit; recent: the last limit ones, oldest
   * first. */
  Result<std::vector<Event>> events(uint64_t after, size_t limit);
  Result<std::vector<Event>> recent_events(size_t limit);

 private:
  enum class Sync : uint8_t { Now, Later };
  struct Statements {
    Statement begin, commit, rollback, overwrite, started, finished;
    Statement put_program, find_program, drop_program, open_programs, history, prune_programs;
    Statement drop_guest, put_guest, guests;
    Statement put_event, events, recent_events, prune_events;
  };

  explicit FleetJournal(Sqlite db) : db_(std::move(db)) {}
  Result<> prepare();
  Result<> check_rows();
  Result<> start();
  /* Carries out f() as one transaction, or none of it. */
  Result<> transact(Sync, const std::function<Result<>()>&);
  Result<> put(const Program&);
  Result<> prune();

  Sqlite db_;
  Statements sql_;
  uint32_t epoch_ = 0;
  uint64_t next_event_ = 1;
  size_t ends_ = 0; /* since the last pruning */
  std::optional<Sync> sync_;
  std::vector<std::string> warnings_;
};

}  // namespace hp
