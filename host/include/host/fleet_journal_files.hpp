/* JournalFiles: a look at the journal's files before SQLite has them.
 *
 * SQLite is lenient where a journal must not be: a write-ahead log that is missing, or whose header
 * is damaged, it takes for none, and what was committed last is silently gone. Format:
 * https://sqlite.org/fileformat2.html, sections 1.3 and 4.1.
 *
 * Never call it while SQLite has the files open in this process: closing any descriptor of a file
 * gives up its locks. */
#pragma once
#include <cstdint>
#include <string>

#include "transport/result.hpp"

namespace hp {

struct JournalFiles {
  bool fresh = false;      /* there was no journal; an empty file has been made (0600) */
  bool has_log = false;    /* a write-ahead log with a sound header */
  uint64_t log_frames = 0; /* pages in it that are of its present generation, complete or not */

  /* path: of the database; the log is PATH-wal. max_bytes: a larger database is refused. EBADMSG:
   * damaged, or no database at all. */
  static Result<JournalFiles> inspect(const std::string& path, uint64_t max_bytes);
};

}  // namespace hp
