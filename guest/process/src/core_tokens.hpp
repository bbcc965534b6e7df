/* Spare cores, shared fairly among all guests of a user on this machine.
 *
 * A helper thread that polls occupies a core, so at most (cores - 1) may poll at once. A token is an
 * open-file-description lock (fcntl(2), F_OFD_SETLK) on one byte of a file in /dev/shm: the kernel
 * gives it back when its holder dies, however it dies. Nothing is ever written to the file. */
#pragma once

namespace hp::guest {

class CoreToken {
 public:
  /* file: another than the user's common one, for tests; it must outlive the token. */
  explicit CoreToken(const char* file = nullptr) : file_(file) {}
  CoreToken(const CoreToken&) = delete;
  CoreToken& operator=(const CoreToken&) = delete;
  ~CoreToken() { drop(); }
  /* Takes any free token; false when all are out, or the machine has one core. Never blocks. */
  bool take();
  void give_back();
  bool held() const { return byte_ >= 0; }
  /* In the child of fork(2): the lock is the parent's. close: the descriptor is this process's copy. */
  void forget(bool close);

 private:
  void drop();
  const char* file_;
  int fd_ = -1, byte_ = -1;
};

}  // namespace hp::guest
