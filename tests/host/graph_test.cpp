/* Distribution graphs, to the column. Expected text is what dtrace(1) prints for the same data. */
#include "host/graph.hpp"

#include <doctest/doctest.h>

#include <vector>

#include "transport/buckets.h"

using namespace hp;

namespace {

struct Llquantize {
  int64_t param[4];
  std::vector<int64_t> buckets;
  Llquantize(int64_t factor, int64_t low, int64_t high, int64_t steps)
      : param{factor, low, high, steps}, buckets(hp_llquantize_words(factor, low, high, steps)) {}
  void add(int64_t value, int64_t n = 1) {
    buckets.at(hp_llquantize_bucket(value, param[0], param[1], param[2], param[3])) += n;
  }
  std::string text(int64_t normal = 1) const {
    std::string out;
    append_llquantize(out, buckets, param, normal);
    return out;
  }
};

/* The values that the tables below count: value i, 100 + i times. */
constexpr int64_t kSample[] = {-20, -16, -12, -8, -6, -5, -4, -3, -2, -1, 0,
                               1,   2,   3,   4,  5,  6,  8,  12, 16, 20};

std::string quantized(std::initializer_list<std::pair<int64_t, int64_t>> values,
                      int64_t normal = 1) {
  std::vector<int64_t> buckets(HP_QUANTIZE_BUCKETS);
  for (auto [value, n] : values) buckets[hp_quantize_bucket(value)] += n;
  std::string out;
  append_quantize(out, buckets, normal);
  return out;
}

}  // namespace

TEST_CASE("quantize: one value") {
  CHECK(quantized({{1, 1}}) ==
        "\n           value  ------------- Distribution ------------- count    \n"
        "               0 |                                         0        \n"
        "               1 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@ 1        \n"
        "               2 |                                         0        \n");
}

TEST_CASE("quantize: negative values and zero share the bars") {
  CHECK(quantized({{-3, 1}, {0, 2}, {5, 1}}) ==
        "\n           value  ------------- Distribution ------------- count    \n"
        "              -4 |                                         0        \n"
        "              -2 |@@@@@@@@@@                               1        \n"
        "              -1 |                                         0        \n"
        "               0 |@@@@@@@@@@@@@@@@@@@@                     2        \n"
        "               1 |                                         0        \n"
        "               2 |                                         0        \n"
        "               4 |@@@@@@@@@@                               1        \n"
        "               8 |                                         0        \n");
}

TEST_CASE("quantize: nothing, negative increments, both, and normalisation") {
  CHECK(quantized({}) ==
        "\n           value  ------------- Distribution ------------- count    \n"
        "              -1 |                                         0        \n"
        "               0 |                                         0        \n"
        "               1 |                                         0        \n");
  CHECK(quantized({{2, -1}}) ==
        "\n           value  ------------- Distribution ------------- count    \n"
        "               1                                         | 0        \n"
        "               2 @@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@| -1       \n"
        "               4                                         | 0        \n");
  CHECK(quantized({{1, 1}, {2, -1}}) ==
        "\n           value  ------------- Distribution ------------- count    \n"
        "               0                     |                     0        \n"
        "               1                     |@@@@@@@@@@           1        \n"
        "               2           @@@@@@@@@@|                     -1       \n"
        "               4                     |                     0        \n");
  CHECK(quantized({{1, 10}}, 5).find(" 2        \n") != std::string::npos);
}

TEST_CASE("quantize: the extreme buckets") {
  CHECK(quantized({{INT64_MAX, 1}}) ==
        "\n           value  ------------- Distribution ------------- count    \n"
        "2305843009213693952 |                                         0        \n"
        "4611686018427387904 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@ 1        \n");
}

TEST_CASE("lquantize") {
  const int64_t param[] = {0, 40, 10};
  std::vector<int64_t> buckets(6);
  const auto add = [&](int64_t v) { ++buckets.at(hp_lquantize_bucket(v, 0, 40, 10)); };
  std::string out;
  append_lquantize(out, buckets, param, 1);
  CHECK(out ==
        "\n           value  ------------- Distribution ------------- count    \n"
        "             < 0 |                                         0        \n"
        "               0 |                                         0        \n"
        "              10 |                                         0        \n");
  for (const int64_t v : {-1, 5, 15, 15, 100}) add(v);
  out.clear();
  append_lquantize(out, buckets, param, 1);
  CHECK(out ==
        "\n           value  ------------- Distribution ------------- count    \n"
        "             < 0 |@@@@@@@@                                 1        \n"
        "               0 |@@@@@@@@                                 1        \n"
        "              10 |@@@@@@@@@@@@@@@@                         2        \n"
        "              20 |                                         0        \n"
        "              30 |                                         0        \n"
        "           >= 40 |@@@@@@@@                                 1        \n");
}

