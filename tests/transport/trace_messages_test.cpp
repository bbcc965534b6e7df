/* The messages between a Linux guest and its VMM: what is built comes out again, and nothing else does. */
#include "transport/trace_messages.hpp"

#include <doctest/doctest.h>

#include <cstring>

#include "transport/abi.h"
#include "transport/crc32c.hpp"
#include "transport/trace_prepare.hpp"

using namespace hp;
using namespace hp::trace;

namespace {

const ProgramIdent kIdent = {1, 2, 3};

Hello sample_hello() {
  Hello h;
  h.abi = 2;
  h.cpus = 4;
  h.doorbell = HP_DOORBELL_VMCALL;
  h.hostname = "web1";
  h.release = "6.1.0-56-cloud-amd64";
  h.boot_id = "b";
  h.build_id = "0a1b";
  h.text_start = 0xffffffff81000000;
  h.programs = {{kIdent, true, 17}, {{9}, false, 1}};
  return h;
}

/* A message with one field changed and its sum made right again. */
template <class F>
Bytes changed(Bytes m, F change) {
  hp_msg head;
  std::memcpy(&head, m.data(), HP_MSG_SIZE_1);
  change(head, m);
  head.checksum = 0;
  std::memcpy(m.data(), &head, HP_MSG_SIZE_1);
  head.checksum = crc32c(m);
  std::memcpy(m.data(), &head, HP_MSG_SIZE_1);
  return m;
}

std::string why(const Bytes& m) {
  auto r = decode(m);
  return r ? "" : r.error().message;
}

}  // namespace

TEST_CASE("crc32c: the check value, whatever the pieces") {
  const std::string text = "123456789";
  std::span<const uint8_t> bytes(reinterpret_cast<const uint8_t*>(text.data()), text.size());
  CHECK(crc32c(bytes) == 0xe3069283);
  CHECK(crc32c({}) == 0);
  for (size_t i = 0; i <= bytes.size(); i++)
    CHECK(crc32c(bytes.subspan(i), crc32c(bytes.first(i))) == 0xe3069283);
  const Bytes zeros(32, 0); /* RFC 3720, B.4 */
  CHECK(crc32c(zeros) == 0x8a9136aa);
}

TEST_CASE("HELLO comes out as it went in") {
  Bytes bytes = encode_hello(sample_hello());
  auto m = decode(bytes);
  REQUIRE(m);
  CHECK(m->type == HP_MSG_HELLO);
  auto h = read_hello(*m);
  REQUIRE(h);
  CHECK(h->hostname == "web1");
  CHECK(h->release == "6.1.0-56-cloud-amd64");
  CHECK(h->boot_id == "b");
  CHECK(h->build_id == "0a1b");
  CHECK(h->text_start == 0xffffffff81000000);
  CHECK(h->cpus == 4);
  REQUIRE(h->programs.size() == 2);
  CHECK(h->programs[0].ident == kIdent);
  CHECK(h->programs[0].committed);
  CHECK(h->programs[0].probes == 17);
  CHECK_FALSE(h->programs[1].committed);
}

TEST_CASE("a HELLO that lies about itself is refused") {
  const Bytes good = encode_hello(sample_hello());
  auto with = [&](auto change) {
    Bytes bytes = changed(good, [&](hp_msg&, Bytes& m) {
      hp_hello h;
      std::memcpy(&h, m.data() + HP_MSG_SIZE_1, sizeof h);
      change(h);
      std::memcpy(m.data() + HP_MSG_SIZE_1, &h, sizeof h);
    });
    auto m = decode(bytes);
    REQUIRE(m);
    return read_hello(*m);
  };
  CHECK(with([](hp_hello&) {}));
  CHECK_FALSE(with([](hp_hello& h) { h.programs = 3; }));
  CHECK_FALSE(with([](hp_hello& h) { h.programs = 0xffffffff; }));
  CHECK_FALSE(with([](hp_hello& h) { std::memset(h.release, 'x', sizeof h.release); }));
  CHECK_FALSE(with([](hp_hello& h) { std::strcpy(h.build_id, "../../etc"); }));
  auto odd = with([](hp_hello& h) { std::strcpy(h.hostname, "a\033[2Jb"); });
  REQUIRE(odd);
  CHECK(odd->hostname == "a?[2Jb");
}

