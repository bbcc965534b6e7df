#include "exec.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <climits>
#include <cstdlib>
#include <cstring>

#include "calls.hpp"
#include "descriptors.hpp"
#include "guest/guest_memory.hpp"
#include "proc_files.hpp"
#include "signals.hpp"

namespace hp::guest {

namespace {

bool read_text(uint64_t at, std::string& out, size_t limit, int64_t& error, int64_t too_long) {
  std::string buffer(limit, '\0');
  uint64_t n;
  if (!GuestMemory::read_string(buffer.data(), at, limit, &n)) {
    error = -EFAULT;
    return false;
  }
  if (n + 1 >= limit) {
    error = too_long;
    return false;
  }
  out.assign(buffer.data(), n);
  return true;
}

}  // namespace

std::string find_in_path(const std::string& command) {
  if (command.find('/') != std::string::npos) return command;
  const char* path = getenv("PATH");
  std::string list = path ? path : "/bin:/usr/bin";
  for (size_t at = 0; at <= list.size();) {
    size_t end = std::min(list.find(':', at), list.size());
    std::string dir = list.substr(at, end - at);
    std::string candidate = (dir.empty() ? "." : dir) + "/" + command;
    struct stat st;
    if (stat(candidate.c_str(), &st) == 0 && S_ISREG(st.st_mode) &&
        access(candidate.c_str(), X_OK) == 0)
      return candidate;
    at = end + 1;
  }
  return "";
}

int64_t call_execve(GuestThread& t, const Syscall& s) {
  bool at = s.nr == SYS_execveat;
  const uint64_t* a = s.args + (at ? 1 : 0);
  int64_t error = 0;
  std::string path;
  if (!read_text(a[0], path, PATH_MAX + 1, error, -ENAMETOOLONG)) return error;
  int dirfd = at ? static_cast<int>(s.args[0]) : AT_FDCWD, flags = at ? static_cast<int>(a[3]) : 0;
  /* A file that cannot be opened is noticed before a bad argument. */
  std::vector<std::string> argv, envp;
  int bad = read_exec_strings(a[1], argv);
  if (!bad) bad = read_exec_strings(a[2], envp);
  uint64_t envp_bytes = 0;
  for (const auto& e : envp) envp_bytes += e.size() + 1;
  ExecPlan plan;
  std::string file_path = translate_path(dirfd, path);
  int err = plan_exec(dirfd, file_path, flags, bad ? std::vector<std::string>{""} : argv,
                      envp_bytes, envp.size(), plan);
  if (bad && (!err || err == -E2BIG || err == -ENOEXEC || err == -ELOOP)) err = bad;
  if (err) return err;
  if (file_path != path) {
    /* The guest's own name for its program, not ours. */
    plan.execfn = path;
    plan.comm = path.substr(path.rfind('/') + 1).substr(0, 15);
  }

  /* Unlike the monitor's other descriptors this one must get through. */
  Fd file(move_descriptor(plan.file.release(), false));
  Process& p = t.process;
  char mask[24];
  std::snprintf(mask, sizeof mask, "%llx", static_cast<unsigned long long>(t.sigmask));
  std::vector<std::string> words{"hyprobe-guest",
                                 "--exec",
                                 mask,
                                 "--program-fd",
                                 std::to_string(file.get()),
                                 "--comm",
                                 plan.comm,
                                 "--kvm",
                                 std::to_string(engine_descriptor()),
                                 "--self",
                                 std::to_string(p.self_fd),
                                 "--thread",
                                 std::to_string(t.number),
                                 "--gate",
                                 std::to_string(p.gate)};
  if (p.control_fd >= 0) {
    words.insert(words.end(), {"--control", std::to_string(p.control_fd), "--socket",
                               std::to_string(p.socket_fd)});
  }
  words.insert(words.end(), {"--", plan.execfn});
  words.insert(words.end(), plan.argv.begin(), plan.argv.end());
  std::vector<const char*> pointers;
  for (const auto& w : words) pointers.push_back(w.c_str());
  pointers.push_back(nullptr);
  std::vector<const char*> environment;
  for (const auto& e : envp) environment.push_back(e.c_str());
  environment.push_back(nullptr);
  /* Ignored faults must stay ignored in the new program. */
  uint64_t ignored = 0;
  for (int signo = 1; signo <= 32; ++signo)
    if ((kSyncSignals & signal_bit(signo)) && p.actions.of[signo].handler == 1)
      ignored |= signal_bit(signo);
  /* What arrives from here on waits in the kernel, across the execve. What came before is the old
   * program's, and its handler's. */
  uint64_t host_mask = block_host_signals();
  if (t.captured) {
    restore_host_signals(host_mask);
    return kRestart;
  }
  fcntl(engine_descriptor(), F_SETFD, 0);
  ignore_host_signals(ignored, true);
  long r = syscall(SYS_execveat, p.self_fd, "", pointers.data(), environment.data(), AT_EMPTY_PATH);
  err = errno;
  fcntl(engine_descriptor(), F_SETFD, FD_CLOEXEC);
  ignore_host_signals(ignored, false);
  restore_host_signals(host_mask);
  return r == -1 ? -err : r;
}

}  // namespace hp::guest