TEST_CASE("llquantize: fewer steps than the factor") {
  Llquantize q(4, 0, 1, 2);
  for (const int64_t v : kSample) q.add(v, 100 + v);
  CHECK(q.text() ==
        "\n           value  ------------- Distribution ------------- count    \n"
        "          <= -16 |@@@                                      164      \n"
        "              -8 |@@@                                      180      \n"
        "              -4 |@@@@@                                    285      \n"
        "              -2 |@@@@                                     195      \n"
        "              -1 |@@                                       99       \n"
        "               0 |@@                                       100      \n"
        "               1 |@@                                       101      \n"
        "               2 |@@@@                                     205      \n"
        "               4 |@@@@@@                                   315      \n"
        "               8 |@@@@                                     220      \n"
        "           >= 16 |@@@@                                     236      \n");
}

TEST_CASE("llquantize: as many steps as the factor") {
  Llquantize q(4, 0, 1, 4);
  for (const int64_t v : kSample) q.add(v, 100 + v);
  CHECK(q.text() ==
        "\n           value  ------------- Distribution ------------- count    \n"
        "          <= -16 |@@@                                      164      \n"
        "             -12 |@@                                       88       \n"
        "              -8 |@@                                       92       \n"
        "              -4 |@@@@@                                    285      \n"
        "              -3 |@@                                       97       \n"
        "              -2 |@@                                       98       \n"
        "              -1 |@@                                       99       \n"
        "               0 |@@                                       100      \n"
        "               1 |@@                                       101      \n"
        "               2 |@@                                       102      \n"
        "               3 |@@                                       103      \n"
        "               4 |@@@@@@                                   315      \n"
        "               8 |@@                                       108      \n"
        "              12 |@@                                       112      \n"
        "           >= 16 |@@@@                                     236      \n");
}

TEST_CASE("llquantize: more steps than the factor skip buckets nothing falls in") {
  Llquantize q(4, 0, 1, 8);
  for (const int64_t v : kSample) q.add(v, 100 + v);
  CHECK(q.text() ==
        "\n           value  ------------- Distribution ------------- count    \n"
        "          <= -16 |@@@                                      164      \n"
        "             -14 |                                         0        \n"
        "             -12 |@@                                       88       \n"
        "             -10 |                                         0        \n"
        "              -8 |@@                                       92       \n"
        "              -6 |@@                                       94       \n"
        "              -4 |@@@@                                     191      \n"
        "              -3 |@@                                       97       \n"
        "              -2 |@@                                       98       \n"
        "              -1 |@@                                       99       \n"
        "               0 |@@                                       100      \n"
        "               1 |@@                                       101      \n"
        "               2 |@@                                       102      \n"
        "               3 |@@                                       103      \n"
        "               4 |@@@@                                     209      \n"
        "               6 |@@                                       106      \n"
        "               8 |@@                                       108      \n"
        "              10 |                                         0        \n"
        "              12 |@@                                       112      \n"
        "              14 |                                         0        \n"
        "           >= 16 |@@@@                                     236      \n");
}

TEST_CASE("llquantize: values below the lowest magnitude, empty graphs, negative counts") {
  Llquantize positive(10, 2, 3, 10);
  positive.add(5);
  positive.add(250, 8);
  CHECK(positive.text() ==
        "\n           value  ------------- Distribution ------------- count    \n"
        "            -100 |                                         0        \n"
        "     abs() < 100 |@@@@                                     1        \n"
        "             100 |                                         0        \n"
        "             200 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@     8        \n"
        "             300 |                                         0        \n");

  CHECK(Llquantize(4, 0, 1, 4).text() ==
        "\n           value  ------------- Distribution ------------- count    \n"
        "               0 |                                         0        \n"
        "               1 |                                         0        \n"
        "               2 |                                         0        \n");
  Llquantize negative(2, 0, 1, 2);
  negative.add(2, -1);
  CHECK(negative.text() ==
        "\n           value  ------------- Distribution ------------- count    \n"
        "               1                                         | 0        \n"
        "               2 @@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@| -1       \n"
        "            >= 4                                         | 0        \n");
}

TEST_CASE("llquantize: every value falls in the bucket whose label is the nearest towards zero") {
  for (const auto& p :
       {std::array<int64_t, 4>{10, 0, 6, 20}, {2, 3, 20, 2}, {10, 0, 4, 10}, {4, 1, 5, 8}}) {
    const int64_t* param = p.data();
    const uint64_t words = hp_llquantize_words(p[0], p[1], p[2], p[3]);
    CHECK(words == llquantize_buckets(param));
    int64_t lowest = 1;
    for (int64_t i = 0; i < p[1]; ++i) lowest *= p[0];
    uint64_t last = words / 2;
    for (int64_t v = 0; v < 200000; v += v < 1000 ? 1 : 37) {
      const uint64_t bucket = hp_llquantize_bucket(v, p[0], p[1], p[2], p[3]);
      REQUIRE(bucket < words);
      REQUIRE(bucket >= last); /* monotonic */
      last = bucket;
      REQUIRE(hp_llquantize_bucket(-v, p[0], p[1], p[2], p[3]) == words - 1 - bucket);
      if (v < lowest)
        REQUIRE(bucket == words / 2);
      else
        REQUIRE(static_cast<int64_t>(llquantize_value(param, bucket)) <= v);
    }
  }
}
