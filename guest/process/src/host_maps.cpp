#include "host_maps.hpp"

#include <fcntl.h>

#include <cstdlib>
#include <cstring>

#include "transport/fd.hpp"

namespace hp::guest {

std::vector<HostMap> read_host_maps() {
  std::vector<HostMap> maps;
  Fd fd(open("/proc/self/maps", O_RDONLY | O_CLOEXEC));
  if (!fd) return maps;
  std::string text;
  char buffer[8192];
  for (ssize_t n; (n = read(fd.get(), buffer, sizeof buffer)) > 0;)
    text.append(buffer, static_cast<size_t>(n));
  for (size_t at = 0; at < text.size();) {
    size_t eol = text.find('\n', at);
    if (eol == std::string::npos) break;
    std::string line = text.substr(at, eol - at);
    at = eol + 1;
    char* rest = nullptr;
    HostMap m;
    m.start = std::strtoull(line.c_str(), &rest, 16);
    if (*rest != '-') continue;
    m.end = std::strtoull(rest + 1, &rest, 16);
    if (const char* perms = rest + std::strspn(rest, " "); std::strlen(perms) > 3) {
      m.shared = perms[3] == 's';
      m.data = perms[1] == 'w' && !m.shared;
    }
    for (int field = 0; field < 4; ++field) { /* perms offset dev inode */
      rest += std::strspn(rest, " ");
      rest += std::strcspn(rest, " ");
    }
    rest += std::strspn(rest, " ");
    m.name = rest;
    maps.push_back(std::move(m));
  }
  return maps;
}

bool find_vdso(HostMap& data, HostMap& code) {
  bool have_data = false, have_code = false;
  for (const HostMap& m : read_host_maps()) {
    if (m.name.rfind("[vvar", 0) == 0) {
      if (!have_data)
        data = m;
      else
        data.end = m.end;
      have_data = true;
    } else if (m.name == "[vdso]") {
      code = m;
      have_code = true;
    }
  }
  return have_data && have_code && data.end == code.start;
}

}  // namespace hp::guest
