/* What probectl prints of the coordinator's answers: fields of JSON objects, tables, times.
 *
 * A field that is missing or of another type is shown as '?', a number as 0: an older or newer
 * coordinator. */
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "transport/json.hpp"
#include "transport/result.hpp"

namespace hp::probectl {

std::string text(const Json& object, const char* key); /* "-": empty */
std::string text_or(const Json& object, const char* key, const std::string& otherwise);
uint64_t number(const Json& object, const char* key);
bool flag(const Json& object, const char* key);
const std::vector<Json>& list(const Json& object, const char* key);

/* Columns as wide as their widest cell. */
class Table {
 public:
  struct Column {
    const char* heading;
    bool right = false; /* numbers */
  };
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}
  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  void print() const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

/* 7s, 42m, 17h05m. */
std::string duration(uint64_t seconds);
/* Seconds from then to now, both since 1970; 0 if then is in the future. */
uint64_t age(uint64_t then);
/* Local time, 2026-11-20 15:46:01; with_ms: 15:46:01.250. ns since 1970. */
std::string local_time(uint64_t ns, bool with_ms = false);
/* 512 B, 12.3 KiB, 1.0 GiB. */
std::string size_text(uint64_t bytes);

/* Says what went wrong; exit status 1. */
int complain(const Error&);
/* Exit status: 1 if standard output did not take what was printed. */
int finish();

}  // namespace hp::probectl
