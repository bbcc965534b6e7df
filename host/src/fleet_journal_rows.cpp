#include <algorithm>
#include <chrono>

#include "host/fleet_journal.hpp"
#include "transport/crc32c.hpp"
#include "transport/segment.h"

namespace hp {
namespace {

constexpr size_t kPruneEnds = 64, kPruneEvents = 256; /* how often */

#define PROGRAM_COLUMNS                                                                     \
  "ident, state, uid, pid, detached, skip_failing, timeout_ms, received_ns, committed_ns, " \
  "ended_ns,"                                                                               \
  " segment_dev, segment_ino, script, reason, sum, segment_since"

uint64_t now_ns() {
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<uint64_t>(std::max<int64_t>(std::chrono::nanoseconds(since).count(), 1));
}

std::string cut(std::string_view text, size_t limit) {
  while (limit < text.size() && limit > 0 && (static_cast<uint8_t>(text[limit]) & 0xc0) == 0x80)
    limit--; /* UTF-8 */
  return std::string(text.substr(0, limit));
}

Blob blob(const ProgramIdent& ident) {
  return {ident.data(), ident.size()};
}

/* Pages have no checksums of their own, and a flipped bit in `state` would lose a program. */
int64_t checksum(const FleetJournal::Program& p) {
  std::string all = to_hex(p.ident);
  for (uint64_t n : {static_cast<uint64_t>(p.state), uint64_t{p.uid}, static_cast<uint64_t>(p.pid),
                     uint64_t{p.detached}, uint64_t{p.skip_failing}, uint64_t{p.timeout_ms},
                     p.received_ns, p.committed_ns, p.ended_ns, p.segment_dev, p.segment_ino,
                     p.segment_since, uint64_t{p.script.size()}})
    all += " " + std::to_string(n);
  all += p.script + p.reason;
  return crc32c({reinterpret_cast<const uint8_t*>(all.data()), all.size()});
}

bool read_ident(std::string_view bytes, ProgramIdent& ident) {
  if (bytes.size() != ident.size()) return false;
  std::copy(bytes.begin(), bytes.end(), ident.begin());
  return true;
}

/* Of PROGRAM_COLUMNS. What is out of range does not give the stored sum, or does no harm. */
Result<FleetJournal::Program> read_program(const Statement& row, const std::string& path) {
  FleetJournal::Program p;
  const int64_t state = row.number(1);
  const bool sound = read_ident(row.text(0), p.ident) && state >= 1 && state <= 3;
  p.state = static_cast<FleetJournal::State>(sound ? state : 3);
  p.uid = static_cast<uint32_t>(row.number(2));
  p.pid = static_cast<int32_t>(row.number(3));
  p.detached = row.number(4) != 0;
  p.skip_failing = row.number(5) != 0;
  p.timeout_ms = static_cast<uint32_t>(row.number(6));
  p.received_ns = static_cast<uint64_t>(row.number(7));
  p.committed_ns = static_cast<uint64_t>(row.number(8));
  p.ended_ns = static_cast<uint64_t>(row.number(9));
  p.segment_dev = static_cast<uint64_t>(row.number(10));
  p.segment_ino = static_cast<uint64_t>(row.number(11));
  p.segment_since = static_cast<uint64_t>(row.number(15));
  p.script = row.text(12);
  p.reason = row.text(13);
  if (!sound || p.script.size() > FleetJournal::kMaxScript ||
      p.reason.size() > FleetJournal::kMaxReason || row.number(14) != checksum(p))
    return fail(path + " is damaged (the row of program " + (sound ? to_hex(p.ident) : "?") +
                    " has a wrong checksum)",
                EBADMSG);
  return p;
}

Result<std::vector<FleetJournal::Event>> read_events(Statement& rows, const std::string& path) {
  std::vector<FleetJournal::Event> events;
  while (HP_TRY(rows.row())) {
    FleetJournal::Event e;
    e.id = static_cast<uint64_t>(rows.number(0));
    e.time_ns = static_cast<uint64_t>(rows.number(1));
    e.kind = cut(rows.text(2), FleetJournal::kMaxName);
    ProgramIdent ident{};
    if (const auto bytes = rows.text(3); read_ident(bytes, ident))
      e.program = ident;
    else if (!bytes.empty())
      return fail(path + " is damaged (event " + std::to_string(e.id) + ")", EBADMSG);
    e.guest = cut(rows.text(4), FleetJournal::kMaxName);
    e.text = cut(rows.text(5), FleetJournal::kMaxEventText);
    events.push_back(std::move(e));
  }
  return events;
}

}  // namespace

Result<> FleetJournal::prepare() {
  const std::pair<Statement*, const char*> all[] = {
      {&sql_.begin, "BEGIN IMMEDIATE"},
      {&sql_.commit, "COMMIT"},
      {&sql_.rollback, "ROLLBACK"},
      {&sql_.overwrite, "UPDATE start SET overwritten = overwritten + 1"},
      {&sql_.started, "UPDATE start SET epoch = ?1, clean = 0, writer = ?2"},
      {&sql_.finished, "UPDATE start SET clean = 1"},
      {&sql_.put_program,
       "INSERT INTO programs (" PROGRAM_COLUMNS
       ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)"
       " ON CONFLICT (ident) DO UPDATE SET state = ?2, detached = ?5, committed_ns = ?9,"
       " ended_ns = ?10, segment_dev = ?11, segment_ino = ?12, reason = ?14, sum = ?15, "
       "segment_since = ?16"},
      {&sql_.find_program, "SELECT " PROGRAM_COLUMNS " FROM programs WHERE ident = ?1"},
      {&sql_.drop_program, "DELETE FROM programs WHERE ident = ?1"},
      {&sql_.open_programs,
       "SELECT " PROGRAM_COLUMNS " FROM programs WHERE state <> 3 ORDER BY seq"},
      {&sql_.history,
       "SELECT " PROGRAM_COLUMNS " FROM programs WHERE state = 3 ORDER BY seq DESC LIMIT ?1"},
      {&sql_.prune_programs,
       "DELETE FROM programs WHERE state = 3 AND seq <="
       " (SELECT seq FROM programs WHERE state = 3 ORDER BY seq DESC LIMIT 1 OFFSET ?1)"},
      {&sql_.drop_guest, "DELETE FROM guests WHERE vmid = ?1 OR name = ?2"},
      {&sql_.put_guest, "INSERT INTO guests VALUES (?1, ?2, ?3)"},
      {&sql_.guests, "SELECT vmid, name, uid FROM guests"},
      {&sql_.put_event, "INSERT INTO events VALUES (?1, ?2, ?3, ?4, ?5, ?6)"},
      {&sql_.events, "SELECT * FROM events WHERE id > ?1 ORDER BY id LIMIT ?2"},
      {&sql_.recent_events,
       "SELECT * FROM (SELECT * FROM events ORDER BY id DESC LIMIT ?1) ORDER BY id"},
      {&sql_.prune_events, "DELETE FROM events WHERE id <= ?1"},
  };
  for (const auto& [statement, text] : all) *statement = HP_TRY(db_.prepare(text));
  return {};
}

