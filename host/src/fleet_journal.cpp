#include "host/fleet_journal.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>

#include "host/fleet_journal_files.hpp"
#include "transport/control_protocol.hpp"
#include "transport/fd.hpp"

namespace hp {
namespace {

constexpr int64_t kPageSize = 4096;

/* What open() wants to find, and creates: each statement is compared as it stands. */
constexpr std::array<const char*, 4> kTables = {
    "CREATE TABLE start (id INTEGER PRIMARY KEY CHECK (id = 1), epoch INTEGER NOT NULL, clean "
    "INTEGER NOT NULL,"
    " overwritten INTEGER NOT NULL, writer TEXT NOT NULL) STRICT",
    "CREATE TABLE programs (seq INTEGER PRIMARY KEY, ident BLOB NOT NULL UNIQUE, state INTEGER NOT "
    "NULL,"
    " uid INTEGER NOT NULL, pid INTEGER NOT NULL, detached INTEGER NOT NULL, skip_failing INTEGER "
    "NOT NULL,"
    " timeout_ms INTEGER NOT NULL, received_ns INTEGER NOT NULL, committed_ns INTEGER NOT NULL,"
    " ended_ns INTEGER NOT NULL, segment_dev INTEGER NOT NULL, segment_ino INTEGER NOT NULL, "
    "segment_since INTEGER NOT NULL,"
    " script TEXT NOT NULL, reason TEXT NOT NULL, sum INTEGER NOT NULL) STRICT",
    "CREATE TABLE guests (vmid INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, uid INTEGER NOT "
    "NULL) STRICT",
    "CREATE TABLE events (id INTEGER PRIMARY KEY, time_ns INTEGER NOT NULL, kind TEXT NOT NULL,"
    " program BLOB, guest TEXT NOT NULL, text TEXT NOT NULL) STRICT",
};

/* Who writes a journal of this version. */
std::string writer() {
  return std::string("Hyprobe ") + control::release();
}

/* The journal as a whole cannot be used: what a person is to do. */
tl::unexpected<Error> refuse(const std::string& folder, Error error) {
  if (error.code == EBADMSG)
    error.message += ". Nothing was changed. Restore it, or move it away (mkdir " + folder +
                     "/damaged && mv " + folder + "/" + FleetJournal::kFile + "* " + folder +
                     "/damaged/) and start again: consumers that still run submit their programs "
                     "again; detached "
                     "programs that it knew as committed are then unknown, and end in every guest";
  return tl::make_unexpected(std::move(error));
}

Result<> check_version(Sqlite& db) {
  const std::string& path = db.path();
  const int64_t application = HP_TRY(db.number("PRAGMA application_id"));
  const int64_t version = HP_TRY(db.number("PRAGMA user_version"));
  if (application != FleetJournal::kApplication)
    return fail(path + " is a database of another program, not a Hyprobe journal", EBADMSG);
  if (version == FleetJournal::kVersion) return {};
  auto theirs = db.text("SELECT writer FROM start");
  return fail(path + " is a journal of version " + std::to_string(version) +
                  ", and this Hyprobe knows version " + std::to_string(FleetJournal::kVersion) +
                  " alone. Start the coordinator of the Hyprobe that wrote it (" +
                  (theirs && !theirs->empty() ? theirs->substr(0, 64) : "unknown") +
                  ", or later), or end its programs there and move it away",
              EPROTO);
}

Result<> check_schema(Sqlite& db) {
  std::vector<std::string> found;
  Statement rows =
      HP_TRY(db.prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL OR type <> 'index'"));
  while (HP_TRY(rows.row())) found.emplace_back(rows.text(0));
  if (!std::is_permutation(found.begin(), found.end(), kTables.begin(), kTables.end()))
    return fail(db.path() + " is damaged (its tables are not those of a journal)", EBADMSG);
  const auto verdict = db.text("PRAGMA integrity_check(1)");
  if (!verdict) return tl::make_unexpected(verdict.error());
  if (*verdict != "ok")
    return fail(db.path() + " is damaged (" + verdict->substr(0, 200) + ")", EBADMSG);
  return {};
}

Result<> create_tables(Sqlite& db) {
  HP_TRYV(db.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; BEGIN IMMEDIATE"));
  for (const char* table : kTables) HP_TRYV(db.execute(table));
  HP_TRYV(
      db.execute(("INSERT INTO start VALUES (1, 0, 1, 0, '" + writer() +
                  "'); PRAGMA application_id = " + std::to_string(FleetJournal::kApplication) +
                  "; PRAGMA user_version = " + std::to_string(FleetJournal::kVersion) + "; COMMIT")
                     .c_str()));
  return {};
}

/* A crash at the creation leaves an empty database. */
Result<bool> is_empty(Sqlite& db) {
  return HP_TRY(db.number("SELECT count(*) FROM sqlite_schema")) == 0 &&
         HP_TRY(db.number("PRAGMA application_id")) == 0 &&
         HP_TRY(db.number("PRAGMA user_version")) == 0;
}

Result<> sync_folder(const std::string& folder) {
  const Fd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd || ::fsync(fd.get()) != 0) return fail_errno("cannot sync the folder " + folder);
  return {};
}

}  // namespace

Result<FleetJournal> FleetJournal::open(const std::string& folder) {
  const std::string path = folder + "/" + kFile;
  auto files = JournalFiles::inspect(path, kMaxBytes);
  if (!files) return refuse(folder, files.error());
  auto opened = [&]() -> Result<FleetJournal> {
    FleetJournal journal(HP_TRY(Sqlite::open(path)));
    Sqlite& db = journal.db_;
    if (HP_TRY(is_empty(db))) HP_TRYV(create_tables(db));
    HP_TRYV(check_version(db));
    if (HP_TRY(db.number("PRAGMA page_size")) != kPageSize ||
        HP_TRY(db.text("PRAGMA journal_mode")) != "wal")
      return fail(path + " is damaged (its page size or journal mode)", EBADMSG);
    HP_TRYV(check_schema(db));
    HP_TRYV(
        db.execute(("PRAGMA max_page_count = " + std::to_string(kMaxBytes / kPageSize)).c_str()));
    HP_TRYV(db.execute("PRAGMA journal_size_limit = 4194304"));
    HP_TRYV(journal.prepare());
    HP_TRYV(journal.check_rows());
    if (!files->fresh && !files->has_log && HP_TRY(db.number("SELECT clean FROM start")) == 0)
      return fail(path +
                      "-wal is missing though the last coordinator did not end cleanly: what was "
                      "decided last is in it",
                  EBADMSG);
    Statement checkpoint = HP_TRY(db.prepare("PRAGMA wal_checkpoint(PASSIVE)"));
    if (auto row = checkpoint.row();
        row && *row && files->log_frames > static_cast<uint64_t>(checkpoint.number(1)))
      journal.warnings_.push_back(
          path + ": the last write was cut short, as by a crash, and is dropped (" +
          std::to_string(files->log_frames - static_cast<uint64_t>(checkpoint.number(1))) +
          " pages)");
    checkpoint.reset();
    HP_TRYV(journal.start());
    HP_TRYV(sync_folder(folder));
    return journal;
  }();
  if (!opened) return refuse(folder, opened.error());
  return opened;
}

FleetJournal::~FleetJournal() {
  if (!db_ || epoch_ == 0) return;
  /* Without that word the log must stay: a missing one is then taken for a loss. */
  if (transact(Sync::Now, [&] { return sql_.finished.bind().run(); }))
    db_.set_checkpoint_on_close(true);
}

Result<> FleetJournal::check_rows() {
  (void)HP_TRY(open_programs());
  (void)HP_TRY(history(SIZE_MAX));
  (void)HP_TRY(guests());
  constexpr int64_t most = int64_t{1} << 62;
  const int64_t last = HP_TRY(db_.number("SELECT max(id) FROM events"));
  const int64_t epoch = HP_TRY(db_.number("SELECT epoch FROM start"));
  if (last < 0 || last > most || HP_TRY(db_.number("SELECT min(id) FROM events")) < 0 ||
      epoch < 0 || epoch >= UINT32_MAX || HP_TRY(db_.number("SELECT count(*) FROM start")) != 1 ||
      HP_TRY(db_.number("SELECT max(seq) FROM programs")) > most)
    return fail(db_.path() + " is damaged (a counter is out of range)", EBADMSG);
  next_event_ = static_cast<uint64_t>(last) + 1;
  return {};
}

Result<> FleetJournal::start() {
  const int64_t epoch = HP_TRY(db_.number("SELECT epoch FROM start")) + 1;
  const std::string ours = writer();
  HP_TRYV(transact(Sync::Now, [&]() -> Result<> {
    HP_TRYV(prune());
    return sql_.started.bind(epoch, std::string_view(ours)).run();
  }));
  epoch_ = static_cast<uint32_t>(epoch);
  /* So that the file itself says from now on that there must be a log. */
  (void)db_.number("PRAGMA wal_checkpoint(PASSIVE)");
  return {};
}

Result<> FleetJournal::transact(Sync sync, const std::function<Result<>()>& change) {
  if (sync_ != sync) {
    sync_.reset();
    HP_TRYV(db_.execute(sync == Sync::Now ? "PRAGMA synchronous = FULL"
                                          : "PRAGMA synchronous = NORMAL"));
    sync_ = sync;
  }
  HP_TRYV(sql_.begin.bind().run());
  Result<> result = change();
  if (result) {
    result = sql_.commit.bind().run();
    if (result) return result;
  }
  if (db_.in_transaction()) (void)sql_.rollback.bind().run();
  /* Its pages may be in the log, whole, but for the last sync: a crash now might find them. */
  if (sql_.begin.bind().run()) {
    const bool overwritten = sql_.overwrite.bind().run() && sql_.commit.bind().run();
    if (!overwritten && db_.in_transaction()) (void)sql_.rollback.bind().run();
  }
  return result;
}

uint64_t FleetJournal::bytes() const {
  uint64_t bytes = 0;
  for (const char* suffix : {"", "-wal"}) {
    struct stat st{};
    if (::stat((db_.path() + suffix).c_str(), &st) == 0) bytes += static_cast<uint64_t>(st.st_size);
  }
  return bytes;
}

}  // namespace hp
