/* libFuzzer: any text as a D program: refused with a message, or compiled, run and consumed. */
#include "whole_run.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace hp::fuzz;
  std::string text(reinterpret_cast<const char*>(data), size);
  /* What would look at files or start programs. */
  for (const char* no : {"#include", "cpp", "libdir", "depends_on"})
    if (text.find(no) != std::string::npos) return -1;
  constexpr uint64_t kArguments[10] = {0, 17, ~0ull - 4, 4096, 1ull << 63, 3, 0x7fffffff, 0, 1, 2};
  compile_and_run(text, kArguments);
  return 0;
}
