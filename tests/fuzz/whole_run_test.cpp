/* Whole programs, compiled, run and consumed: what the fuzzers once found, and generated ones. */
#include "whole_run.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <random>

#include "d_text.hpp"
#include "transport/fd.hpp"

using namespace hp::fuzz;

namespace {

constexpr uint64_t kArguments[10] = {0, 17, ~0ull - 4, 4096, 1ull << 63, 3, 0x7fffffff, 0, 1, 2};

}  // namespace

TEST_CASE("whole runs: what the fuzzers found stays fixed") {
  std::vector<std::filesystem::path> seeds;
  for (const auto& e : std::filesystem::directory_iterator(HP_SOURCE_DIR "/tests/fuzz/found"))
    if (e.path().extension() == ".d") seeds.push_back(e.path());
  std::sort(seeds.begin(), seeds.end());
  CHECK(!seeds.empty());
  for (const auto& seed : seeds) {
    CAPTURE(seed.filename().string());
    auto text = hp::read_file(seed.string());
    REQUIRE(text.has_value());
    Outcome outcome = compile_and_run(*text, kArguments); /* aborts if it must not happen */
    CHECK((outcome == Outcome::Ran || outcome == Outcome::Refused));
  }
}

TEST_CASE("whole runs: generated programs mostly compile, and leave well-formed data") {
  size_t ran = 0;
  constexpr size_t kPrograms = 60;
  std::mt19937 engine(3);
  for (size_t i = 0; i < kPrograms; i++) {
    CAPTURE(i);
    std::vector<uint8_t> bytes(60 + 10 * i);
    for (uint8_t& b : bytes) b = static_cast<uint8_t>(engine() >> 11);
    ran += compile_and_run(TextGenerator(bytes).program(), kArguments) == Outcome::Ran;
  }
  CHECK(ran > kPrograms / 2);
}
