/* Files that are no journal, not this version's, or damaged: said, never lost in silence. */
#include <sys/stat.h>

#include <fstream>
#include <random>
#include <sstream>

#include "fleet_journal.hpp"

using namespace hp;
using namespace hp::test;
using State = FleetJournal::State;

namespace {

std::string bytes_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

/* A closed journal with a committed program, an ended one, guests and events. */
void fill(const std::string& folder) {
  FleetJournal journal = must(FleetJournal::open(folder));
  for (uint32_t n : {1, 2, 3, 4}) must(journal.received(program(n)));
  for (uint32_t n : {1, 2}) must(journal.committed(ident_of(n)));
  must(journal.ended(ident_of(2), "killed"));
  for (uint32_t n : {1, 2, 3}) must(journal.guest(n, "web" + std::to_string(n), n));
  for (uint32_t n : {1, 2, 3}) must(journal.event("joined", ident_of(1), "web", std::to_string(n)));
}

/* What sqlite3(1) would do to a closed one. */
void change(const JournalFolder& folder, const std::string& sql) {
  sqlite3* db = nullptr;
  REQUIRE(sqlite3_open(folder.file().c_str(), &db) == SQLITE_OK);
  char* error = nullptr;
  CAPTURE(sql);
  REQUIRE_MESSAGE(sqlite3_exec(db, sql.c_str(), nullptr, nullptr, &error) == SQLITE_OK, error);
  sqlite3_close(db);
}

/* Opening fails with these words, and leaves the file as it is. */
void refused(const JournalFolder& folder, int code, const std::string& words) {
  const std::string before = bytes_of(folder.file());
  auto journal = FleetJournal::open(folder.path());
  REQUIRE_FALSE(journal);
  CAPTURE(journal.error().message);
  CHECK(journal.error().code == code);
  CHECK(journal.error().message.find(words) != std::string::npos);
  CHECK(journal.error().message.find(folder.file()) != std::string::npos);
  if (code == EBADMSG) CHECK(journal.error().message.find("move it away") != std::string::npos);
  CHECK(bytes_of(folder.file()) == before);
}

struct Change {
  const char* sql;
  int code;
  const char* words;
};

}  // namespace

TEST_CASE("what is no journal of this version is refused, and left alone") {
  for (const auto& [sql, code, words] : std::initializer_list<Change>{
           {"PRAGMA user_version = 2", EPROTO, "that wrote it (Hyprobe "},
           {"PRAGMA application_id = 7", EBADMSG, "of another program"},
           {"PRAGMA journal_mode = DELETE", EBADMSG, "journal mode"},
           {"UPDATE programs SET state = 1 WHERE state = 2", EBADMSG, "wrong checksum"},
           {"UPDATE programs SET state = 9", EBADMSG, "wrong checksum"},
           {"UPDATE programs SET ident = x'00' WHERE seq = 1", EBADMSG, "wrong checksum"},
           {"UPDATE programs SET script = 'x' WHERE state = 3", EBADMSG, "wrong checksum"},
           {"UPDATE guests SET name = '' WHERE vmid = 3", EBADMSG, "guest 3"},
           {"INSERT INTO guests VALUES (5000, 'x', 0)", EBADMSG, "guest 5000"},
           {"UPDATE start SET epoch = -1", EBADMSG, "counter"},
           {"UPDATE start SET epoch = 4294967295", EBADMSG, "counter"},
           {"DELETE FROM start", EBADMSG, "counter"},
           {"UPDATE events SET id = 9223372036854775807 WHERE id = 3", EBADMSG, "counter"},
           {"DROP TABLE events", EBADMSG, "tables"},
           {"CREATE TABLE more (x)", EBADMSG, "tables"},
           {"CREATE VIEW v AS SELECT 1", EBADMSG, "tables"},
           {"CREATE TRIGGER t AFTER UPDATE ON programs BEGIN DELETE FROM programs; END", EBADMSG,
            "tables"},
           {"ALTER TABLE guests ADD COLUMN more INTEGER", EBADMSG, "tables"}}) {
    CAPTURE(sql);
    JournalFolder folder;
    fill(folder.path());
    change(folder, sql);
    refused(folder, code, words);
  }
}

