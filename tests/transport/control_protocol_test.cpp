/* Programs of different releases at one control socket: what they agree on, and what they say when they cannot. */
#include "transport/control_protocol.hpp"

#include <doctest/doctest.h>

using namespace hp;
using namespace hp::control;

namespace {

/* What a coordinator of some release answers to the hello of a client of another. */
std::string answer(const std::string& hello, const Versions& coordinator) {
  auto m = rpc::parse(hello);
  REQUIRE(m);
  REQUIRE(m->method == "hello");
  auto agreed = agree(m->body, coordinator);
  return agreed ? rpc::answer(m->id, hello_result(*agreed, 7))
                : rpc::failure(m->id, rpc::kVersions, agreed.error().message);
}

Result<Agreed> meet(const Versions& client, const Versions& coordinator) {
  auto m = rpc::parse(answer(hello_request(client), coordinator));
  REQUIRE(m);
  REQUIRE(is_hello_answer(*m));
  return read_hello_answer(*m, client);
}

bool says(const Result<Agreed>& r, const std::string& what) {
  return !r && r.error().message.find(what) != std::string::npos;
}

}  // namespace

TEST_CASE("two programs speak the newest protocol that both know") {
  CHECK(meet(kVersions, kVersions)->protocol == kVersions.newest);
  CHECK(meet({1, 2}, {1, 3})->protocol == 2);
  CHECK(meet({1, 3}, {1, 2})->protocol == 2);
  CHECK(meet({2, 3}, {1, 2})->protocol == 2);
  CHECK(meet({1, 2}, {2, 2})->protocol == 2);
  CHECK(meet({1, 2}, {1, 2})->epoch == 7);
  CHECK(meet({1, 2}, {1, 2})->release == release());
}

TEST_CASE("a client that is too old is refused by the coordinator, which names both") {
  const auto r = meet({1, 2}, {3, 4});
  CHECK(says(r, "speaks protocol 2 of the control socket"));
  CHECK(says(r, "protocol 4 (and back to 3)"));
  CHECK(says(r, "of the same release"));
}

TEST_CASE("a client that is too new sees that by the answer") {
  CHECK(says(meet({3, 4}, {1, 2}), "the coordinator speaks protocol 2"));
  auto old = rpc::parse(rpc::failure("0", rpc::kMethodNotFound, "there is no method 'hello'"));
  REQUIRE(old);
  REQUIRE(is_hello_answer(*old));
  CHECK(read_hello_answer(*old)->protocol == 1);
  CHECK(read_hello_answer(*old)->release.empty());
  CHECK(says(read_hello_answer(*old, {2, 3}), "the coordinator speaks protocol 1"));
}

TEST_CASE("an answer to hello that makes no sense agrees on nothing") {
  for (const char* result : {"{}", R"({"protocol":0})", R"({"protocol":3})", R"({"protocol":"2"})",
                             R"({"protocol":2,"epoch":-1})", R"({"protocol":2,"version":7})"}) {
    CAPTURE(result);
    auto m = rpc::parse(rpc::answer("0", result));
    REQUIRE(m);
    CHECK_FALSE(read_hello_answer(*m));
  }
  for (const char* params :
       {"{}", R"({"protocol":0})", R"({"protocol":99999})", R"({"protocol":2,"program":"a\nb"})"}) {
    CAPTURE(params);
    auto m = rpc::parse(rpc::request("0", "hello", params));
    REQUIRE(m);
    CHECK_FALSE(agree(m->body));
  }
  CHECK_FALSE(is_hello_answer(*rpc::parse(rpc::answer("1", "{}"))));
  CHECK_FALSE(is_hello_answer(*rpc::parse(rpc::request("0", "hello", "{}"))));
}
