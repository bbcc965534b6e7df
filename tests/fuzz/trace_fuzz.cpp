/* libFuzzer: any bytes as messages between a Linux guest and its VMM. The input is a row of messages, each with
 * its length before it; versions, sizes and sums are made right, so that the checks behind them are reached. What
 * is decoded can be walked, comes out of its encoder again, and is the same in an older version. */
#include <cstring>

#include "repaired_message.hpp"
#include "transport/trace_messages.hpp"
#include "transport/trace_prepare.hpp"

using namespace hp;
using namespace hp::trace;

namespace {

void require(bool condition) {
  if (!condition) __builtin_trap();
}

void visit_hello(const Message& m) {
  auto h = read_hello(m);
  if (!h) return;
  const Bytes again = encode_hello(*h);
  auto copy = decode(again);
  require(copy.has_value());
  auto second = read_hello(*copy);
  require(second && second->programs.size() == h->programs.size() &&
          second->hostname == h->hostname && second->build_id == h->build_id);
  require(h->versions.newest == 1 || (second->versions.oldest == h->versions.oldest &&
                                      second->versions.newest == h->versions.newest));
  const uint32_t common = kVersions.common(h->versions);
  require(common == 0 || (kVersions.has(common) && h->versions.has(common)));
}

void visit_older(const Bytes& bytes, const Message& m) {
  const Bytes old = in_version(bytes, 1);
  auto o = decode(old, {1, 1});
  require(o && o->version == 1 && o->type == m.type && o->about.ident == m.about.ident &&
          o->text == m.text && o->flags == m.flags &&
          std::equal(o->fixed.begin(), o->fixed.end(), m.fixed.begin(), m.fixed.end()));
}

void visit(const Message& m, PrepareReader& reader) {
  require(printable(m.text).size() <= 1000);
  visit_hello(m);
  if (auto w = read_welcome(m))
    require(read_welcome(*decode(encode_welcome(*w)))->lacks == w->lacks);
  if (auto f = read_fetch(m)) require(f->kind != HP_FILE_PATH || f->path[0] == '/');
  (void)read_file_piece(m);
  (void)read_prepared(m);
  auto whole = reader.add(m);
  if (!whole || !*whole) return;
  PrepareWriter writer(reader.about());
  uint32_t probes = 0;
  for (const PrepareReader::Piece& piece : reader.pieces()) {
    AttachWalk walk(piece.probes);
    hp_attach head;
    std::string_view text;
    for (; walk.next(head, text); probes++) writer.add(head, text);
    require(walk.done());
  }
  require(probes == reader.count());
  PrepareReader again;
  const std::vector<Bytes> messages = writer.finish();
  for (size_t i = 0; i < messages.size(); i++)
    require(*again.add(*decode(messages[i])) == (i + 1 == messages.size()));
  require(again.count() == probes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  PrepareReader reader;
  for (size_t at = 0; at + 3 <= size;) {
    size_t length = data[at] | data[at + 1] << 8;
    const bool sound = data[at + 2] % 8 != 0;
    at += 3;
    length = std::min(length, size - at);
    if (sound) length &= ~size_t{7};
    Bytes m(data + at, data + at + length);
    at += length;
    test::repair(m, sound);
    if (auto message = decode(m)) {
      visit(*message, reader);
      visit_older(m, *message);
    }
    if (length == 0) break;
  }
  return 0;
}