TEST_CASE("the small messages come out as they went in") {
  Bytes b = encode_welcome({7, 6});
  CHECK(read_welcome(*decode(b))->vmid == 7);
  CHECK(read_welcome(*decode(b))->lacks == 6);

  b = encode_fetch({HP_FILE_PATH, 42, "/bin/true"});
  auto fetch = read_fetch(*decode(b));
  REQUIRE(fetch);
  CHECK(fetch->serial == 42);
  CHECK(fetch->path == "/bin/true");
  b = encode_fetch({HP_FILE_PATH, 42, "bin/true"});
  CHECK_FALSE(read_fetch(*decode(b)));
  b = encode_fetch({HP_FILE_PATH, 42, std::string_view("/a\0b", 4)});
  CHECK_FALSE(read_fetch(*decode(b)));
  b = encode_fetch({9, 42, ""});
  CHECK_FALSE(read_fetch(*decode(b)));

  const std::string text(kMaxText + 5, 'x');
  b = encode_file({HP_FILE_BTF, 0, 1, 65536, text});
  auto piece = read_file_piece(*decode(b));
  REQUIRE(piece);
  CHECK(piece->bytes.size() == kMaxText);
  CHECK(piece->offset == 65536);
  CHECK(b.size() <= HP_MSG_MAX);

  b = encode_prepared({kIdent, 77}, 12);
  CHECK(decode(b)->about == Subject{kIdent, 77});
  CHECK(*read_prepared(*decode(b)) == 12);
  for (size_t n : {0, 1, 7, 8, 9}) {
    b = encode_text(HP_MSG_REFUSED, std::string(n, 'r'), {kIdent, 1});
    CHECK(decode(b)->text == std::string(n, 'r'));
    CHECK(decode(b)->fixed.empty());
  }
  b = encode_plain(HP_MSG_COMMIT, {kIdent, 1});
  CHECK(decode(b)->type == HP_MSG_COMMIT);
  CHECK_FALSE(read_welcome(*decode(b)));
}

TEST_CASE("what is not a whole message of this version is not decoded") {
  const Bytes good = encode_text(HP_MSG_LOG, "hello there");
  CHECK(why(good).empty());
  CHECK(why({}) == "a message shorter than its header");
  CHECK(why(Bytes(good.begin(), good.end() - 8)) == "a message whose size is not its buffer's");
  Bytes longer = good;
  longer.resize(longer.size() + 8);
  CHECK(why(longer) == "a message whose size is not its buffer's");
  for (size_t bit = 0; bit < good.size() * 8; bit++) {
    Bytes damaged = good;
    damaged[bit / 8] ^= static_cast<uint8_t>(1u << bit % 8);
    CHECK_FALSE(decode(damaged));
  }
  auto with = [&](auto change) { return why(changed(good, change)); };
  CHECK(with([](hp_msg& h, Bytes&) { h.version = 3; }) == "a message of version 3, not 1 to 2");
  CHECK(with([](hp_msg& h, Bytes&) { h.type = 0; }) == "a message of unknown type 0");
  CHECK(with([](hp_msg& h, Bytes&) { h.type = 14; }) == "a message of unknown type 14");
  CHECK(with([](hp_msg& h, Bytes&) { h.text = 17; }) == "a message with more text than bytes");
  CHECK(with([](hp_msg& h, Bytes&) { h.text = 0xffffffff; }) ==
        "a message with more text than bytes");
}

TEST_CASE(
    "a message for a peer of version 1 has no transaction number, and nothing else is different") {
  for (const Bytes& b :
       {encode_prepared({kIdent, 77}, 12), encode_text(HP_MSG_REFUSED, "no", {kIdent, 77}),
        encode_fetch({HP_FILE_PATH, 42, "/bin/true"}), encode_welcome({7, 6})}) {
    const Bytes old = in_version(b, 1);
    CHECK(old.size() + 8 == b.size());
    CHECK(in_version(old, 2) == old);
    CHECK(in_version(b, 2) == b);
    auto m = decode(b), o = decode(old, {1, 1});
    REQUIRE(m);
    REQUIRE(o);
    CHECK(o->version == 1);
    CHECK(o->about == Subject{m->about.ident, 0});
    CHECK(o->type == m->type);
    CHECK(o->text == m->text);
    CHECK(std::equal(o->fixed.begin(), o->fixed.end(), m->fixed.begin(), m->fixed.end()));
    CHECK(decode(old));
    const bool fixed_version = m->type == HP_MSG_REFUSED; /* it may answer HELLO */
    CHECK(decode(old, {2, 2}).has_value() == fixed_version);
    CHECK_FALSE(decode(b, {1, 1}));
  }
}

TEST_CASE("HELLO is read by every version, and says which ones the agent speaks") {
  Hello h = sample_hello();
  auto said = [&](Versions v) {
    h.versions = v;
    const Bytes b = encode_hello(h);
    auto m = decode(b, {5, 7});
    REQUIRE(m);
    CHECK(m->version == 1);
    return read_hello(*m)->versions;
  };
  CHECK(said({1, 1}).newest == 1);
  CHECK(said({1, 2}).oldest == 1);
  CHECK(said({1, 2}).newest == 2);
  CHECK(said({9, 9}).oldest == 9);
  CHECK(said({255, 255}).newest == 255);
  CHECK(Versions{1, 2}.common({1, 1}) == 1);
  CHECK(Versions{1, 2}.common({2, 9}) == 2);
  CHECK(Versions{1, 2}.common({3, 9}) == 0);
  CHECK(Versions{3, 9}.common({1, 2}) == 0);
  CHECK(Versions{1, 2}.common({9, 3}) == 0); /* nonsense */
  CHECK(Versions{1, 2}.text() == "1 to 2");
}

