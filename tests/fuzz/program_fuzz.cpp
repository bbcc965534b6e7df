/* libFuzzer: bytes steer the generator of D texts; the program is compiled, run and consumed. The last
 * bytes are the firings' arguments. HP_FUZZ_SHOW=1 prints the text first, for text_fuzz to minimise;
 * HP_FUZZ_COUNT=1 tells at exit how many programs were refused and how many ran. */
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "d_text.hpp"
#include "whole_run.hpp"

namespace {
uint64_t outcomes[4];
}

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  if (std::getenv("HP_FUZZ_COUNT"))
    std::atexit([] {
      std::printf("refused %llu, too large %llu, destructive %llu, ran %llu\n",
                  static_cast<unsigned long long>(outcomes[0]),
                  static_cast<unsigned long long>(outcomes[1]),
                  static_cast<unsigned long long>(outcomes[2]),
                  static_cast<unsigned long long>(outcomes[3]));
    });
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace hp::fuzz;
  std::string text = TextGenerator({data, size}).program();
  if (std::getenv("HP_FUZZ_SHOW")) std::fputs(text.c_str(), stdout), std::fflush(stdout);
  uint64_t arguments[10] = {};
  size_t tail = size < sizeof arguments ? size : sizeof arguments;
  if (tail) std::memcpy(arguments, data + size - tail, tail);
  outcomes[static_cast<size_t>(compile_and_run(text, arguments))]++;
  return 0;
}
