/* Fd and Mapping: the only owners of file descriptors and of mmap(2) regions. */
#pragma once
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "transport/result.hpp"

namespace hp {

class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& o) noexcept : fd_(std::exchange(o.fd_, -1)) {}
  Fd& operator=(Fd&& o) noexcept {
    if (this != &o) reset(std::exchange(o.fd_, -1));
    return *this;
  }
  ~Fd() { reset(); }
  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  int release() { return std::exchange(fd_, -1); }
  void reset(int fd = -1) {
    if (fd_ >= 0) ::close(fd_);
    fd_ = fd;
  }
  /* A new descriptor (close-on-exec) for the same file. */
  Result<Fd> duplicate() const;

 private:
  int fd_ = -1;
};

class Mapping {
 public:
  Mapping() = default;
  Mapping(void* base, size_t size) : base_(base), size_(size) {}
  Mapping(Mapping&& o) noexcept
      : base_(std::exchange(o.base_, nullptr)), size_(std::exchange(o.size_, 0)) {}
  Mapping& operator=(Mapping&& o) noexcept {
    if (this != &o) {
      reset();
      base_ = std::exchange(o.base_, nullptr);
      size_ = std::exchange(o.size_, 0);
    }
    return *this;
  }
  ~Mapping() { reset(); }
  /* mmap(2) of a whole file from offset 0. prot: PROT_*. */
  static Result<Mapping> shared(int fd, size_t size, int prot = PROT_READ | PROT_WRITE);
  void reset() {
    if (base_) ::munmap(base_, size_);
    base_ = nullptr;
    size_ = 0;
  }
  template <class T = void>
  T* as(size_t offset = 0) const {
    return reinterpret_cast<T*>(static_cast<char*>(base_) + offset);
  }
  size_t size() const { return size_; }
  explicit operator bool() const { return base_ != nullptr; }

 private:
  void* base_ = nullptr;
  size_t size_ = 0;
};

/* memfd_create(2), close-on-exec, of the given size in bytes (sparse). */
Result<Fd> make_memfd(const char* name, size_t size);
/* A memfd that holds these bytes and that nobody, we included, can change any more. */
Result<Fd> make_sealed_memfd(const char* name, std::string_view bytes);
/* The whole file; an error names the path. limit in bytes. */
Result<std::string> read_file(const std::string& path, size_t limit = 1ull << 30);
/* Receives or sends one message with descriptors over a Unix socket (SCM_RIGHTS). flags: MSG_*. */
Result<size_t> send_with_fds(int sock, const void* data, size_t size, const int* fds, size_t nfds,
                             int flags = 0);
Result<size_t> recv_with_fds(int sock, void* data, size_t size, Fd* fds, size_t max_fds,
                             size_t* nfds, int flags = 0);

}  // namespace hp
