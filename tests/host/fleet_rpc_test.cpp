/* The control socket's lines and messages: what is accepted, and what is not. */
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/socket.h>

#include "host/fleet_channel.hpp"
#include "host/fleet_program.hpp"
#include "transport/frames.hpp"
#include "transport/rpc.hpp"

using namespace hp;

TEST_CASE("lines are cut wherever the bytes are") {
  std::string stream = "one\n\ntwo three\nfour";
  for (size_t chunk = 1; chunk <= stream.size(); chunk++) {
    LineReader r(20);
    std::vector<std::string> lines;
    for (size_t at = 0; at < stream.size(); at += chunk) {
      r.append(std::string_view(stream).substr(at, chunk));
      for (;;) {
        auto line = r.next();
        REQUIRE(line);
        if (!*line) break;
        lines.emplace_back(**line);
      }
    }
    CHECK(lines == std::vector<std::string>{"one", "", "two three"});
    CHECK(r.pending() == 4);
  }
}

TEST_CASE("a line beyond the limit is an error, complete or not") {
  LineReader a(4);
  a.append("1234\n");
  CHECK(a.next());
  a.append("12345\n");
  CHECK_FALSE(a.next());
  LineReader b(4);
  b.append("1234");
  CHECK(b.next());
  b.append("5");
  CHECK_FALSE(b.next());
}

TEST_CASE("what we write is what we read") {
  auto m = rpc::parse(rpc::request("7", "guest.register",
                                   rpc::Object().text("name", "web1").number("vmid", 3).json()));
  REQUIRE(m);
  CHECK(m->kind == rpc::Message::Request);
  CHECK(m->id == "7");
  CHECK(m->method == "guest.register");
  CHECK(*m->body.text("name", 10) == "web1");
  CHECK(*m->body.number("vmid", 1, 10) == 3);

  auto n = rpc::parse(rpc::notification("x", "{\"fds\":2}"));
  REQUIRE(n);
  CHECK(n->kind == rpc::Message::Notification);
  CHECK(n->fds == 2);

  auto f = rpc::parse(rpc::failure("\"a\"", rpc::kRefused, "no \"good\"\n", "{\"x\":1}"));
  REQUIRE(f);
  CHECK(f->kind == rpc::Message::Failure);
  CHECK(f->id == "\"a\"");
  CHECK(f->code == rpc::kRefused);
  CHECK(f->error == "no \"good\" ");
  CHECK(*f->body.number("x", 0, 9) == 1);

  auto a = rpc::parse(rpc::answer("7", "{}"));
  REQUIRE(a);
  CHECK(a->kind == rpc::Message::Answer);
}

TEST_CASE("what is not a message says why") {
  struct {
    const char* line;
    int code;
  } cases[] = {
      {"", rpc::kParseError},
      {"{", rpc::kParseError},
      {"{} {}", rpc::kParseError},
      {"{\"jsonrpc\":\"2.0\",\"method\":\"\xff\"}", rpc::kParseError},
      {"[]", rpc::kInvalidRequest},
      {"[{\"jsonrpc\":\"2.0\",\"method\":\"x\"}]", rpc::kInvalidRequest},
      {"1", rpc::kInvalidRequest},
      {"{}", rpc::kInvalidRequest},
      {"{\"jsonrpc\":\"1.0\",\"method\":\"x\"}", rpc::kInvalidRequest},
      {"{\"jsonrpc\":\"2.0\"}", rpc::kInvalidRequest},
      {"{\"jsonrpc\":\"2.0\",\"method\":1}", rpc::kInvalidRequest},
      {"{\"jsonrpc\":\"2.0\",\"method\":\"x\",\"params\":[]}", rpc::kInvalidRequest},
      {"{\"jsonrpc\":\"2.0\",\"method\":\"x\",\"id\":-1}", rpc::kInvalidRequest},
      {"{\"jsonrpc\":\"2.0\",\"method\":\"x\",\"id\":{}}", rpc::kInvalidRequest},
      {"{\"jsonrpc\":\"2.0\",\"method\":\"x\",\"params\":{\"fds\":5}}", rpc::kInvalidRequest},
      {"{\"jsonrpc\":\"2.0\",\"method\":\"x\",\"params\":{\"fds\":-1}}", rpc::kInvalidRequest},
      {"{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{}}", rpc::kInvalidRequest},
      {"{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":\"x\",\"message\":1}}",
       rpc::kInvalidRequest},
  };
  for (auto& c : cases) {
    CAPTURE(c.line);
    auto m = rpc::parse(c.line);
    REQUIRE_FALSE(m);
    CHECK(m.error().code == c.code);
  }
}

