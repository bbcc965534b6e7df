/* The address of a Unix socket at a path (unix(7)), as connect(2) and bind(2) want it. */
#pragma once
#include <sys/un.h>

#include <string>

#include "transport/result.hpp"

namespace hp {

/* Fails, and says the limit, when the path is empty or too long for sun_path with its NUL. */
Result<sockaddr_un> unix_address(const std::string& path);

}  // namespace hp
