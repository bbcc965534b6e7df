/* Merging, sorting, truncating, printing aggregations. */
#include "host/aggregation.hpp"

#include <doctest/doctest.h>

#include <cstring>

#include "transport/buckets.h"

using namespace hp;

namespace {

AggregationDesc desc(const char* name, uint32_t func, uint32_t words,
                     std::vector<hp_obj_field> keys) {
  AggregationDesc d;
  d.name = name;
  d.agg.func = func;
  d.agg.words = words;
  d.keys = std::move(keys);
  return d;
}

const hp_obj_field kInt{HP_VAL_INT, 4, HP_FIELD_SIGNED, 0};
const hp_obj_field kLong{HP_VAL_INT, 8, HP_FIELD_SIGNED, 0};
const hp_obj_field kFunc{HP_VAL_PROBEFUNC, 0, 0, 0};

void add(AggregationTable& t, uint32_t agg, std::vector<int64_t> key, std::vector<int64_t> words,
         const Names& names = {}) {
  const std::span<const int64_t> k(key), w(words);
  const Result<> r = t.merge(agg, std::as_bytes(k),
                             {reinterpret_cast<const uint64_t*>(w.data()), w.size()}, names);
  REQUIRE_MESSAGE(r.has_value(), r.error().message);
}

std::string text(const AggregationTable& t, std::vector<uint32_t> aggs, SortOptions o = {}) {
  std::string out;
  for (const AggregationEntry* e : t.sorted(aggs, o)) {
    const AggregationArgument a = t.argument(*e);
    append_aggregation_row(out, e->key, {&a, 1});
  }
  return out;
}

std::string joined_text(const AggregationTable& t, std::vector<uint32_t> aggs, SortOptions o = {}) {
  std::string out;
  for (const auto& row : t.joined(aggs, o)) append_aggregation_row(out, *row.key, row.values);
  return out;
}

}  // namespace

TEST_CASE("each function merges in its own way") {
  AggregationTable t({desc("c", HP_AGG_COUNT, 1, {}), desc("s", HP_AGG_SUM, 1, {}),
                      desc("n", HP_AGG_MIN, 1, {}), desc("x", HP_AGG_MAX, 1, {}),
                      desc("a", HP_AGG_AVG, 2, {}), desc("d", HP_AGG_STDDEV, 4, {})});
  for (const int64_t v : {-3, 9}) {
    add(t, 0, {}, {1});
    add(t, 1, {}, {v});
    add(t, 2, {}, {v});
    add(t, 3, {}, {v});
    add(t, 4, {}, {1, v});
    add(t, 5, {}, {1, v, v * v, 0});
  }
  CHECK(text(t, {0}) == "                2\n");
  CHECK(text(t, {1}) == "                6\n");
  CHECK(text(t, {2}) == "               -3\n");
  CHECK(text(t, {3}) == "                9\n");
  CHECK(text(t, {4}) == "                3\n");
  CHECK(text(t, {5}) == "                6\n");
}

TEST_CASE("stddev carries into the upper word of the squares") {
  AggregationTable t({desc("d", HP_AGG_STDDEV, 4, {})});
  add(t, 0, {}, {1, 0, -1, 0});
  add(t, 0, {}, {1, 0, 1, 0});
  const auto e = t.sorted(std::vector<uint32_t>{0}, {});
  CHECK(e[0]->words[2] == 0);
  CHECK(e[0]->words[3] == 1);
}

TEST_CASE("rows sort by value, then key, keys as unsigned numbers") {
  AggregationTable t({desc("a", HP_AGG_COUNT, 1, {kInt})});
  for (const int64_t k : {-1, 2, 1}) add(t, 0, {k}, {5});
  add(t, 0, {9}, {1});
  add(t, 0, {9}, {1});
  CHECK(text(t, {0}) ==
        "        9                2\n"
        "        1                5\n"
        "        2                5\n"
        "       -1                5\n");
  SortOptions by_key;
  by_key.by_key = true;
  CHECK(text(t, {0}, by_key) ==
        "        1                5\n"
        "        2                5\n"
        "        9                2\n"
        "       -1                5\n");
  SortOptions reverse;
  reverse.reverse = true;
  CHECK(text(t, {0}, reverse) ==
        "       -1                5\n"
        "        2                5\n"
        "        1                5\n"
        "        9                2\n");
}

TEST_CASE("aggsortkeypos starts the comparison at another key") {
  AggregationTable t({desc("a", HP_AGG_COUNT, 1, {kInt, kInt})});
  add(t, 0, {1, 3}, {1});
  add(t, 0, {2, 2}, {1});
  add(t, 0, {3, 1}, {1});
  SortOptions o;
  o.by_key = true;
  o.key_position = 1;
  CHECK(text(t, {0}, o) ==
        "        3        1                1\n"
        "        2        2                1\n"
        "        1        3                1\n");
  o.key_position = 9; /* out of range: as if 0 */
  CHECK(text(t, {0}, o).substr(0, 9) == "        1");
}