TEST_CASE("deep nesting costs no stack") {
  auto nested = [](size_t depth) {
    return "{\"jsonrpc\":\"2.0\",\"method\":\"x\",\"params\":{\"a\":" + std::string(depth, '[') +
           std::string(depth, ']') + "}}";
  };
  auto m = rpc::parse(nested(30)); /* with the two objects around them: the limit */
  REQUIRE(m);
  CHECK_FALSE(m->body.text("a", 10));
  for (size_t depth : {31, 200000}) {
    auto deep = rpc::parse(nested(depth));
    REQUIRE_FALSE(deep);
    CHECK(deep.error().message.find("nested deeper") != std::string::npos);
  }
  CHECK_FALSE(rpc::parse(std::string(200000, '[')));
}

TEST_CASE("numbers keep their text, and their value if it is an unsigned one") {
  auto v = Json::parse("[0,18446744073709551615,18446744073709551616,-1,1.5,1e3,007]");
  CHECK_FALSE(v); /* 007 is not a number */
  v = Json::parse("[0,18446744073709551615,18446744073709551616,-1,1.5,1e3]");
  REQUIRE(v);
  CHECK(v->items()[1].number() == UINT64_MAX);
  for (size_t i = 0; i < 6; i++) CHECK((v->items()[i].kind() == Json::Unsigned) == (i < 2));
  CHECK(v->text() == "[0,18446744073709551615,18446744073709551616,-1,1.5,1e3]");
  CHECK(Json::parse("{\"a\":1,\"a\":2}")->find("a")->number() == 1);
  CHECK(json_string("a\"b\\c\nd\x01\xff") == "\"a\\\"b\\\\c d??\"");
}

TEST_CASE("fields are bounded and typed, and the error names them") {
  auto m = rpc::parse(
      "{\"jsonrpc\":\"2.0\",\"method\":\"x\",\"params\":{\"s\":\"abc\",\"n\":5,\"neg\":-5,\"f\":1."
      "5,"
      "\"c\":\"a\\u0000b\",\"null\":null,\"l\":[{\"x\":1}],\"bad\":[1],\"i\":\"00112233445566778899"
      "aabbccddeeff\",\"is\":[\"zz\"],\"flag\":true}}");
  REQUIRE(m);
  const rpc::Fields& f = m->body;
  CHECK(f.text("s", 3));
  CHECK_FALSE(f.text("s", 2));
  CHECK_FALSE(f.text("n", 9));
  CHECK_FALSE(f.text("c", 9));
  CHECK(f.number("n", 5, 5));
  CHECK_FALSE(f.number("n", 6, 9));
  CHECK_FALSE(f.number("neg", 0, 9));
  CHECK_FALSE(f.number("f", 0, 9));
  CHECK_FALSE(f.has("null"));
  CHECK(*f.number_or("absent", 0, 9, 7) == 7);
  CHECK_FALSE(f.number_or("s", 0, 9, 7));
  CHECK(*f.flag_or("flag", false));
  CHECK_FALSE(f.flag_or("n", false));
  CHECK(f.objects("l", 1)->size() == 1);
  CHECK_FALSE(f.objects("l", 0));
  CHECK_FALSE(f.objects("bad", 9));
  CHECK(f.ident("i"));
  CHECK(to_hex(*f.ident("i")) == "00112233445566778899aabbccddeeff");
  CHECK_FALSE(f.ident("s"));
  CHECK_FALSE(f.idents("is", 9));
  CHECK(f.number("n", 6, 9).error().message == "\"n\" must be an integer from 6 to 9");
}

