/* Flags of the interfaces that scripts decode most: C's, so that a program may declare the same names
 * anew. */

/* open(2), openat(2) */
inline int O_RDONLY = 0;
inline int O_WRONLY = 1;
inline int O_RDWR = 2;
inline int O_ACCMODE = 3;
inline int O_CREAT = 64;
inline int O_EXCL = 128;
inline int O_NOCTTY = 256;
inline int O_TRUNC = 512;
inline int O_APPEND = 1024;
inline int O_NONBLOCK = 2048;
inline int O_NDELAY = 2048;
inline int O_SYNC = 1052672;
inline int O_DSYNC = 4096;
inline int O_RSYNC = 1052672;
inline int O_CLOEXEC = 524288;
inline int O_DIRECT = 16384;
inline int O_DIRECTORY = 65536;
inline int O_NOFOLLOW = 131072;
inline int O_NOATIME = 262144;
inline int O_PATH = 2097152;
inline int O_TMPFILE = 4259840;
inline int AT_FDCWD = -100;
inline int AT_EMPTY_PATH = 4096;
inline int AT_SYMLINK_NOFOLLOW = 256;
inline int AT_REMOVEDIR = 512;

/* access(2), lseek(2) */
inline int F_OK = 0;
inline int X_OK = 1;
inline int W_OK = 2;
inline int R_OK = 4;
inline int SEEK_SET = 0;
inline int SEEK_CUR = 1;
inline int SEEK_END = 2;

/* fcntl(2) */
inline int F_DUPFD = 0;
inline int F_GETFD = 1;
inline int F_SETFD = 2;
inline int F_GETFL = 3;
inline int F_SETFL = 4;
inline int F_GETLK = 5;
inline int F_SETLK = 6;
inline int F_SETLKW = 7;

/* inode(7) */
inline int S_IFMT = 61440;
inline int S_IFSOCK = 49152;
inline int S_IFLNK = 40960;
inline int S_IFREG = 32768;
inline int S_IFBLK = 24576;
inline int S_IFDIR = 16384;
inline int S_IFCHR = 8192;
inline int S_IFIFO = 4096;

/* mmap(2) */
inline int PROT_NONE = 0;
inline int PROT_READ = 1;
inline int PROT_WRITE = 2;
inline int PROT_EXEC = 4;
inline int MAP_SHARED = 1;
inline int MAP_PRIVATE = 2;
inline int MAP_FIXED = 16;
inline int MAP_ANONYMOUS = 32;
inline int MAP_STACK = 131072;
inline int MAP_POPULATE = 32768;
inline int MAP_NORESERVE = 16384;

/* clone(2) */
inline int CLONE_VM = 256;
inline int CLONE_FS = 512;
inline int CLONE_FILES = 1024;
inline int CLONE_SIGHAND = 2048;
inline int CLONE_VFORK = 16384;
inline int CLONE_THREAD = 65536;
inline int CLONE_SETTLS = 524288;
inline int CLONE_NEWNS = 131072;
inline int CLONE_NEWPID = 536870912;
inline int CLONE_NEWNET = 1073741824;
inline int CLONE_NEWUSER = 268435456;

/* futex(2) */
inline int FUTEX_WAIT = 0;
inline int FUTEX_WAKE = 1;
inline int FUTEX_PRIVATE_FLAG = 128;