TEST_CASE("files of other kinds are refused") {
  JournalFolder folder;
  folder.write(FleetJournal::kFile, "#!/bin/sh\n");
  refused(folder, EBADMSG, "is not a database");
  std::filesystem::remove(folder.file());
  std::filesystem::create_directory(folder.file());
  CHECK(FleetJournal::open(folder.path()).error().message.find("not a regular file") !=
        std::string::npos);
  std::filesystem::remove(folder.file());
  std::filesystem::create_symlink("/etc/passwd", folder.file());
  CHECK(FleetJournal::open(folder.path()).error().code == ELOOP);
  std::filesystem::remove(folder.file());
  REQUIRE(::mkfifo(folder.file().c_str(), 0600) == 0);
  CHECK(FleetJournal::open(folder.path()).error().message.find("not a regular file") !=
        std::string::npos);
  std::filesystem::remove(folder.file());
  {
    std::ofstream(folder.file()) << "SQLite format 3";
  }
  std::filesystem::resize_file(folder.file(), FleetJournal::kMaxBytes + 1);
  CHECK(FleetJournal::open(folder.path()).error().message.find("more than") != std::string::npos);
}

TEST_CASE("a journal is one process's") {
  JournalFolder folder;
  FleetJournal journal = must(FleetJournal::open(folder.path()));
  sqlite3* db = nullptr; /* in this process it takes part in SQLite's own bookkeeping of locks */
  REQUIRE(sqlite3_open(folder.file().c_str(), &db) == SQLITE_OK);
  CHECK(sqlite3_exec(db, "SELECT * FROM programs", nullptr, nullptr, nullptr) == SQLITE_BUSY);
  sqlite3_close(db);
  must(journal.received(program(1)));
  struct stat st{};
  for (const std::string& file : {folder.file(), folder.log()}) {
    REQUIRE(::stat(file.c_str(), &st) == 0);
    CHECK((st.st_mode & 0777) == 0600);
  }
}

TEST_CASE("a part that is missing is said") {
  JournalFolder folder, crashed;
  FleetJournal journal = must(FleetJournal::open(folder.path()));
  must(journal.received(program(1)));
  must(journal.committed(ident_of(1)));
  copy_journal(folder.path(), crashed.path());
  std::filesystem::remove(crashed.log());
  refused(crashed, EBADMSG, "-wal is missing");
  copy_journal(folder.path(), crashed.path());
  std::filesystem::remove(crashed.file());
  CHECK(FleetJournal::open(crashed.path()).error().message.find("is missing or empty") !=
        std::string::npos);
  CHECK(std::filesystem::file_size(crashed.log()) > 0);
  copy_journal(folder.path(), crashed.path());
  std::filesystem::resize_file(crashed.file(), 0);
  refused(crashed, EBADMSG, "is missing or empty");
  CHECK(std::filesystem::file_size(crashed.log()) > 0);
}

TEST_CASE("any byte of the file changed is either harmless for programs, or said") {
  JournalFolder folder, changed;
  fill(folder.path());
  std::vector<FleetJournal::Program> programs, history;
  {
    copy_journal(folder.path(), changed.path());
    FleetJournal journal = must(FleetJournal::open(changed.path()));
    programs = must(journal.open_programs());
    history = must(journal.history(9));
  }
  auto same = [](const std::vector<FleetJournal::Program>& a,
                 const std::vector<FleetJournal::Program>& b) {
    auto known = [&](const FleetJournal::Program& p) {
      return std::any_of(b.begin(), b.end(), [&](const auto& q) {
        return p.ident == q.ident && p.state == q.state && p.detached == q.detached &&
               p.script == q.script;
      });
    };
    return a.size() == b.size() && std::all_of(a.begin(), a.end(), known);
  };
  const std::string whole = bytes_of(folder.file());
  const uint32_t seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937 random(seed);
  uint32_t said = 0, harmless = 0;
  for (int round = 0; round < 1500; round++) {
    std::string bytes = whole;
    /* Half of them where there is something: pages are mostly empty. */
    size_t at = random() % bytes.size();
    if (round % 2 == 0)
      while (bytes[at] == 0) at = random() % bytes.size();
    bytes[at] = static_cast<char>(bytes[at] ^ (1 << random() % 8));
    CAPTURE(at);
    std::filesystem::remove(changed.log());
    {
      std::ofstream(changed.file(), std::ios::binary) << bytes;
    }
    auto journal = FleetJournal::open(changed.path());
    if (!journal) {
      /* EROFS: a format that this SQLite only reads. */
      REQUIRE((journal.error().code == EBADMSG || journal.error().code == EPROTO ||
               journal.error().code == EROFS));
      said++;
      continue;
    }
    harmless++;
    REQUIRE(same(must(journal->open_programs()), programs));
    REQUIRE(same(must(journal->history(9)), history));
  }
  CHECK(said > 100);
  CHECK(harmless > 100);
}
