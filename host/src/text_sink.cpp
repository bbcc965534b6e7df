#include "host/text_sink.hpp"

#include <sys/wait.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "host/print.hpp"
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

void TextSink::printed(const Shape& shape, std::span<const Value> values) {
  std::string out;
  /* Lines start where the first one does: after what names the probe. */
  const int indent = options_.quiet ? 0 : 44;
  const Value& v = values.back();
  if (values.size() > 1) {
    appendf(out, "0x%llx = *\n", static_cast<unsigned long long>(values[0].number));
    out.append(static_cast<size_t>(indent), ' ');
  }
  if (v.is_int()) {
    const uint64_t n = v.number;
    append_print(out, shape, {reinterpret_cast<const char*>(&n), sizeof n}, indent);
  } else {
    append_print(out, shape, v.text, indent);
  }
  if (options_.quiet) out += '\n';
  output_.write(out);
}

/* Into the file that freopen() named as a packet capture, else as a dump. */
void TextSink::packet(const Packet& p) {
  std::string out;
  if (output_.redirected()) {
    if (!packet_file_) append_packet_file_header(out, p.link, options_.pcapsize);
    packet_file_ = true;
    append_packet(out, p);
  } else {
    append_dump(out, packet_bytes(p));
  }
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
  const auto row = [&](const std::vector<Value>& key, std::span<AggregationArgument> values) {
    for (AggregationArgument& a : values) a.zoom = options_.histogram.aggzoom;
    if (format)
      append_printf(out, *format, key, values);
    else
      append_aggregation_row(out, key, values);
  };
  if (!format) out += '\n';
  if (aggs.size() == 1) {
    const std::vector<const AggregationEntry*> entries = table.sorted(aggs, options_.sort);
    if (!format) append_aggregation_rows(out, table, entries, options_.histogram);
    for (const AggregationEntry* e : entries) {
      printed_.insert(e->agg);
      if (!format) continue;
      AggregationArgument a = table.argument(*e);
      row(e->key, {&a, 1});
    }
  } else {
    for (AggregationTable::Row& r : table.joined(aggs, options_.sort)) {
      row(*r.key, r.values);
      printed_.insert(aggs.begin(), aggs.end());
    }
  }
  output_.write(out);
}

void TextSink::redirect(const std::string& path) {
  packet_file_ = false;
  const Result<> r = output_.reopen(path);
  if (!r) message("couldn't freopen() \"" + path + "\": " + r.error().message + "\n");
}

void TextSink::run(const std::string& command) {
  (void)output_.flush();
  if (std::system(command.c_str()) == -1) message("couldn't run system() command\n");
}

void TextSink::setopt(const std::string& name, const std::string& value) {
  if (!set_option_) return;
  const Result<> r = set_option_(name, value);
  if (!r)
    message("couldn't set option \"" + name + "\" to \"" + value + "\": " + r.error().message +
            "\n");
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
  append_aggregation_rows(out, table, table.sorted(aggs, options_.sort), options_.histogram);
  output_.write(out);
}

void TextSink::all(const AggregationTable& table) {
  if (table.size() == 0) return;
  std::vector<uint32_t> aggs;
  for (uint32_t i = 0; i < table.descs().size(); ++i) aggs.push_back(i);
  std::string out = "\n";
  append_aggregation_rows(out, table, table.sorted(aggs, options_.sort), options_.histogram);
  output_.write(out);
}

}  // namespace hp::host
