/* Macro variables: $pid, $target, $1 ... and which of the arguments a program referred to. */
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hp::probec {

class Macros {
 public:
  /* arguments[0] is $0. target: value of $target, 0 = not set. default_arguments: a missing argument
   * is 0 or "" instead of an error (-xdefaultargs). */
  Macros(std::vector<std::string> arguments, int64_t target, bool default_arguments);

  /* The value of $name for the names of D-LANGUAGE: egid euid gid pid pgid ppid projid sid target
   * taskid uid. nullopt: no such macro, or $target without one. */
  [[nodiscard]] std::optional<int64_t> variable(std::string_view name) const;
  /* The text of $N, marked as referred to; nullopt: not given. */
  std::optional<std::string> argument(size_t number);
  void set_default_arguments(bool on) { default_arguments_ = on; }
  [[nodiscard]] bool default_arguments() const { return default_arguments_; }
  /* The last argument, if nothing referred to it since forget(); 0: it was, or there is none. What is
   * left over at the end was meant for nobody; one that is skipped in the middle is the user's choice. */
  [[nodiscard]] size_t extraneous() const;
  void forget();
  [[nodiscard]] const std::string& text(size_t number) const { return arguments_[number]; }

 private:
  std::vector<std::string> arguments_;
  std::vector<bool> used_;
  int64_t target_;
  bool default_arguments_;
};

}  // namespace hp::probec
