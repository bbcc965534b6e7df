#include "host/fleet_sqlite.hpp"

namespace hp {
namespace {

constexpr int kBusyTimeout = 500; /* ms: nobody but us should have it */

tl::unexpected<Error> failure(sqlite3* db, const std::string& path, int code) {
  const int system = db ? sqlite3_system_errno(db) : 0;
  switch (code & 0xff) {
    case SQLITE_FULL:
      return fail_errno("cannot write " + path, ENOSPC);
    case SQLITE_READONLY:
      return fail_errno("cannot write " + path, EROFS);
    case SQLITE_IOERR:
      return fail_errno("cannot read or write " + path, system != 0 ? system : EIO);
    case SQLITE_CANTOPEN:
      return fail_errno("cannot open " + path, system != 0 ? system : ENOENT);
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return fail_errno("cannot use " + path, EACCES);
    case SQLITE_NOMEM:
      return fail_errno("cannot use " + path, ENOMEM);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return fail(path + " is in use by another process", EBUSY);
    default: /* SQLITE_CORRUPT, SQLITE_NOTADB, SQLITE_CONSTRAINT: what we write meets them */
      return fail(path + " is damaged (" + sqlite3_errstr(code) + ")", EBADMSG);
  }
}

}  // namespace

void Statement::bind_one(int index, std::string_view text) {
  /* A null pointer would be NULL. */
  keep(sqlite3_bind_text64(statement_.get(), index, text.data() ? text.data() : "", text.size(),
                           SQLITE_STATIC, SQLITE_UTF8));
}

void Statement::bind_one(int index, Blob blob) {
  keep(sqlite3_bind_blob64(statement_.get(), index, blob.data, blob.size, SQLITE_STATIC));
}

Result<bool> Statement::row() {
  const int code = bind_code_ != SQLITE_OK ? bind_code_ : sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  auto error = failure(sqlite3_db_handle(statement_.get()), *path_, code);
  reset();
  if (code == SQLITE_DONE) return false;
  return error;
}

Result<> Statement::run() {
  while (HP_TRY(row())) continue;
  return {};
}

void Statement::reset() {
  sqlite3_reset(statement_.get()); /* says again what row() has said */
  sqlite3_clear_bindings(statement_.get());
  bind_code_ = SQLITE_OK;
}

std::string_view Statement::text(int column) const {
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement_.get(), column));
  const int size = sqlite3_column_bytes(statement_.get(), column);
  return bytes && size > 0 ? std::string_view(bytes, static_cast<size_t>(size))
                           : std::string_view();
}

Result<Sqlite> Sqlite::open(const std::string& path) {
  Sqlite s;
  s.path_ = std::make_unique<std::string>(path);
  sqlite3* db = nullptr;
  const int code = sqlite3_open_v2(
      path.c_str(), &db,
      SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_EXRESCODE,
      nullptr);
  s.db_.reset(db);
  if (code != SQLITE_OK) return failure(db, path, code);
  sqlite3_busy_timeout(db, kBusyTimeout);
  for (int option :
       {SQLITE_DBCONFIG_ENABLE_TRIGGER, SQLITE_DBCONFIG_ENABLE_VIEW, SQLITE_DBCONFIG_TRUSTED_SCHEMA,
        SQLITE_DBCONFIG_DQS_DML, SQLITE_DBCONFIG_DQS_DDL})
    sqlite3_db_config(db, option, 0, nullptr);
  sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  s.set_checkpoint_on_close(false);
  sqlite3_limit(db, SQLITE_LIMIT_ATTACHED, 0);
  sqlite3_limit(db, SQLITE_LIMIT_LENGTH, 1 << 20); /* of a row */
  HP_TRYV(s.execute(
      "PRAGMA mmap_size = 0; PRAGMA cell_size_check = ON; PRAGMA locking_mode = EXCLUSIVE"));
  return s;
}

void Sqlite::set_checkpoint_on_close(bool on) {
  sqlite3_db_config(db_.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, on ? 0 : 1, nullptr);
}

Result<Statement> Sqlite::prepare(std::string_view sql) {
  Statement statement;
  statement.path_ = path_.get();
  sqlite3_stmt* made = nullptr;
  const int code = sqlite3_prepare_v3(db_.get(), sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &made, nullptr);
  statement.statement_.reset(made);
  if (code != SQLITE_OK) return failure(db_.get(), *path_, code);
  return statement;
}

Result<> Sqlite::execute(const char* sql) {
  const int code = sqlite3_exec(db_.get(), sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return failure(db_.get(), *path_, code);
  return {};
}

Result<int64_t> Sqlite::number(std::string_view sql) {
  Statement statement = HP_TRY(prepare(sql));
  return HP_TRY(statement.row()) ? statement.number(0) : 0;
}

Result<std::string> Sqlite::text(std::string_view sql) {
  Statement statement = HP_TRY(prepare(sql));
  return HP_TRY(statement.row()) ? std::string(statement.text(0)) : std::string();
}

}  // namespace hp
