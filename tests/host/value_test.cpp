/* Decoding of stored values, hostile lengths included. */
#include "host/value.hpp"

#include <doctest/doctest.h>

#include <cstring>

using namespace hp;

namespace {

struct Bytes {
  std::vector<std::byte> data;
  Bytes& word(uint64_t w) {
    data.resize(data.size() + 8);
    std::memcpy(data.data() + data.size() - 8, &w, 8);
    return *this;
  }
  Bytes& text(std::string_view s) {
    const size_t at = data.size();
    data.resize(at + (s.size() + 7) / 8 * 8);
    std::memcpy(data.data() + at, s.data(), s.size());
    return *this;
  }
};

Names some_names() {
  Names n;
  n.probes.push_back({4, "syscall", "vmlinux", "read", "entry"});
  n.guests[7] = {"web1", "web1.local"};
  return n;
}

}  // namespace

TEST_CASE("values decode by their descriptors") {
  const hp_obj_field fields[] = {{HP_VAL_INT, 4, HP_FIELD_SIGNED, 0},
                                 {HP_VAL_STR, 256, 0, 0},
                                 {HP_VAL_COMM, 16, 0, 0},
                                 {HP_VAL_BYTES, 3, 0, 0},
                                 {HP_VAL_PROBEPROV, 0, 0, 0},
                                 {HP_VAL_PROBEMOD, 0, 0, 0},
                                 {HP_VAL_PROBEFUNC, 0, 0, 0},
                                 {HP_VAL_PROBENAME, 0, 0, 0},
                                 {HP_VAL_VMNAME, 0, 0, 0},
                                 {HP_VAL_HOSTNAME, 0, 0, 0},
                                 {HP_VAL_VMNAME, 0, 0, 0},
                                 {HP_VAL_PROBEFUNC, 0, 0, 0}};
  Bytes b;
  b.word(static_cast<uint64_t>(-5))
      .word(9)
      .text("nine char")
      .text(std::string("cat\0xxxxxxxxxxxx", 16));
  b.text("abc").word(0).word(0).word(0).word(0).word(7).word(7).word(8).word(1);
  std::vector<Value> v;
  const Result<size_t> used = decode_values(b.data, fields, some_names(), v);
  REQUIRE(used.has_value());
  CHECK(*used == b.data.size());
  REQUIRE(v.size() == std::size(fields));
  CHECK(v[0].as_signed() == -5);
  CHECK(v[1].text == "nine char");
  CHECK(v[2].text == "cat");
  CHECK(v[3].text == "abc");
  CHECK(v[4].text == "syscall");
  CHECK(v[5].text == "vmlinux");
  CHECK(v[6].text == "read");
  CHECK(v[7].text == "entry");
  CHECK(v[8].text == "web1");
  CHECK(v[9].text == "web1.local");
  CHECK(v[10].text == "<unknown>");
  CHECK(v[11].text == "<unknown>");
}

TEST_CASE("lengths that lie are refused") {
  std::vector<Value> v;
  const hp_obj_field str[] = {{HP_VAL_STR, 256, 0, 0}};
  for (const uint64_t n : {uint64_t{9}, uint64_t{1} << 40, ~uint64_t{0}, ~uint64_t{0} - 6})
    CHECK_FALSE(decode_values(Bytes{}.word(n).text("12345678").data, str, {}, v).has_value());
  CHECK_FALSE(decode_values({}, str, {}, v).has_value());
  const hp_obj_field integer[] = {{HP_VAL_INT, 8, 0, 0}};
  CHECK_FALSE(decode_values({}, integer, {}, v).has_value());
  const hp_obj_field bytes[] = {{HP_VAL_BYTES, 0xffffffff, 0, 0}};
  CHECK_FALSE(decode_values(Bytes{}.word(1).data, bytes, {}, v).has_value());
  const hp_obj_field comm[] = {{HP_VAL_COMM, 16, 0, 0}};
  CHECK_FALSE(decode_values(Bytes{}.word(1).data, comm, {}, v).has_value());
  const hp_obj_field odd[] = {{77, 8, 0, 0}};
  CHECK_FALSE(decode_values(Bytes{}.word(1).data, odd, {}, v).has_value());
}

TEST_CASE("order: integers as unsigned, text bytewise") {
  CHECK(compare_values(Value::integer(-1, 4), Value::integer(2, 4)) > 0);
  CHECK(compare_values(Value::integer(1, 4), Value::integer(2, 4)) < 0);
  CHECK(compare_values(Value::string("a"), Value::string("b")) < 0);
  CHECK(compare_values(Value::string("b"), Value::string("b")) == 0);
}
