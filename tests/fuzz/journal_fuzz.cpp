/* libFuzzer: a coordinator's journal whose files somebody has changed. It is refused with a
 * sentence and left as it is, or it is a whole journal: everything can be read and written, and is
 * there at the next start.
 *
 * Input: a byte of flags; then either a whole database (kRaw), or changes of a sound journal with a
 * log, which this target makes: offset (3 bytes, over both files), length (1 byte), bytes. */
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include "../support/temporary_directory.hpp"
#include "host/fleet_journal.hpp"

using namespace hp;

namespace {

constexpr uint8_t kRaw = 1, kNoLog = 2, kRepairSums = 4, kCutLog = 8;
constexpr ProgramIdent kKnown{1}, kNew{2};

struct Files {
  std::string database, log;
};

const char* memory() {
  return std::filesystem::exists("/dev/shm") ? "/dev/shm" : "/tmp";
}
const std::string& folder() {
  static const test::TemporaryDirectory made(memory());
  return made.path();
}
std::string file() {
  return folder() + "/" + FleetJournal::kFile;
}

std::string read(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}
void write(const std::string& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary)
      .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

/* Whatever fails, says why. */
template <class T>
bool well(const Result<T>& result) {
  if (!result && result.error().message.empty()) __builtin_trap();
  return static_cast<bool>(result);
}

FleetJournal::Program program(const ProgramIdent& ident) {
  FleetJournal::Program p;
  p.ident = ident;
  p.script = "BEGIN";
  return p;
}

/* Programs in the database, and more of them in the log. */
const Files& sound() {
  static const Files files = [] {
    const test::TemporaryDirectory made(memory()); /* folder() has what the inputs before left */
    for (uint8_t start = 0; start < 2; start++) {
      auto journal = FleetJournal::open(made.path());
      if (!journal) std::abort();
      for (uint8_t n = 0; n < 6; n++) {
        const ProgramIdent ident{1, start, n};
        (void)journal->received(program(ident));
        if (n > 1) (void)journal->committed(ident);
        if (n > 3) (void)journal->ended(ident, "killed");
        (void)journal->guest(n + 1u, "web" + std::to_string(n), n);
        (void)journal->event("joined", ident, "web1", "text");
      }
      const std::string file = made.path() + "/" + FleetJournal::kFile;
      if (start == 1) return Files{read(file), read(file + "-wal")};
    }
    std::abort();
  }();
  return files;
}

uint32_t word(std::string_view b, size_t at, bool big) {
  uint32_t w = 0;
  for (size_t i = 0; i < 4; i++)
    w |= uint32_t{static_cast<uint8_t>(b[at + i])} << 8 * (big ? 3 - i : i);
  return w;
}
void put_big(std::string& b, size_t at, uint32_t w) {
  for (size_t i = 0; i < 4; i++) b[at + i] = static_cast<char>(w >> 8 * (3 - i));
}

/* The log's checksums made right: https://sqlite.org/fileformat2.html, section 4.2. */
void repair(std::string& log) {
  constexpr size_t header = 32, frame_header = 24, frame = frame_header + 4096;
  if (log.size() < header) return;
  const bool big = log[3] & 1;
  uint32_t s0 = 0, s1 = 0;
  auto add = [&](size_t from, size_t size) {
    for (size_t at = from; at < from + size; at += 8) {
      s0 += word(log, at, big) + s1;
      s1 += word(log, at + 4, big) + s0;
    }
  };
  auto store = [&](size_t at) {
    put_big(log, at, s0);
    put_big(log, at + 4, s1);
  };
  add(0, 24);
  store(24);
  for (size_t at = header; at + frame <= log.size(); at += frame) {
    add(at, 8);
    add(at + frame_header, frame - frame_header);
    store(at + 16);
  }
}

Files changed(std::string_view input) {
  const uint8_t flags = static_cast<uint8_t>(input[0]);
  input.remove_prefix(1);
  if (flags & kRaw) return {std::string(input), ""};
  Files files = sound();
  const size_t total = files.database.size() + files.log.size();
  while (input.size() >= 4) {
    const size_t at = (static_cast<uint8_t>(input[0]) | static_cast<uint8_t>(input[1]) << 8 |
                       static_cast<uint8_t>(input[2]) << 16) %
                      total;
    const size_t size = std::min<size_t>(static_cast<uint8_t>(input[3]), input.size() - 4);
    for (size_t i = 0; i < size && at + i < total; i++)
      (at + i < files.database.size() ? files.database[at + i]
                                      : files.log[at + i - files.database.size()]) = input[4 + i];
    input.remove_prefix(4 + size);
  }
  if (flags & kCutLog) files.log.resize(files.log.size() / 2);
  if (flags & kRepairSums) repair(files.log);
  if (flags & kNoLog) files.log.clear();
  return files;
}

/* False: some call failed. */
bool use(FleetJournal& journal) {
  bool all =
      well(journal.open_programs()) && well(journal.history(10'000)) && well(journal.guests());
  all &= well(journal.events(0, 1000)) && well(journal.recent_events(10));
  all &= well(journal.received(program(kNew))) && well(journal.committed(kNew));
  all &= well(journal.guest(9, "db1", 1000)) && well(journal.event("joined", kNew, "db1", "text"));
  all &= well(journal.received(program(kKnown))) && well(journal.ended(kKnown, "killed"));
  return all;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const Files files = changed({reinterpret_cast<const char*>(data), size});
  for (const char* suffix : {"", "-wal", "-journal"}) ::unlink((file() + suffix).c_str());
  write(file(), files.database);
  if (!files.log.empty()) write(file() + "-wal", files.log);
  {
    auto journal = FleetJournal::open(folder());
    if (!well(journal)) return 0;
    if (!use(*journal)) return 0;
  }
  auto journal = FleetJournal::open(folder());
  if (!well(journal)) __builtin_trap();
  bool found = false;
  const auto programs = journal->open_programs();
  if (!well(programs)) __builtin_trap();
  for (const auto& p : *programs)
    found |= p.ident == kNew && p.state == FleetJournal::State::Committed;
  if (!found) __builtin_trap();
  return 0;
}
