/* D text to a Run. */
#pragma once
#include "memory.hpp"
#include "probec/compiler.hpp"
#include "run.hpp"

namespace hp::test {

inline std::string compiled(const std::string& text) {
  probec::Options options;
  probec::CompileInput input{
      .sources = {{probec::SourceKind::Clause, text, text}}, .options = &options, .target = 77};
  auto program = probec::compile(input);
  if (!program)
    FAIL(probec::render(program.error(), input.sources, {.tags = true, .carets = true}));
  return std::move(program->object);
}

/* Guest memory with a path, a structure and an array to look at. */
struct Sample {
  char path[32] = "/etc/ld.so.cache";
  int32_t numbers[4] = {-1, 2, 0x7fffffff, -2147483647 - 1};
  uint64_t pointer = StringMemory::kBase; /* to path */
  uint16_t port = 0x5000;                 /* 80 in network order */
  uint8_t address[4] = {127, 0, 0, 1};
  static constexpr uint64_t at(size_t offset) { return StringMemory::kBase + offset; }
  std::string bytes() const { return {reinterpret_cast<const char*>(this), sizeof *this}; }
};

struct D : Run {
  StringMemory memory{Sample{}.bytes()};
  explicit D(const std::string& text, host::SegmentOptions options = {.ncpus = 1})
      : Run(compiled(text), options) {
    firing.mem = static_cast<GuestAccess*>(&memory);
    firing.args[0] = Sample::at(0);
    firing.args[1] = Sample::at(offsetof(Sample, numbers));
    firing.args[2] = static_cast<uint64_t>(-5);
    firing.args[3] = Sample::at(offsetof(Sample, pointer));
    firing.err = 2;
    firing.cpu = 0;
    firing.vcpu = 3;
  }
};

/* What `trace(EXPR)` in syscall::open:entry records. */
inline Field traced(const std::string& expr, const std::string& before = "") {
  CAPTURE(expr);
  D d("syscall::open:entry { " + before + " trace(" + expr + "); }");
  d.fire(kOpen);
  d.drain();
  REQUIRE(d.records.size() == 1);
  if (d.records[0].header.kind == HP_REC_ERROR)
    return {d.records[0].error.fault, "fault " + std::to_string(d.records[0].error.fault)};
  return d.records[0].actions.at(0).fields.at(0);
}
inline int64_t number(const std::string& expr, const std::string& before = "") {
  return static_cast<int64_t>(traced(expr, before).number);
}
inline std::string text(const std::string& expr, const std::string& before = "") {
  return traced(expr, before).text;
}

}  // namespace hp::test
