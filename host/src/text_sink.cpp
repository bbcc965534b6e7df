#include "host/text_sink.hpp"

#include <sys/wait.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "host/text.hpp"

namespace hp::host {

/* -F: entries indent what follows, returns end that. With several clauses at one probe it is the first at
 * the entry that indents, and the last at the return that ends it. */
void TextSink::begin_flow(const RecordInfo& r) {
  std::string out, where;
  if (!header_) appendf(out, "%3s %-41s\n", "CPU", "FUNCTION");
  header_ = true;
  Flow& flow = flows_[r.cpu];
  const ProbeName& p = *r.probe;
  const bool call = p.prov == "syscall";
  const bool again = flow.probe == p.id && flow.clause != r.clause;
  const bool entry = p.name == "entry" && !again, leave = p.name == "return" && !r.more;
  if (leave) flow.indent = std::max(flow.indent - 2, 0);
  where.assign(static_cast<size_t>(flow.indent), ' ');
  if (entry || leave) {
    where += entry ? (call ? " => " : " -> ") : (call ? " <= " : " <- ");
    where += p.func;
  } else {
    where += " | " + p.func + ":" + p.name;
  }
  if (entry) flow.indent += 2;
  flow.probe = p.id;
  flow.clause = r.clause;
  appendf(out, "%3d %-41s ", r.cpu, where.c_str());
  output_.write(out);
}

void TextSink::begin(const RecordInfo& r) {
  if (options_.flowindent) return begin_flow(r);
  if (options_.quiet) {
    header_ = true; /* as dtrace(1): a program that turns quiet off later gets no header */
    return;
  }
  std::string out;
  if (!header_) append_header(out);
  header_ = true;
  append_row(out, r.cpu, *r.probe);
  output_.write(out);
}

void TextSink::end(const RecordInfo&) {
  if (!options_.quiet) output_.write("\n");
}

void TextSink::traced(const Value& v) {
  std::string out;
  append_traced(out, v, options_.quiet, options_.rawbytes);
  output_.write(out);
}

void TextSink::memory(std::string_view bytes) {
  std::string out;
  append_dump(out, bytes);
  output_.write(out);
}

void TextSink::stack(const Value& v) {
  std::string out;
  append_stack(out, v, options_.stackindent);
  output_.write(out);
}

void TextSink::symbol(const Value& v) {
  std::string text = v.text, out;
  if (v.is_int()) appendf(text, "0x%llx", static_cast<unsigned long long>(v.number));
  out = "  " + text;
  if (text.size() < 50) out.append(50 - text.size(), ' ');
  output_.write(out);
}

void TextSink::formatted(const Format& format, std::span<const Value> values) {
  std::string out;
  append_printf(out, format, values);
  output_.write(out);
}

void TextSink::aggregations(const AggregationTable& table, std::span<const uint32_t> aggs,
                            const Format* format) {
  std::string out;
  const auto row = [&](const std::vector<Value>& key, std::span<const AggregationArgument> values) {
    if (format)
      append_printf(out, *format, key, values);
    else
      append_aggregation_row(out, key, values);
  };
  if (!format) out += '\n';
  if (aggs.size() == 1) {
    for (const AggregationEntry* e : table.sorted(aggs, options_.sort)) {
      const AggregationArgument a = table.argument(*e);
      row(e->key, {&a, 1});
      printed_.insert(e->agg);
    }
  } else {
    for (const AggregationTable::Row& r : table.joined(aggs, options_.sort)) {
      row(*r.key, r.values);
      printed_.insert(aggs.begin(), aggs.end());
    }
  }
  output_.write(out);
}

Result<> TextSink::redirect(const std::string& path) {
  const Result<> r = output_.reopen(path);
  if (!r) return fail("couldn't freopen() \"" + path + "\": " + r.error().message, r.error().code);
  return {};
}

Result<> TextSink::run(const std::string& command) {
  (void)output_.flush();
  if (std::system(command.c_str()) == -1) return fail_errno("couldn't run \"" + command + "\"");
  return {};
}

Result<> TextSink::setopt(const std::string& name, const std::string& value) {
  const Result<> r = set_option_ ? set_option_(name, value) : Result<>{};
  if (!r)
    return fail("couldn't set option \"" + name + "\" to \"" + value + "\": " + r.error().message +
                "\n"); /* as dtrace(1): an empty line follows */
  return {};
}

void TextSink::message(const std::string& line) {
  /* In order with the output when both go to one place. */
  (void)output_.flush();
  std::fprintf(stderr, "%s: %s", program_.c_str(), line.c_str());
}

void TextSink::remaining(const AggregationTable& table) {
  std::vector<uint32_t> aggs;
  for (uint32_t i = 0; i < table.descs().size(); ++i)
    if (!printed_.contains(i)) aggs.push_back(i);
  std::string out;
  for (const AggregationEntry* e : table.sorted(aggs, options_.sort)) {
    const AggregationArgument a = table.argument(*e);
    append_aggregation_row(out, e->key, {&a, 1});
  }
  output_.write(out);
}

void TextSink::all(const AggregationTable& table) {
  if (table.size() == 0) return;
  std::vector<uint32_t> aggs;
  for (uint32_t i = 0; i < table.descs().size(); ++i) aggs.push_back(i);
  std::string out = "\n";
  for (const AggregationEntry* e : table.sorted(aggs, options_.sort)) {
    const AggregationArgument a = table.argument(*e);
    append_aggregation_row(out, e->key, {&a, 1});
  }
  output_.write(out);
}

}  // namespace hp::host