Result<std::optional<FleetJournal::Program>> FleetJournal::find(const ProgramIdent& ident) {
  if (!HP_TRY(sql_.find_program.bind(blob(ident)).row())) return std::nullopt;
  auto program = read_program(sql_.find_program, db_.path());
  sql_.find_program.reset();
  return std::optional(HP_TRY(std::move(program)));
}

Result<> FleetJournal::put(const Program& p) {
  return sql_.put_program
      .bind(blob(p.ident), static_cast<int64_t>(p.state), int64_t{p.uid}, int64_t{p.pid},
            int64_t{p.detached}, int64_t{p.skip_failing}, int64_t{p.timeout_ms},
            static_cast<int64_t>(p.received_ns), static_cast<int64_t>(p.committed_ns),
            static_cast<int64_t>(p.ended_ns), static_cast<int64_t>(p.segment_dev),
            static_cast<int64_t>(p.segment_ino), std::string_view(p.script),
            std::string_view(p.reason), checksum(p), static_cast<int64_t>(p.segment_since))
      .run();
}

Result<> FleetJournal::prune() {
  return sql_.prune_programs.bind(static_cast<int64_t>(kHistory)).run();
}

Result<> FleetJournal::received(const Program& program) {
  const auto known = HP_TRY(find(program.ident));
  if (known && known->state != State::Ended)
    return fail("program " + to_hex(program.ident) + " is in the journal already", EEXIST);
  Program p = program;
  p.state = State::Received;
  p.received_ns = now_ns();
  p.committed_ns = p.ended_ns = 0;
  p.script = cut(p.script, kMaxScript);
  p.reason.clear();
  return transact(Sync::Now, [&]() -> Result<> {
    HP_TRYV(sql_.drop_program.bind(blob(p.ident)).run());
    return put(p);
  });
}

Result<> FleetJournal::committed(const ProgramIdent& ident) {
  auto p = HP_TRY(find(ident));
  if (!p || p->state == State::Ended)
    return fail("program " + to_hex(ident) + " is not in the journal", ENOENT);
  if (p->state == State::Committed) return {};
  p->state = State::Committed;
  p->committed_ns = now_ns();
  return transact(Sync::Now, [&] { return put(*p); });
}

Result<> FleetJournal::ended(const ProgramIdent& ident, std::string_view reason) {
  auto p = HP_TRY(find(ident));
  if (!p) return fail("program " + to_hex(ident) + " is not in the journal", ENOENT);
  if (p->state == State::Ended) return {};
  p->state = State::Ended;
  p->ended_ns = now_ns();
  p->reason = cut(reason, kMaxReason);
  HP_TRYV(transact(Sync::Now, [&]() -> Result<> {
    HP_TRYV(put(*p));
    return (ends_ + 1) % kPruneEnds == 0 ? prune() : Result<>{};
  }));
  ends_++;
  return {};
}

