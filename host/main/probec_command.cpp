#include "probec_command.hpp"

#include <elf.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <cstring>

#include "transport/fd.hpp"

namespace hp {

Result<std::vector<std::string>> split_command(const std::string& text) {
  std::vector<std::string> words;
  std::string word;
  bool in_word = false;
  char quote = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quote == '\'' ? c == '\'' : quote == '"' && c == '"') {
      quote = 0;
    } else if (c == '\\' && quote != '\'' && i + 1 < text.size() &&
               (quote == 0 || text[i + 1] == '"' || text[i + 1] == '\\')) {
      word += text[++i];
      in_word = true;
    } else if (quote != 0) {
      word += c;
    } else if (c == '\'' || c == '"') {
      quote = c;
      in_word = true;
    } else if (std::isspace(static_cast<unsigned char>(c))) {
      if (in_word) words.push_back(std::exchange(word, {}));
      in_word = false;
    } else {
      word += c;
      in_word = true;
    }
  }
  if (quote != 0) return fail("a quote is not closed in the command '" + text + "'");
  if (in_word) words.push_back(word);
  if (words.empty()) return fail("no command is given");
  return words;
}

namespace {

/* 0 if a process guest can run the file, as far as its first bytes tell; else an errno. */
int runnable(const std::string& path) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return 0; /* executable but not readable: its loader decides */
  Elf64_Ehdr h{};
  const ssize_t n = ::read(fd.get(), &h, sizeof h);
  if (n >= 2 && std::memcmp(&h, "#!", 2) == 0) return 0;
  const bool elf = n == sizeof h && std::memcmp(h.e_ident, ELFMAG, SELFMAG) == 0 &&
                   h.e_ident[EI_CLASS] == ELFCLASS64 && h.e_machine == EM_X86_64;
  return elf ? 0 : ENOEXEC;
}

std::vector<std::string> candidates_for(const std::string& program) {
  if (program.find('/') != std::string::npos) return {program};
  std::vector<std::string> out;
  const char* path = std::getenv("PATH");
  const std::string list = path ? path : "/usr/local/bin:/usr/bin:/bin";
  for (size_t at = 0; at <= list.size();) {
    const size_t colon = std::min(list.find(':', at), list.size());
    const std::string dir = list.substr(at, colon - at);
    out.push_back((dir.empty() ? "." : dir) + "/" + program);
    at = colon + 1;
  }
  return out;
}

}  // namespace

Result<> check_command(const std::string& program) {
  int error = ENOENT;
  for (const std::string& c : candidates_for(program)) {
    struct stat st{};
    if (::stat(c.c_str(), &st) != 0) continue;
    if (S_ISREG(st.st_mode) && ::access(c.c_str(), X_OK) == 0) {
      error = runnable(c);
      break;
    }
    error = EACCES;
  }
  if (error != 0)
    return fail(Error::from_errno("failed to execute " + program, error).message +
                (error == ENOEXEC ? " (neither an x86-64 ELF program nor a #! script)" : ""));
  return {};
}

Result<> check_kvm() {
  const Fd kvm(::open("/dev/kvm", O_RDWR | O_CLOEXEC));
  if (!kvm) {
    const int why = errno;
    return fail(Error::from_errno("cannot open /dev/kvm", why).message +
                ": -c runs the command as a process guest and needs it" +
                (why == EACCES ? " (be root, or a member of group kvm)" : ""));
  }
  return {};
}

}  // namespace hp
