/* What every D program may use without declaring it: the types of the kernel's and libc's interfaces
 * (x86-64), and the names of errno values, signals and open flags. */
#include "probec/library.hpp"

#include <fcntl.h>
#include <sys/mman.h>

#include <cerrno>
#include <csignal>
#include <iterator>

#include "transport/segment.h"

namespace hp::probec {

const char* library_text() {
  return R"d(
typedef signed char int8_t; typedef unsigned char uint8_t;
typedef short int16_t; typedef unsigned short uint16_t;
typedef int int32_t; typedef unsigned int uint32_t;
typedef long int64_t; typedef unsigned long uint64_t;
typedef long intptr_t; typedef unsigned long uintptr_t;
typedef signed char s8; typedef unsigned char u8; typedef short s16; typedef unsigned short u16;
typedef int s32; typedef unsigned int u32; typedef long long s64; typedef unsigned long long u64;
typedef signed char __s8; typedef unsigned char __u8; typedef short __s16; typedef unsigned short __u16;
typedef int __s32; typedef unsigned int __u32; typedef long long __s64; typedef unsigned long long __u64;
typedef unsigned char uchar_t; typedef unsigned short ushort_t; typedef unsigned int uint_t;
typedef unsigned long ulong_t; typedef long long longlong_t; typedef unsigned long long u_longlong_t;
typedef unsigned char u_char; typedef unsigned short u_short; typedef unsigned int u_int;
typedef unsigned long u_long; typedef unsigned int uint; typedef unsigned short ushort;
typedef unsigned long ulong; typedef unsigned long size_t; typedef long ssize_t;
typedef long ptrdiff_t; typedef _Bool bool;
typedef int pid_t; typedef unsigned int uid_t; typedef unsigned int gid_t; typedef unsigned int id_t;
typedef unsigned int ipaddr_t; typedef unsigned short __be16; typedef unsigned int __be32;
typedef int processorid_t; typedef int zoneid_t; typedef int taskid_t; typedef int projid_t;
typedef long off_t; typedef long long loff_t; typedef long long off64_t; typedef long clock_t; typedef long time_t;
typedef long suseconds_t; typedef long long hrtime_t; typedef unsigned short umode_t;
typedef unsigned int mode_t; typedef unsigned long ino_t; typedef unsigned int dev_t;
typedef unsigned int nlink_t; typedef long blkcnt_t; typedef int clockid_t; typedef int timer_t;
typedef int mqd_t; typedef int key_t; typedef int key_serial_t; typedef int rwf_t; typedef int qid_t;
typedef unsigned long aio_context_t; typedef unsigned int socklen_t; typedef unsigned short sa_family_t;
typedef unsigned short in_port_t; typedef unsigned int in_addr_t; typedef char *caddr_t;
typedef unsigned int uintmax32_t; typedef long intmax_t; typedef unsigned long uintmax_t;
typedef long __kernel_old_time_t; typedef unsigned long nfds_t; typedef long time64_t;
typedef struct __hp_sigset { unsigned long sig[1]; } sigset_t;
typedef struct __hp_fd_set { unsigned long fds_bits[16]; } fd_set;
typedef struct siginfo siginfo_t;
typedef struct __user_cap_header_struct { unsigned int version; int pid; } *cap_user_header_t;
typedef struct __user_cap_data_struct { unsigned int effective; unsigned int permitted; unsigned int inheritable; }
    *cap_user_data_t;
struct __kernel_timespec { long long tv_sec; long long tv_nsec; };
struct __kernel_itimerspec { struct __kernel_timespec it_interval; struct __kernel_timespec it_value; };
struct __kernel_old_timeval { long tv_sec; long tv_usec; };
struct __kernel_old_itimerval { struct __kernel_old_timeval it_interval; struct __kernel_old_timeval it_value; };
struct timespec { long tv_sec; long tv_nsec; };
struct timeval { long tv_sec; long tv_usec; };
struct timezone { int tz_minuteswest; int tz_dsttime; };
struct iovec { userland void *iov_base; unsigned long iov_len; };
struct sockaddr { unsigned short sa_family; char sa_data[14]; };
struct in_addr { unsigned int s_addr; };
struct sockaddr_in { unsigned short sin_family; unsigned short sin_port; struct in_addr sin_addr; unsigned char __pad[8]; };
struct sockaddr_un { unsigned short sun_family; char sun_path[108]; };
struct user_msghdr { userland void *msg_name; int msg_namelen; userland struct iovec *msg_iov;
  unsigned long msg_iovlen; userland void *msg_control; unsigned long msg_controllen; unsigned int msg_flags; };
struct pollfd { int fd; short events; short revents; };
struct rlimit { unsigned long rlim_cur; unsigned long rlim_max; };
struct rlimit64 { unsigned long long rlim_cur; unsigned long long rlim_max; };
struct rusage { struct __kernel_old_timeval ru_utime; struct __kernel_old_timeval ru_stime; long ru_maxrss;
  long ru_ixrss; long ru_idrss; long ru_isrss; long ru_minflt; long ru_majflt; long ru_nswap; long ru_inblock;
  long ru_oublock; long ru_msgsnd; long ru_msgrcv; long ru_nsignals; long ru_nvcsw; long ru_nivcsw; };
struct stat { unsigned long st_dev; unsigned long st_ino; unsigned long st_nlink; unsigned int st_mode;
  unsigned int st_uid; unsigned int st_gid; unsigned int __pad0; unsigned long st_rdev; long st_size;
  long st_blksize; long st_blocks; unsigned long st_atime; unsigned long st_atime_nsec; unsigned long st_mtime;
  unsigned long st_mtime_nsec; unsigned long st_ctime; unsigned long st_ctime_nsec; long __unused[3]; };
struct new_utsname { char sysname[65]; char nodename[65]; char release[65]; char version[65];
  char machine[65]; char domainname[65]; };
struct open_how { unsigned long long flags; unsigned long long mode; unsigned long long resolve; };
struct clone_args { unsigned long long flags; unsigned long long pidfd; unsigned long long child_tid;
  unsigned long long parent_tid; unsigned long long exit_signal; unsigned long long stack;
  unsigned long long stack_size; unsigned long long tls; unsigned long long set_tid;
  unsigned long long set_tid_size; unsigned long long cgroup; };
struct tms { long tms_utime; long tms_stime; long tms_cutime; long tms_cstime; };
struct utimbuf { long actime; long modtime; };
struct sched_param { int sched_priority; };
inline int NULL = 0;
typedef int psetid_t; typedef int chipid_t; typedef int lgrp_id_t;
typedef struct cpuinfo { processorid_t cpu_id; psetid_t cpu_pset; chipid_t cpu_chip; lgrp_id_t cpu_lgrp; } cpuinfo_t;
translator cpuinfo_t < int C > { cpu_id = cpu; cpu_pset = 0; cpu_chip = 0; cpu_lgrp = 0; };
inline cpuinfo_t *curcpu = xlate < cpuinfo_t * > (0);
)d";
}

