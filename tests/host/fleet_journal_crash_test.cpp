/* The journal and death: whatever call had returned is there, whatever had failed is not, wherever
 * the process or the disk gave up. */
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <functional>
#include <map>
#include <random>
#include <vector>

#include "failing_vfs.hpp"
#include "fleet_journal.hpp"
#include "host/fleet_journal_files.hpp"
#include "transport/fd.hpp"

using namespace hp;
using namespace hp::test;
using State = FleetJournal::State;

namespace {

using Contents = std::map<uint32_t, State>; /* by program's number */

Contents contents_of(FleetJournal& journal) {
  Contents contents;
  for (const auto& p : must(journal.open_programs())) contents[number_of(p.ident)] = p.state;
  for (const auto& p : must(journal.history(SIZE_MAX))) contents[number_of(p.ident)] = p.state;
  return contents;
}

/* The i-th call of a life with many programs: each third one commits, the next ends, all
 * interleaved. */
struct Step {
  uint32_t program;
  State state;
};
Step step(uint32_t i) {
  const uint32_t round = i / 3;
  switch (i % 3) {
    case 0:
      return {round, State::Received};
    case 1:
      return {round, State::Committed};
    default: /* later, and not all */
      return round % 4 == 3 ? Step{round - 3, State::Ended}
                            : Step{round + 1'000'000, State::Received};
  }
}

Result<> carry_out(FleetJournal& journal, Step s) {
  switch (s.state) {
    case State::Received:
      return journal.received(program(s.program));
    case State::Committed:
      return journal.committed(ident_of(s.program));
    case State::Ended:
      break;
  }
  return journal.ended(ident_of(s.program), "killed");
}

/* A child that takes step after step, and writes a byte for each that has returned. */
struct Child {
  explicit Child(const std::function<void(int acks)>& life) {
    int ends[2];
    REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
    acks = Fd(ends[0]);
    Fd theirs(ends[1]);
    pid = ::fork();
    REQUIRE(pid >= 0);
    if (pid == 0) {
      life(theirs.get());
      ::_exit(0);
    }
  }
  /* Blocks until n more have come; false: it is dead. */
  bool wait_for(uint32_t n) {
    for (; n > 0; n--) {
      char c;
      if (::read(acks.get(), &c, 1) != 1) return false;
      seen++;
    }
    return true;
  }
  int end() { /* status */
    while (wait_for(1)) continue;
    int status = 0;
    REQUIRE(::waitpid(pid, &status, 0) == pid);
    return status;
  }
  pid_t pid = -1;
  Fd acks;
  uint32_t seen = 0;
};

void live(const std::string& folder, uint32_t first, uint32_t steps, int acks) {
  auto journal = FleetJournal::open(folder);
  if (!journal) ::_exit(3);
  for (uint32_t i = first; i < first + steps; i++) {
    if (!carry_out(*journal, step(i))) ::_exit(4);
    (void)journal->event("step", {}, "", "in between");
    if (::write(acks, "+", 1) != 1) ::_exit(5);
  }
}

/* All steps below done have been taken, and perhaps the one at done. */
bool agrees(const Contents& found, uint32_t done, bool& one_more) {
  Contents expected;
  for (uint32_t i = 0; i < done; i++) expected[step(i).program] = step(i).state;
  one_more = false;
  if (found == expected) return true;
  expected[step(done).program] = step(done).state;
  one_more = true;
  return found == expected;
}

}  // namespace

TEST_CASE("killed at random, again and again, it has every call that returned") {
  const uint32_t seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937 random(seed);
  JournalFolder folder;
  uint32_t done = 0, epoch = 0;
  for (int round = 0; round < 30; round++) {
    Child child([&](int acks) { live(folder.path(), done, 1000, acks); });
    REQUIRE(child.wait_for(random() % 20));
    const auto until = std::chrono::steady_clock::now() + std::chrono::microseconds(random() % 300);
    while (std::chrono::steady_clock::now() < until) continue;
    ::kill(child.pid, SIGKILL);
    const int status = child.end();
    REQUIRE(WIFSIGNALED(status));
    done += child.seen;
    FleetJournal journal = must(FleetJournal::open(folder.path()));
    CHECK(journal.epoch() > epoch);
    epoch = journal.epoch();
    bool one_more = false;
    REQUIRE(agrees(contents_of(journal), done, one_more));
    done += one_more;
  }
  MESSAGE("calls that returned: ", done);
}

TEST_CASE("killed in the middle of each write and sync, it has every call that returned") {
  constexpr uint32_t steps = 12;
  uint32_t deaths = 0;
  for (int64_t n = 1;; n++) {
    CAPTURE(n);
    JournalFolder folder;
    Child child([&](int acks) {
      FailingVfs disk;
      disk.kill_at(n);
      live(folder.path(), 0, steps, acks);
    });
    const int status = child.end();
    if (WIFEXITED(status)) {
      CHECK(WEXITSTATUS(status) == 0);
      break;
    }
    deaths++;
    FleetJournal journal = must(FleetJournal::open(folder.path()));
    bool one_more = false;
    REQUIRE(agrees(contents_of(journal), child.seen, one_more));
    must(journal.received(program(99)));
  }
  CHECK(deaths > 3 * steps);
  MESSAGE("deaths: ", deaths);
}

