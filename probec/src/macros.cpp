#include "probec/macros.hpp"

#include <unistd.h>

namespace hp::probec {

Macros::Macros(std::vector<std::string> arguments, int64_t target, bool default_arguments)
    : arguments_(std::move(arguments)),
      used_(arguments_.size()),
      target_(target),
      default_arguments_(default_arguments) {}

std::optional<int64_t> Macros::variable(std::string_view name) const {
  if (name == "egid") return getegid();
  if (name == "euid") return geteuid();
  if (name == "gid") return getgid();
  if (name == "pid") return getpid();
  if (name == "pgid") return getpgid(0);
  if (name == "ppid") return getppid();
  if (name == "sid") return getsid(0);
  if (name == "uid") return getuid();
  if (name == "projid" || name == "taskid") return 0;
  if (name == "target" && target_ != 0) return target_;
  return std::nullopt;
}

std::optional<std::string> Macros::argument(size_t number) {
  if (number >= arguments_.size()) return std::nullopt;
  used_[number] = true;
  return arguments_[number];
}

size_t Macros::extraneous() const {
  return arguments_.size() > 1 && !used_.back() ? arguments_.size() - 1 : 0;
}

void Macros::forget() {
  used_.assign(arguments_.size(), false);
}

}  // namespace hp::probec
