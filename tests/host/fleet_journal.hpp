/* What the journal's tests share. */
#pragma once
#include <doctest/doctest.h>

#include <filesystem>
#include <string>

#include "../support/temporary_directory.hpp"
#include "host/fleet_journal.hpp"

namespace hp::test {

inline ProgramIdent ident_of(uint32_t n) {
  ProgramIdent ident{};
  for (size_t i = 0; i < 4; i++) ident[i] = static_cast<uint8_t>(n >> (8 * (3 - i)));
  return ident;
}

inline uint32_t number_of(const ProgramIdent& ident) {
  return uint32_t{ident[0]} << 24 | uint32_t{ident[1]} << 16 | uint32_t{ident[2]} << 8 | ident[3];
}

inline FleetJournal::Program program(uint32_t n) {
  FleetJournal::Program p;
  p.ident = ident_of(n);
  p.uid = 1000;
  p.pid = 4711;
  p.detached = n % 2 == 1;
  p.timeout_ms = 5000;
  p.segment_dev = UINT64_MAX;
  p.segment_ino = uint64_t{1} << 63 | n;
  p.script = "syscall:::entry { @ = count(); }";
  return p;
}

/* In memory where there is such a place: a sync costs nothing there, and these tests end processes,
 * not machines. */
struct JournalFolder : TemporaryDirectory {
  JournalFolder()
      : TemporaryDirectory(std::filesystem::exists("/dev/shm")
                               ? "/dev/shm"
                               : std::filesystem::temp_directory_path()) {}
  std::string file() const { return path() + "/" + FleetJournal::kFile; }
  std::string log() const { return file() + "-wal"; }
};

/* Fails the test with the error's message. */
template <class T>
T must(Result<T> result) {
  REQUIRE_MESSAGE(result, result.error().message);
  return std::move(*result);
}
inline void must(const Result<>& result) {
  REQUIRE_MESSAGE(result, result.error().message);
}

/* The journal's files, as a crash would leave them. */
inline void copy_journal(const std::string& from, const std::string& to) {
  for (const char* suffix : {"", "-wal"}) {
    const std::string name = std::string("/journal.sqlite") + suffix;
    std::filesystem::remove(to + name);
    if (std::filesystem::exists(from + name)) std::filesystem::copy_file(from + name, to + name);
  }
}

}  // namespace hp::test