TEST_CASE("a disk that fails leaves the previous state, at once and after a crash") {
  for (const int code : {SQLITE_FULL, SQLITE_IOERR_WRITE})
    for (const bool once : {false, true})
      for (int64_t n = 1;; n++) {
        CAPTURE(code);
        CAPTURE(once);
        CAPTURE(n);
        JournalFolder folder, crashed;
        FailingVfs disk;
        FleetJournal journal = must(FleetJournal::open(folder.path()));
        disk.fail_at(n, code, once);
        Contents expected;
        uint32_t failures = 0;
        for (uint32_t i = 0; i < 9; i++) {
          const Step s = step(i);
          if (s.state != State::Received && !expected.contains(s.program))
            continue; /* that failed */
          const Result<> result = carry_out(journal, s);
          if (result) {
            expected[s.program] = s.state;
            continue;
          }
          failures++;
          CHECK((result.error().code == ENOSPC || result.error().code == EIO));
          CHECK(result.error().message.find("/journal.sqlite: ") != std::string::npos);
          CHECK(contents_of(journal) == expected);
          if (!once) continue;
          /* The disk took what was written next: now even a crash does not bring the failed call
           * back. */
          copy_journal(folder.path(), crashed.path());
          disk.heal();
          FleetJournal later = must(FleetJournal::open(crashed.path()));
          CHECK(contents_of(later) == expected);
        }
        if (failures == 0) break;
        disk.heal();
        must(journal.received(program(99)));
        expected[99] = State::Received;
        copy_journal(folder.path(), crashed.path());
        FleetJournal later = must(FleetJournal::open(crashed.path()));
        CHECK(contents_of(later) == expected);
      }
}

TEST_CASE("a disk that is full at the start is an error, and nothing is lost") {
  JournalFolder folder;
  {
    FleetJournal journal = must(FleetJournal::open(folder.path()));
    must(journal.received(program(1)));
    must(journal.committed(ident_of(1)));
  }
  for (int64_t n = 1;; n++) {
    CAPTURE(n);
    FailingVfs disk;
    disk.fail_at(n, SQLITE_FULL);
    auto refused = FleetJournal::open(folder.path());
    disk.heal();
    if (refused) {
      CHECK(contents_of(*refused) == Contents{{1, State::Committed}});
      break;
    }
    CHECK(refused.error().code != EBADMSG);
    FleetJournal journal = must(FleetJournal::open(folder.path()));
    CHECK(contents_of(journal) == Contents{{1, State::Committed}});
  }
}

/* A journal whose log has these calls, and how long the log was after each. */
struct Logged {
  Logged() {
    FleetJournal journal = must(FleetJournal::open(folder.path()));
    Contents contents;
    for (const Step s : {Step{1, State::Received}, Step{1, State::Committed},
                         Step{2, State::Received}, Step{1, State::Ended}}) {
      must(carry_out(journal, s));
      contents[s.program] = s.state;
      const auto files = must(JournalFiles::inspect(folder.file(), UINT64_MAX));
      ends.emplace_back(kHeader + files.log_frames * kFrame, contents);
    }
    copy_journal(folder.path(), crashed.path());
  }
  const Contents& before(uint64_t length) const {
    static const Contents none;
    const Contents* found = &none;
    for (const auto& [end, contents] : ends)
      if (end <= length) found = &contents;
    return *found;
  }
  static constexpr uint64_t kHeader = 32, kFrame = 24 + 4096;
  JournalFolder folder, crashed;
  std::vector<std::pair<uint64_t, Contents>> ends;
};

TEST_CASE("a log cut at any byte has the calls that were complete before it") {
  const Logged logged;
  const uint64_t length = logged.ends.back().first;
  REQUIRE(logged.ends[0].first < 4 * Logged::kFrame); /* the log begins with them */
  JournalFolder folder;
  const uint32_t phase = std::random_device{}() % 13; /* elsewhere than around a frame's header */
  for (uint64_t at = 0; at <= length; at++) {
    const uint64_t in_frame = (at + Logged::kFrame - Logged::kHeader) % Logged::kFrame;
    if (in_frame > 32 && in_frame < Logged::kFrame - 8 && at % 13 != phase) continue;
    CAPTURE(at);
    copy_journal(logged.crashed.path(), folder.path());
    std::filesystem::resize_file(folder.log(), at);
    auto journal = FleetJournal::open(folder.path());
    if (at < Logged::kHeader) {
      REQUIRE_FALSE(journal);
      REQUIRE(journal.error().code == EBADMSG);
      REQUIRE(journal.error().message.find("-wal is missing") != std::string::npos);
      continue;
    }
    REQUIRE_MESSAGE(journal, journal.error().message);
    REQUIRE(contents_of(*journal) == logged.before(at));
  }
}

TEST_CASE("a byte of the log that is wrong is said") {
  const Logged logged;
  const uint64_t length = logged.ends.back().first;
  JournalFolder folder;
  uint32_t warned = 0;
  for (uint64_t at = 0; at < length; at += at < 2 * Logged::kHeader ? 1 : 97) {
    CAPTURE(at);
    copy_journal(logged.crashed.path(), folder.path());
    {
      std::fstream log(folder.log(), std::ios::binary | std::ios::in | std::ios::out);
      log.seekg(static_cast<std::streamoff>(at));
      const int byte = log.get();
      log.seekp(static_cast<std::streamoff>(at));
      log.put(static_cast<char>(byte ^ 0x10));
    }
    auto journal = FleetJournal::open(folder.path());
    if (at < Logged::kHeader) {
      REQUIRE_FALSE(journal);
      REQUIRE(journal.error().code == EBADMSG);
      continue;
    }
    REQUIRE_MESSAGE(journal, journal.error().message);
    const uint64_t frame = (at - Logged::kHeader) / Logged::kFrame;
    REQUIRE(contents_of(*journal) == logged.before(Logged::kHeader + frame * Logged::kFrame));
    const bool last = Logged::kHeader + (frame + 1) * Logged::kFrame == length;
    if (!last) REQUIRE(journal->warnings().size() == 1);
    warned += !journal->warnings().empty();
  }
  CHECK(warned > 100);
}
