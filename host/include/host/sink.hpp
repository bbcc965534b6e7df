/* Sink: what a consumer tells about a running program. Text is one; others (JSON, Perfetto, folded
 * stacks) read the same calls.
 *
 * Calls come in the order of events: for each record begin(), its actions in program order, end().
 * Values are decoded and only valid during the call. All calls come from the consumer's thread. */
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "host/aggregation.hpp"
#include "host/value.hpp"
#include "transport/format.hpp"
#include "transport/result.hpp"

namespace hp::host {

/* The firing that wrote a record. */
struct RecordInfo {
  int cpu = 0;
  const ProbeName* probe = nullptr;
  uint32_t vmid = 0;
  uint64_t timestamp = 0; /* ns, CLOCK_MONOTONIC */
  uint32_t clause = 0;
  bool more = false; /* another clause's record of the same firing follows */
};

class Sink {
 public:
  virtual ~Sink() = default;
  virtual void begin(const RecordInfo&) = 0;
  virtual void end(const RecordInfo&) = 0;

  virtual void traced(const Value&) = 0;                             /* trace(), print() */
  virtual void memory(std::string_view bytes) = 0;                   /* tracemem() */
  virtual void stack(const Value&) = 0;                              /* stack(), ustack() */
  virtual void symbol(const Value&) = 0;                             /* sym() and its kin */
  virtual void formatted(const Format&, std::span<const Value>) = 0; /* printf() */
  /* printa(); format is nullptr for the default layout. */
  virtual void aggregations(const AggregationTable&, std::span<const uint32_t> aggs,
                            const Format* format) = 0;
  /* freopen(), system(), setopt(): the error is what the user is told, without a newline. */
  virtual Result<> redirect(const std::string& path) = 0;
  virtual Result<> run(const std::string& command) = 0;
  virtual void truncate() = 0; /* ftruncate() */
  virtual Result<> setopt(const std::string& name, const std::string& value) = 0;

  /* An error in a clause, drops and other trouble: one line with newline, without program name. */
  virtual void message(const std::string& line) = 0;
};

}  // namespace hp::host
