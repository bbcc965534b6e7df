/* Spare cores, shared fairly among all guests on this machine.
 *
 * A helper thread that polls occupies a core, so at most (cores - 1) may poll at once. A token is an
 * open-file-description lock (fcntl(2), F_OFD_SETLK) on one byte of /dev/kvm, which all of them can
 * open and nobody else locks: no file has to be made or removed, and the kernel gives a token back when
 * its holder dies, however it dies. */
#pragma once

namespace hp::guest {

class CoreToken {
 public:
  /* file: another than the common one, for tests; it must outlive the token. */
  explicit CoreToken(const char* file = "/dev/kvm") : file_(file) {}
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
