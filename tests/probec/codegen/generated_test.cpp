/* Generated programs: integer expressions against a second evaluator, and everything else for
 * survival. Seeds are fixed; a failure names its seed. */
#include <random>

#include "generate.hpp"
#include "interpret.hpp"
#include "memory.hpp"
#include "run.hpp"

using namespace hp;
using namespace hp::test;

namespace {

std::vector<uint8_t> random_bytes(uint32_t seed, size_t n) {
  std::mt19937 engine(seed);
  std::vector<uint8_t> bytes(n);
  for (uint8_t& b : bytes) b = static_cast<uint8_t>(engine() >> 11);
  return bytes;
}

constexpr uint64_t kArguments[][3] = {{0, 1, ~0ull},
                                      {5, 0x80000000, 3},
                                      {1ull << 63, ~0ull, 0x7fffffff},
                                      {77, 33, 0xffffffff00000001}};

void set_arguments(hp_firing& f, size_t row) {
  for (size_t i = 0; i < 10; i++) f.args[i] = kArguments[row][i % 3] + i / 3;
}

}  // namespace

TEST_CASE("codegen: integer expressions give what a second evaluator says, firing by firing") {
  size_t faults = 0, traces = 0;
  for (uint32_t seed = 1; seed <= 60; seed++) {
    CAPTURE(seed);
    auto bytes = random_bytes(seed, 700);
    probec::CheckedProgram p = Generator(bytes).numbers();
    Run run(must(probec::emit_object(p, {.optimise = seed % 5 != 0})));
    Interpreter expected(p, run.firing);
    for (size_t row = 0; row < 4; row++) {
      CAPTURE(row);
      set_arguments(run.firing, row);
      run.fire(kOpen);
      run.drain();
      Interpreter::Outcome want = expected.fire();
      faults += want.faulted;
      if (want.faulted) {
        REQUIRE(run.records.size() == 1);
        REQUIRE(run.records[0].header.kind == HP_REC_ERROR);
        CHECK(run.records[0].error.fault == HP_FLT_DIVZERO);
        CHECK(run.records[0].error.action == want.action);
        continue;
      }
      if (want.traced.empty()) {
        CHECK(run.records.empty());
        continue;
      }
      REQUIRE(run.records.size() == 1);
      REQUIRE(run.records[0].actions.size() == want.traced.size());
      for (size_t i = 0; i < want.traced.size(); i++, traces++)
        CHECK(static_cast<int64_t>(run.records[0].actions[i].fields.at(0).number) ==
              want.traced[i]);
    }
  }
  CHECK(faults > 5); /* the generator does reach both outcomes */
  CHECK(traces > 300);
}

TEST_CASE(
    "codegen: whatever a program does with strings and pointers, its data stays well formed") {
  StringMemory memory(std::string("/usr/bin/cat\0some more text", 27) + std::string(37, 'x'));
  size_t errors = 0, records = 0, entries = 0;
  for (uint32_t seed = 1; seed <= 60; seed++) {
    CAPTURE(seed);
    auto bytes = random_bytes(seed + 1000, 900);
    probec::CheckedProgram p = Generator(bytes).anything();
    Run run(must(probec::emit_object(p, {})), {.bufsize = 64 << 10,
                                               .aggsize = 64 << 10,
                                               .dynvarsize = 32 << 10,
                                               .scratchsize = 8192,
                                               .ncpus = 1});
    run.firing.mem = &memory;
    for (size_t row = 0; row < 20; row++) {
      set_arguments(run.firing, row % 4);
      run.firing.args[1] = StringMemory::kBase + row * 5;
      run.fire(kOpen);
      run.drain(); /* decodes every record to its last byte */
      for (const Record& r : run.records) errors += r.header.kind == HP_REC_ERROR;
      records += run.records.size();
    }
    entries += run.aggregated.size();
  }
  CHECK(errors > 20);
  CHECK(records > errors + 20);
  CHECK(entries > 20);
}