namespace {

struct Constant {
  const char* name;
  int64_t value;
};

#define HP_C(name) {#name, name},
constexpr Constant kConstants[] = {
    /* registers: the indices of uregs[] */
    {"R_R15", 0},
    {"R_R14", 1},
    {"R_R13", 2},
    {"R_R12", 3},
    {"R_RBP", 4},
    {"R_RBX", 5},
    {"R_R11", 6},
    {"R_R10", 7},
    {"R_R9", 8},
    {"R_R8", 9},
    {"R_RAX", 10},
    {"R_RCX", 11},
    {"R_RDX", 12},
    {"R_RSI", 13},
    {"R_RDI", 14},
    {"R_ORIG_RAX", 15},
    {"R_RIP", 16},
    {"R_CS", 17},
    {"R_RFL", 18},
    {"R_RSP", 19},
    {"R_SS", 20},
    {"R_DS", 21},
    {"R_ES", 22},
    {"R_FS", 23},
    {"R_GS", 24},
    {"R_TRAPNO", 25},
    {"R_ERR", 26},
    {"R_PC", 16},
    {"R_FP", 4},
    {"R_SP", 19},
    {"R_PS", 18},
    {"R_R0", 10},
    {"R_R1", 5},
    {"R_EBP", 4},
    {"R_EBX", 5},
    {"R_EAX", 10},
    {"R_ECX", 11},
    {"R_EDX", 12},
    {"R_ESI", 13},
    {"R_EDI", 14},
    {"R_EIP", 16},
    {"R_EFL", 18},
    {"R_UESP", 19},
    {"R_ESP", 19},
    {"REG_R15", 0},
    {"REG_R14", 1},
    {"REG_R13", 2},
    {"REG_R12", 3},
    {"REG_RBP", 4},
    {"REG_RBX", 5},
    {"REG_R11", 6},
    {"REG_R10", 7},
    {"REG_R9", 8},
    {"REG_R8", 9},
    {"REG_RAX", 10},
    {"REG_RCX", 11},
    {"REG_RDX", 12},
    {"REG_RSI", 13},
    {"REG_RDI", 14},
    {"REG_ORIG_RAX", 15},
    {"REG_RIP", 16},
    {"REG_CS", 17},
    {"REG_RFL", 18},
    {"REG_RSP", 19},
    {"REG_SS", 20},
    {"REG_DS", 21},
    {"REG_ES", 22},
    {"REG_FS", 23},
    {"REG_GS", 24},
    {"REG_TRAPNO", 25},
    {"REG_ERR", 26},

    /* errno(3) */
    HP_C(EPERM) HP_C(ENOENT) HP_C(ESRCH) HP_C(EINTR) HP_C(EIO) HP_C(ENXIO) HP_C(E2BIG) HP_C(ENOEXEC)
        HP_C(EBADF) HP_C(ECHILD) HP_C(EAGAIN) HP_C(ENOMEM) HP_C(EACCES) HP_C(EFAULT) HP_C(
            ENOTBLK) HP_C(EBUSY) HP_C(EEXIST) HP_C(EXDEV) HP_C(ENODEV) HP_C(ENOTDIR) HP_C(EISDIR)
            HP_C(EINVAL) HP_C(ENFILE) HP_C(EMFILE) HP_C(ENOTTY) HP_C(ETXTBSY) HP_C(EFBIG) HP_C(
                ENOSPC) HP_C(ESPIPE) HP_C(EROFS) HP_C(EMLINK) HP_C(EPIPE) HP_C(EDOM) HP_C(ERANGE)
                HP_C(EDEADLK) HP_C(ENAMETOOLONG) HP_C(ENOLCK) HP_C(ENOSYS) HP_C(ENOTEMPTY)
                    HP_C(ELOOP) HP_C(EWOULDBLOCK) HP_C(ENOMSG) HP_C(EIDRM) HP_C(ENODATA) HP_C(ETIME)
                        HP_C(EPROTO) HP_C(EBADMSG) HP_C(EOVERFLOW) HP_C(EILSEQ) HP_C(EUSERS)
                            HP_C(ENOTSOCK) HP_C(EDESTADDRREQ) HP_C(EMSGSIZE) HP_C(EPROTOTYPE)
                                HP_C(ENOPROTOOPT) HP_C(EPROTONOSUPPORT) HP_C(ESOCKTNOSUPPORT)
                                    HP_C(EOPNOTSUPP) HP_C(EPFNOSUPPORT) HP_C(EAFNOSUPPORT)
                                        HP_C(EADDRINUSE) HP_C(EADDRNOTAVAIL) HP_C(ENETDOWN)
                                            HP_C(ENETUNREACH) HP_C(ENETRESET) HP_C(ECONNABORTED)
                                                HP_C(ECONNRESET) HP_C(ENOBUFS) HP_C(EISCONN)
                                                    HP_C(ENOTCONN) HP_C(ESHUTDOWN) HP_C(ETIMEDOUT)
                                                        HP_C(ECONNREFUSED) HP_C(EHOSTDOWN)
                                                            HP_C(EHOSTUNREACH) HP_C(EALREADY)
                                                                HP_C(EINPROGRESS) HP_C(ESTALE)
                                                                    HP_C(EDQUOT) HP_C(ECANCELED)
    /* signal(7) */
    HP_C(SIGHUP) HP_C(SIGINT) HP_C(SIGQUIT) HP_C(SIGILL) HP_C(SIGTRAP) HP_C(SIGABRT) HP_C(SIGBUS)
        HP_C(SIGFPE) HP_C(SIGKILL) HP_C(SIGUSR1) HP_C(SIGSEGV) HP_C(SIGUSR2) HP_C(SIGPIPE)
            HP_C(SIGALRM) HP_C(SIGTERM) HP_C(SIGCHLD) HP_C(SIGCONT) HP_C(SIGSTOP) HP_C(SIGTSTP)
                HP_C(SIGTTIN) HP_C(SIGTTOU) HP_C(SIGURG) HP_C(SIGXCPU) HP_C(SIGXFSZ) HP_C(SIGVTALRM)
                    HP_C(SIGPROF) HP_C(SIGWINCH) HP_C(SIGIO) HP_C(SIGSYS)
    /* open(2), mmap(2) */
    HP_C(O_RDONLY) HP_C(O_WRONLY) HP_C(O_RDWR) HP_C(O_ACCMODE) HP_C(O_CREAT) HP_C(O_EXCL)
        HP_C(O_TRUNC) HP_C(O_APPEND) HP_C(O_NONBLOCK) HP_C(O_CLOEXEC) HP_C(O_DIRECTORY)
            HP_C(O_NOFOLLOW) HP_C(AT_FDCWD) HP_C(PROT_READ) HP_C(PROT_WRITE) HP_C(PROT_EXEC)
                HP_C(MAP_SHARED) HP_C(MAP_PRIVATE) HP_C(MAP_ANONYMOUS) HP_C(MAP_FIXED)
    /* arg4 of dtrace:::ERROR */
    {"DTRACEFLT_UNKNOWN", HP_FLT_UNKNOWN},
    {"DTRACEFLT_BADADDR", HP_FLT_BADADDR},
    {"DTRACEFLT_BADALIGN", HP_FLT_BADALIGN},
    {"DTRACEFLT_ILLOP", HP_FLT_ILLOP},
    {"DTRACEFLT_DIVZERO", HP_FLT_DIVZERO},
    {"DTRACEFLT_NOSCRATCH", HP_FLT_NOSCRATCH},
    {"DTRACEFLT_KPRIV", HP_FLT_KPRIV},
    {"DTRACEFLT_UPRIV", HP_FLT_UPRIV},
    {"DTRACEFLT_TUPOFLOW", HP_FLT_TUPOFLOW},
    {"DTRACEFLT_BADSTACK", HP_FLT_BADSTACK},
    {"DTRACEFLT_LIBRARY", HP_FLT_LIBRARY},
    {"DTRACEFLT_BADINDEX", HP_FLT_BADINDEX},
    {"DTRACEFLT_BADSIZE", HP_FLT_BADSIZE}};
#undef HP_C

}  // namespace

std::optional<int64_t> library_constant(std::string_view name) {
  for (const Constant& constant : kConstants)
    if (name == constant.name) return constant.value;
  return std::nullopt;
}

}  // namespace hp::probec
