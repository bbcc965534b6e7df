/* FailingVfs: SQLite's way to the disk, which fails or kills the process at the n-th write or sync.
 *
 *     FailingVfs disk;                       // the default VFS while it lives; one at a time
 *     disk.fail_at(3, SQLITE_FULL);          // the third from now fails, and all others until heal()
 *     disk.kill_at(3);                       // SIGKILL in the middle of the third
 *
 * A write that fails has written half of its bytes, if it is of more than a sector; a sync that
 * fails has synced. */
#pragma once
#include <signal.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cstdint>

namespace hp::test {

struct FailingVfsState {
  int64_t left = INT64_MAX; /* calls up to the one that fails */
  int code = SQLITE_OK;
  bool once = false, kill = false;
};

class FailingVfs {
 public:
  FailingVfs();
  ~FailingVfs() { sqlite3_vfs_unregister(&vfs_); }
  FailingVfs(const FailingVfs&) = delete;
  FailingVfs& operator=(const FailingVfs&) = delete;

  /* once: only that call fails. */
  void fail_at(int64_t n, int code, bool once = false) { state = {n, code, once, false}; }
  void kill_at(int64_t n) { state = {n, SQLITE_OK, false, true}; }
  void heal() { state = {}; }

 private:
  struct File {
    sqlite3_file base;
    sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
  };
  static sqlite3_file* real(sqlite3_file* f) { return reinterpret_cast<File*>(f)->real(); }
  /* The code with which this call fails, or SQLITE_OK. */
  static int due() {
    state.left--;
    if (state.left > 0 || (state.once && state.left < 0)) return SQLITE_OK;
    return state.kill ? -1 : state.code;
  }
  static int write(sqlite3_file* f, const void* data, int size, sqlite3_int64 at) {
    const int code = due();
    if (code == SQLITE_OK) return real(f)->pMethods->xWrite(real(f), data, size, at);
    if (size > 512) (void)real(f)->pMethods->xWrite(real(f), data, size / 2, at);
    if (code < 0) ::kill(::getpid(), SIGKILL);
    return code;
  }
  static int sync(sqlite3_file* f, int flags) {
    const int code = due();
    if (code < 0) ::kill(::getpid(), SIGKILL);
    const int done = real(f)->pMethods->xSync(real(f), flags);
    return code == SQLITE_OK ? done : (code == SQLITE_FULL ? SQLITE_IOERR_FSYNC : code);
  }
  static int open(sqlite3_vfs*, const char* name, sqlite3_file* f, int flags, int* out) {
    auto* file = reinterpret_cast<File*>(f);
    const int code = under()->xOpen(under(), name, file->real(), flags, out);
    file->base.pMethods = file->real()->pMethods ? &methods() : nullptr;
    return code;
  }
  static sqlite3_vfs* under() { return under_vfs; }
  static const sqlite3_io_methods& methods();

  static inline FailingVfsState state{};
  static inline sqlite3_vfs* under_vfs = nullptr;
  sqlite3_vfs vfs_{};
};

inline FailingVfs::FailingVfs() {
  state = {};
  under_vfs = sqlite3_vfs_find("unix");
  vfs_ = *under_vfs;
  vfs_.zName = "failing";
  vfs_.szOsFile += static_cast<int>(sizeof(File));
  vfs_.xOpen = open;
  sqlite3_vfs_register(&vfs_, 1);
}

inline const sqlite3_io_methods& FailingVfs::methods() {
  using F = sqlite3_file;
  using Offset = sqlite3_int64;
  static const sqlite3_io_methods all = {
      1, /* no shared memory: the journal does without */
      [](F* f) { return real(f)->pMethods->xClose(real(f)); },
      [](F* f, void* data, int size, Offset at) {
        return real(f)->pMethods->xRead(real(f), data, size, at);
      },
      write,
      [](F* f, Offset size) { return real(f)->pMethods->xTruncate(real(f), size); },
      sync,
      [](F* f, Offset* size) { return real(f)->pMethods->xFileSize(real(f), size); },
      [](F* f, int lock) { return real(f)->pMethods->xLock(real(f), lock); },
      [](F* f, int lock) { return real(f)->pMethods->xUnlock(real(f), lock); },
      [](F* f, int* out) { return real(f)->pMethods->xCheckReservedLock(real(f), out); },
      [](F* f, int op, void* argument) {
        return real(f)->pMethods->xFileControl(real(f), op, argument);
      },
      [](F* f) { return real(f)->pMethods->xSectorSize(real(f)); },
      [](F* f) { return real(f)->pMethods->xDeviceCharacteristics(real(f)); },
      nullptr,
      nullptr,
      nullptr,
      nullptr,
      nullptr,
      nullptr};
  return all;
}

}  // namespace hp::test