TEST_CASE("PREPARE is cut and put together, whatever the number of probes") {
  for (uint32_t n : {0u, 1u, 2u, 5000u}) {
    PrepareWriter writer({kIdent, 5});
    for (uint32_t i = 0; i < n; i++) {
      hp_attach a{};
      a.probe = i + 1;
      a.kind = HP_KIND_FUNCTION_ENTRY;
      a.address = i;
      writer.add(a, "function_" + std::to_string(i));
    }
    std::vector<Bytes> messages = writer.finish();
    CHECK((n < 5000 ? messages.size() == 1 : messages.size() > 4));
    PrepareReader reader;
    for (size_t i = 0; i < messages.size(); i++) {
      auto whole = reader.add(*decode(messages[i]));
      REQUIRE(whole);
      CHECK(*whole == (i + 1 == messages.size()));
    }
    CHECK(reader.about() == Subject{kIdent, 5});
    CHECK(reader.count() == n);
    uint32_t seen = 0;
    for (const PrepareReader::Piece& piece : reader.pieces()) {
      AttachWalk walk(piece.probes);
      hp_attach a;
      std::string_view text;
      for (uint32_t i = 0; i < piece.count; i++) {
        REQUIRE(walk.next(a, text));
        CHECK(a.probe == ++seen);
        CHECK(text == "function_" + std::to_string(seen - 1));
      }
      CHECK(walk.done());
    }
    CHECK(seen == n);
  }
}

TEST_CASE("pieces of PREPARE that do not belong together are not mixed") {
  auto pieces = [](const ProgramIdent& ident, uint32_t n) {
    PrepareWriter writer({ident, 5});
    hp_attach a{};
    a.kind = HP_KIND_PROFILE;
    for (uint32_t i = 0; i < n; i++) a.probe = i + 1, writer.add(a, "");
    return writer.finish();
  };
  auto one = pieces(kIdent, 3000), other = pieces({5}, 1);
  REQUIRE(one.size() == 2);
  PrepareReader reader;
  CHECK_FALSE(*reader.add(*decode(one[0])));
  SUBCASE("another program comes between") {
    CHECK(*reader.add(*decode(other[0])));
    CHECK(reader.about() == Subject{ProgramIdent{5}, 5});
    CHECK_FALSE(reader.add(*decode(one[1]))); /* half a program is none */
    CHECK(reader.pieces().empty());
  }
  SUBCASE("the first piece comes twice") {
    CHECK_FALSE(reader.add(*decode(one[0])));
    CHECK_FALSE(*reader.add(*decode(one[0]))); /* and then from the beginning */
    CHECK(*reader.add(*decode(one[1])));
    CHECK(reader.count() == 3000);
  }
  SUBCASE("the whole comes twice") {
    CHECK(*reader.add(*decode(one[1])));
    CHECK_FALSE(*reader.add(*decode(one[0])));
    CHECK(*reader.add(*decode(one[1])));
    CHECK(reader.count() == 3000);
  }
}

TEST_CASE("a probe that makes no sense spoils its PREPARE") {
  PrepareWriter writer({kIdent, 5});
  hp_attach a{};
  a.probe = 1;
  a.kind = HP_KIND_TRACEPOINT;
  writer.add(a, "sched_switch");
  const Bytes good = writer.finish()[0];
  auto with = [&](auto change) {
    Bytes bytes = changed(good, [&](hp_msg&, Bytes& m) {
      uint8_t* at = m.data() + sizeof(hp_msg) + sizeof(hp_prepare);
      hp_attach h;
      std::memcpy(&h, at, sizeof h);
      change(h);
      std::memcpy(at, &h, sizeof h);
    });
    return PrepareReader().add(*decode(bytes)).has_value();
  };
  CHECK(with([](hp_attach&) {}));
  CHECK_FALSE(with([](hp_attach& h) { h.size = 0; }));
  CHECK_FALSE(with([](hp_attach& h) { h.size += 8; }));
  CHECK_FALSE(with([](hp_attach& h) { h.size -= 8; }));
  CHECK_FALSE(with([](hp_attach& h) { h.text = 17; }));
  CHECK_FALSE(with([](hp_attach& h) { h.probe = 0; }));
  CHECK_FALSE(with([](hp_attach& h) { h.probe = HP_TRACE_PROBES; }));
  CHECK_FALSE(with([](hp_attach& h) { h.kind = 0; }));
  CHECK_FALSE(with([](hp_attach& h) { h.kind = HP_KIND_PROFILE + 1; }));
  CHECK_FALSE(with([](hp_attach& h) { h.text = 13; })); /* a NUL within */
}
