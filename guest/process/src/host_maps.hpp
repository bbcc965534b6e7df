/* This process's own mappings, as /proc/self/maps lists them. */
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace hp::guest {

struct HostMap {
  uint64_t start = 0, end = 0;
  bool shared = false, data = false; /* data: private and writable */
  std::string name;                  /* path, "[heap]", "[vdso]" ... or "" */
};

/* All mappings, in address order; empty if /proc is not there. */
std::vector<HostMap> read_host_maps();
/* The vDSO and the data pages before it; false if this process has none next to each other. */
bool find_vdso(HostMap& data, HostMap& code);

}  // namespace hp::guest
