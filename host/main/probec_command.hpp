/* The command of -c: taken apart, and looked at before anything is started, so that what would fail
 * inside the guest is said in time. */
#pragma once
#include <string>
#include <vector>

#include "transport/result.hpp"

namespace hp {

/* A command as -c takes it: words between white space; '...', "..." and \ keep it together. Nothing
 * is expanded. Fails on an open quote and on no words. */
Result<std::vector<std::string>> split_command(const std::string& text);

/* Can this program (a path, or a name to find in PATH) be executed? Fails with the reason: not found,
 * not executable, neither ELF nor script. */
Result<> check_command(const std::string& program);
/* Can process guests run here? Fails with what is the matter with /dev/kvm. */
Result<> check_kvm();

}  // namespace hp
