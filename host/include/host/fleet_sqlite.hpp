/* Sqlite, Statement: an SQLite 3 database file that is not trusted, and a prepared statement of it.
 *
 *     Sqlite db = HP_TRY(Sqlite::open(path));
 *     Statement insert = HP_TRY(db.prepare("INSERT INTO guests VALUES (?1, ?2)"));
 *     HP_TRYV(insert.bind(vmid, name).run());
 *     while (HP_TRY(select.row())) use(select.number(0), select.text(1));
 *
 * The file may be anybody's making: no triggers, views or functions of its schema are run, its
 * cells are checked when a page is read, it is never mapped into memory, and its pages are limited
 * in number. (https://sqlite.org/security.html, "Untrusted SQLite Database Files".)
 *
 * Errors: a sentence that names the file, and an errno value: ENOSPC (disk full, or the file's own
 * limit), EROFS, EACCES, EBUSY (another process has it), EIO or what the system call said, and
 * EBADMSG: the file is damaged. One thread at a time; not across fork(2) (its locks are the
 * process's). */
#pragma once
#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "transport/result.hpp"

namespace hp {

struct Blob {
  const void* data;
  size_t size;
};

class Statement {
 public:
  /* Binds ?1, ?2 ... A string is bound as it is, NUL bytes included, and must live until run() or
   * the last row(). */
  template <class... Values>
  Statement& bind(const Values&... values) {
    reset();
    int index = 0;
    (bind_one(++index, values), ...);
    return *this;
  }
  /* Steps to the next row; false at the end, after which it may be bound and run again. */
  Result<bool> row();
  /* For statements without rows. */
  Result<> run();
  void reset();
  /* Of the current row; views live until the next row() or reset(). */
  int64_t number(int column) const { return sqlite3_column_int64(statement_.get(), column); }
  std::string_view text(int column) const;

 private:
  friend class Sqlite;
  void bind_one(int index, int64_t value) {
    keep(sqlite3_bind_int64(statement_.get(), index, value));
  }
  void bind_one(int index, std::string_view text);
  void bind_one(int index, Blob);
  void keep(int code) { bind_code_ = bind_code_ == SQLITE_OK ? code : bind_code_; }
  struct Finalize {
    void operator()(sqlite3_stmt* s) const { sqlite3_finalize(s); }
  };
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  const std::string* path_ = nullptr; /* the database's */
  int bind_code_ = SQLITE_OK;
};

class Sqlite {
 public:
  /* An existing file (it may be empty), for this process alone; its folder must hold no symbolic
   * links on the way. */
  static Result<Sqlite> open(const std::string& path);
  Result<Statement> prepare(std::string_view sql);
  /* Statements without rows and parameters. */
  Result<> execute(const char* sql);
  /* The first row's first column. */
  Result<int64_t> number(std::string_view sql);
  Result<std::string> text(std::string_view sql);
  /* Rows that the last INSERT, UPDATE or DELETE has changed. */
  int64_t changes() const { return sqlite3_changes64(db_.get()); }
  bool in_transaction() const { return sqlite3_get_autocommit(db_.get()) == 0; }
  const std::string& path() const { return *path_; }
  explicit operator bool() const { return db_ != nullptr; }
  /* Whether closing writes the log's pages to the file and removes the log. Not, until said. */
  void set_checkpoint_on_close(bool);

 private:
  struct Close {
    void operator()(sqlite3* db) const { sqlite3_close_v2(db); }
  };
  std::unique_ptr<std::string> path_; /* statements point to it */
  std::unique_ptr<sqlite3, Close> db_;
};

}  // namespace hp