namespace {
struct Ends {
  std::unique_ptr<FleetChannel> a, b;
  explicit Ends(size_t limit = 1000) {
    int fds[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == 0);
    a = std::make_unique<FleetChannel>(Fd(fds[0]), limit);
    b = std::make_unique<FleetChannel>(Fd(fds[1]), limit);
  }
};
FleetChannel::SharedFd memfd_with(char c) {
  auto fd = std::make_shared<Fd>(std::move(*make_memfd("test", 1)));
  REQUIRE(::pwrite(fd->get(), &c, 1, 0) == 1);
  return fd;
}
char content(const Fd& fd) {
  char c = 0;
  REQUIRE(::pread(fd.get(), &c, 1, 0) == 1);
  return c;
}
std::string with_fds(int n) {
  return rpc::notification("m", rpc::Object().number("fds", static_cast<uint64_t>(n)).json());
}
}  // namespace

TEST_CASE("descriptors arrive with the message that announces them") {
  Ends e;
  REQUIRE(e.a->send(with_fds(2), {memfd_with('a'), memfd_with('b')}));
  REQUIRE(e.a->send(with_fds(0)));
  REQUIRE(e.a->send(with_fds(1), {memfd_with('c')}));
  std::string got;
  for (int messages = 0; messages < 3;) {
    REQUIRE(*e.b->receive());
    for (;;) {
      auto in = e.b->next();
      REQUIRE(in);
      if (!*in) break;
      messages++;
      for (Fd& fd : (*in)->fds) got += content(fd);
      got += ';';
    }
  }
  CHECK(got == "ab;;c;");
}

TEST_CASE("a message without its descriptors, or descriptors without end, close the channel") {
  Ends e;
  REQUIRE(e.a->send(with_fds(1)));
  REQUIRE(e.b->receive());
  CHECK_FALSE(e.b->next());

  Ends f;
  for (int i = 0; i < 20; i++) REQUIRE(f.a->send("{}", {memfd_with('x')}));
  bool refused = false;
  for (int i = 0; i < 20 && !refused; i++) refused = !f.b->receive();
  CHECK(refused);
}

TEST_CASE("what the socket does not take waits, and a peer that never reads is given up") {
  Ends e(8u << 20);
  std::string big =
      rpc::notification("m", rpc::Object().text("x", std::string(1 << 20, 'y')).json());
  REQUIRE(e.a->send(big, {memfd_with('z')}));
  CHECK(e.a->wants_write());
  std::optional<FleetChannel::Incoming> got;
  while (!got) {
    REQUIRE(e.a->flush());
    REQUIRE(*e.b->receive());
    auto in = e.b->next();
    REQUIRE(in);
    if (*in) got = std::move(**in);
  }
  CHECK_FALSE(e.a->wants_write());
  CHECK(got->message.body.text("x", 2u << 20)->size() == 1u << 20);
  bool refused = false;
  for (int i = 0; i < 40 && !refused; i++) refused = !e.a->send(big);
  CHECK(refused);
}

TEST_CASE("the end of the stream is seen after what came before it") {
  Ends e;
  REQUIRE(e.a->send(with_fds(0)));
  e.a->close();
  auto more = e.b->receive();
  REQUIRE(more);
  CHECK(*e.b->next());
  if (*more) CHECK_FALSE(*e.b->receive());
}

TEST_CASE("guests' names") {
  CHECK(bad_guest_name("web-1.example_x").empty());
  for (const char* bad : {"", "a b", "a:b", "a\n", "\xc3\xa4"})
    CHECK_FALSE(bad_guest_name(bad).empty());
  CHECK_FALSE(bad_guest_name(std::string(64, 'x')).empty());
  CHECK(bad_guest_name(std::string(63, 'x')).empty());
}

TEST_CASE("a program is only accepted with sound descriptors") {
  Fd garbage = std::move(*make_memfd("object", 4096));
  auto p = FleetProgram::accept(garbage, std::move(*make_memfd("segment", 4096)));
  CHECK_FALSE(p);
}