Result<> FleetJournal::detached(const ProgramIdent& ident, bool detached) {
  auto p = HP_TRY(find(ident));
  if (!p || p->state == State::Ended)
    return fail("program " + to_hex(ident) + " is not in the journal", ENOENT);
  p->detached = detached;
  return transact(Sync::Now, [&] { return put(*p); });
}

Result<> FleetJournal::segment(const ProgramIdent& ident, uint64_t device, uint64_t inode,
                               uint64_t since) {
  auto p = HP_TRY(find(ident));
  if (!p || p->state == State::Ended)
    return fail("program " + to_hex(ident) + " is not in the journal", ENOENT);
  p->segment_dev = device;
  p->segment_ino = inode;
  p->segment_since = since;
  return transact(Sync::Now, [&] { return put(*p); });
}

Result<std::vector<FleetJournal::Program>> FleetJournal::open_programs() {
  std::vector<Program> programs;
  sql_.open_programs.bind();
  while (HP_TRY(sql_.open_programs.row()))
    programs.push_back(HP_TRY(read_program(sql_.open_programs, db_.path())));
  return programs;
}

Result<std::vector<FleetJournal::Program>> FleetJournal::history(size_t limit) {
  std::vector<Program> programs;
  sql_.history.bind(static_cast<int64_t>(std::min<size_t>(limit, INT64_MAX)));
  while (HP_TRY(sql_.history.row()))
    programs.push_back(HP_TRY(read_program(sql_.history, db_.path())));
  return programs;
}

Result<> FleetJournal::guest(uint32_t vmid, const std::string& name, uint32_t uid) {
  if (vmid == 0 || vmid >= HP_MAX_GUESTS || name.empty() || name.size() > kMaxName)
    return fail(
        "no guest can be called '" + cut(name, kMaxName) + "', with number " + std::to_string(vmid),
        EINVAL);
  return transact(Sync::Later, [&]() -> Result<> {
    HP_TRYV(sql_.drop_guest.bind(int64_t{vmid}, std::string_view(name)).run());
    return sql_.put_guest.bind(int64_t{vmid}, std::string_view(name), int64_t{uid}).run();
  });
}

Result<std::map<uint32_t, FleetJournal::Guest>> FleetJournal::guests() {
  std::map<uint32_t, Guest> guests;
  sql_.guests.bind();
  while (HP_TRY(sql_.guests.row())) {
    const int64_t vmid = sql_.guests.number(0);
    const std::string_view name = sql_.guests.text(1);
    const int64_t uid = sql_.guests.number(2);
    if (vmid <= 0 || vmid >= HP_MAX_GUESTS || uid < 0 || uid > UINT32_MAX || name.empty() ||
        name.size() > kMaxName) {
      sql_.guests.reset();
      return fail(db_.path() + " is damaged (guest " + std::to_string(vmid) + ")", EBADMSG);
    }
    guests[static_cast<uint32_t>(vmid)] = {std::string(name), static_cast<uint32_t>(uid)};
  }
  return guests;
}

Result<FleetJournal::Event> FleetJournal::event(std::string_view kind,
                                                const std::optional<ProgramIdent>& program,
                                                std::string_view guest, std::string_view text) {
  Event e;
  e.id = next_event_;
  e.time_ns = now_ns();
  e.kind = cut(kind, kMaxName);
  e.program = program;
  e.guest = cut(guest, kMaxName);
  e.text = cut(text, kMaxEventText);
  HP_TRYV(transact(Sync::Later, [&]() -> Result<> {
    HP_TRYV(sql_.put_event
                .bind(static_cast<int64_t>(e.id), static_cast<int64_t>(e.time_ns),
                      std::string_view(e.kind), program ? blob(*program) : Blob{nullptr, 0},
                      std::string_view(e.guest), std::string_view(e.text))
                .run());
    if (e.id % kPruneEvents != 0 || e.id <= kEvents) return {};
    return sql_.prune_events.bind(static_cast<int64_t>(e.id - kEvents)).run();
  }));
  next_event_++;
  return e;
}

Result<std::vector<FleetJournal::Event>> FleetJournal::events(uint64_t after, size_t limit) {
  sql_.events.bind(static_cast<int64_t>(std::min<uint64_t>(after, INT64_MAX)),
                   static_cast<int64_t>(std::min<size_t>(limit, INT64_MAX)));
  return read_events(sql_.events, db_.path());
}

Result<std::vector<FleetJournal::Event>> FleetJournal::recent_events(size_t limit) {
  sql_.recent_events.bind(static_cast<int64_t>(std::min<size_t>(limit, INT64_MAX)));
  return read_events(sql_.recent_events, db_.path());
}

}  // namespace hp
