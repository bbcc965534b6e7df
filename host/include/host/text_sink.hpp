/* TextSink: what dtrace(1) prints, on an Output; messages go to standard error as "probec: ...". */
#pragma once
#include <functional>
#include <map>
#include <set>
#include <string>

#include "host/output.hpp"
#include "host/sink.hpp"

namespace hp::host {

struct TextOptions { /* the D options of these names */
  bool quiet = false;
  bool rawbytes = false;
  bool flowindent = false;
  SortOptions sort;
  int stackindent = 14;
};

class TextSink final : public Sink {
 public:
  /* output must outlive the sink. */
  TextSink(Output& output, TextOptions options, std::string program = "probec")
      : output_(output), options_(options), program_(std::move(program)) {}

  void begin(const RecordInfo&) override;
  void end(const RecordInfo&) override;
  void traced(const Value&) override;
  void memory(std::string_view bytes) override;
  void stack(const Value&) override;
  void symbol(const Value&) override;
  void formatted(const Format&, std::span<const Value>) override;
  void aggregations(const AggregationTable&, std::span<const uint32_t> aggs,
                    const Format* format) override;
  Result<> redirect(const std::string& path) override;
  Result<> run(const std::string& command) override;
  void truncate() override { output_.truncate(); }
  Result<> setopt(const std::string& name, const std::string& value) override;
  void message(const std::string& line) override;

  /* What setopt() calls; the host's option parser. It calls set_options() with what came of it. */
  using SetOption = std::function<Result<>(const std::string& name, const std::string& value)>;
  void on_setopt(SetOption f) { set_option_ = std::move(f); }
  const TextOptions& options() const { return options_; }
  void set_options(const TextOptions& o) { options_ = o; }

  /* At the end: every aggregation that no printa() printed. */
  void remaining(const AggregationTable&);
  /* Between rounds, -x aggrate with -E: all of them, after an empty line. */
  void all(const AggregationTable&);
  Output& output() { return output_; }

 private:
  Output& output_;
  TextOptions options_;
  std::string program_;
  SetOption set_option_;
  std::set<uint32_t> printed_; /* aggregations that a printa() printed */
  bool header_ = false;
  struct Flow { /* -F, by CPU: how deep, and what was printed last */
    int indent = 0;
    uint32_t probe = 0, clause = 0;
  };
  std::map<int, Flow> flows_;
  void begin_flow(const RecordInfo&);
};

}  // namespace hp::host