TEST_CASE("keys that print alike are one key") {
  Names names;
  names.probes = {{1, "syscall", "vmlinux", "read", "entry"},
                  {2, "syscall", "vmlinux", "read", "return"},
                  {3, "syscall", "vmlinux", "open", "entry"}};
  AggregationTable t({desc("a", HP_AGG_COUNT, 1, {kFunc})});
  for (const int64_t probe : {0, 1, 2, 1}) add(t, 0, {probe}, {1}, names);
  const std::string pad(46, ' ');
  CHECK(text(t, {0}) == "  open" + pad + "                1\n  read" + pad + "                3\n");
}

TEST_CASE("clear() keeps keys with zero, minimum and maximum start again") {
  AggregationTable t({desc("n", HP_AGG_MIN, 1, {}), desc("c", HP_AGG_COUNT, 1, {kInt})});
  add(t, 0, {}, {-5});
  add(t, 1, {1}, {5});
  t.clear(0);
  t.clear(1);
  CHECK(text(t, {0}) == "                0\n");
  CHECK(text(t, {1}) == "        1                0\n");
  add(t, 0, {}, {7});
  add(t, 1, {1}, {2});
  CHECK(text(t, {0}) == "                7\n");
  CHECK(text(t, {1}) == "        1                2\n");
}

TEST_CASE("trunc() keeps the largest, or the smallest, or nothing") {
  const auto filled = [] {
    AggregationTable t({desc("a", HP_AGG_SUM, 1, {kInt}), desc("b", HP_AGG_SUM, 1, {kInt})});
    for (const int64_t k : {1, 2, 3, 4}) add(t, 0, {k}, {k * 10});
    add(t, 1, {1}, {1});
    return t;
  };
  AggregationTable top = filled(), bottom = filled(), none = filled(), many = filled();
  top.trunc(0, 2);
  CHECK(text(top, {0}) == "        3               30\n        4               40\n");
  CHECK(text(top, {1}) == "        1                1\n");
  bottom.trunc(0, -1);
  CHECK(text(bottom, {0}) == "        1               10\n");
  none.trunc(0, 0);
  CHECK(text(none, {0}).empty());
  many.trunc(0, INT64_MIN);
  CHECK(many.sorted(std::vector<uint32_t>{0}, {}).size() == 4);
}

TEST_CASE("normalize() divides what is printed, later entries too") {
  AggregationTable t({desc("a", HP_AGG_SUM, 1, {kInt})});
  add(t, 0, {1}, {100});
  CHECK(t.normalize(0, 10));
  add(t, 0, {2}, {50});
  CHECK(text(t, {0}) == "        2                5\n        1               10\n");
  CHECK_FALSE(t.normalize(0, 0));
  CHECK(t.normalize(0, 1));
  CHECK(text(t, {0}) == "        2               50\n        1              100\n");
}

TEST_CASE("several aggregations join on equal keys") {
  AggregationTable t({desc("a", HP_AGG_COUNT, 1, {kLong}), desc("b", HP_AGG_SUM, 1, {kLong})});
  add(t, 0, {1}, {3});
  add(t, 0, {2}, {1});
  add(t, 1, {1}, {-4});
  add(t, 1, {3}, {9});
  CHECK(joined_text(t, {0, 1}) ==
        "                3                0                9\n"
        "                2                1                0\n"
        "                1                3               -4\n");
  SortOptions second;
  second.position = 1;
  CHECK(joined_text(t, {0, 1}, second) ==
        "                1                3               -4\n"
        "                2                1                0\n"
        "                3                0                9\n");
}

TEST_CASE("distributions sort by what they sum to") {
  AggregationTable t({desc("q", HP_AGG_QUANTIZE, HP_QUANTIZE_BUCKETS, {kInt})});
  const auto distribution = [](int64_t value, int64_t n) {
    std::vector<int64_t> w(HP_QUANTIZE_BUCKETS);
    w[hp_quantize_bucket(value)] = n;
    return w;
  };
  add(t, 0, {1}, distribution(1024, 1));
  add(t, 0, {2}, distribution(1, 100));
  add(t, 0, {3}, distribution(-8, 1));
  const auto sorted = t.sorted(std::vector<uint32_t>{0}, {});
  CHECK(sorted[0]->key[0].number == 3);
  CHECK(sorted[1]->key[0].number == 2);
  CHECK(sorted[2]->key[0].number == 1);
}

TEST_CASE("damaged entries are refused") {
  AggregationTable t({desc("a", HP_AGG_COUNT, 1, {kInt})});
  const uint64_t one[] = {1}, two[] = {1, 2};
  const std::vector<std::byte> key(8);
  CHECK_FALSE(t.merge(1, key, one, {}).has_value());
  CHECK_FALSE(t.merge(0, key, two, {}).has_value());
  CHECK_FALSE(t.merge(0, {}, one, {}).has_value());
  CHECK(t.size() == 0);
}
