#include "vmm/page_table.hpp"

#include <doctest/doctest.h>

#include <map>
#include <vector>

using namespace hp;
using namespace hp::vmm;

namespace {

/* Memory whose tables live in a map, and which keeps every write. */
struct FakeMemory {
  struct Write {
    uint64_t table, index, value;
    bool operator==(const Write&) const = default;
  };
  std::map<uint64_t, std::vector<uint64_t>> tables;
  std::vector<Write> writes;
  uint64_t next = 0x2000, limit = ~0ull;

  FakeMemory() { tables[0x1000].resize(512); }
  uint64_t* at(Gpa g) { return tables.at(g.value).data(); }
  Gpa allocate() {
    if (next >= limit) return Gpa(0);
    tables[next].resize(512);
    next += 0x1000;
    return Gpa(next - 0x1000);
  }
  void write(uint64_t* entry, uint64_t value) {
    for (auto& [gpa, table] : tables)
      if (entry >= table.data() && entry < table.data() + 512)
        writes.push_back({gpa, static_cast<uint64_t>(entry - table.data()), value});
    *entry = value;
  }
};

}  // namespace

TEST_CASE("a 2 MiB page takes two new tables and one leaf, each entry written once") {
  FakeMemory memory;
  PageTable<FakeMemory> table(memory, Gpa(0x1000));
  REQUIRE(table.map(Gva(0x7000'0020'0000), Gpa(0x1'0000'0000), kLargePageSize, kUser | kWritable));
  REQUIRE(memory.writes.size() == 3);
  CHECK(memory.writes[0] == FakeMemory::Write{0x1000, 224, 0x2000 | 0x27});
  CHECK(memory.writes[1] == FakeMemory::Write{0x2000, 0, 0x3000 | 0x27});
  CHECK(memory.writes[2] == FakeMemory::Write{0x3000, 1, 0x1'0000'0000 | 0xe7});
}

TEST_CASE("neighbouring pages share their tables") {
  FakeMemory memory;
  PageTable<FakeMemory> table(memory, Gpa(0x1000));
  for (uint64_t i = 0; i < 512; ++i)
    REQUIRE(table.map(Gva(i * kLargePageSize), Gpa(i * kLargePageSize), kLargePageSize, kUser));
  CHECK(memory.writes.size() == 512 + 2);
  REQUIRE(table.map(Gva(512 * kLargePageSize), Gpa(0), kLargePageSize, kUser));
  CHECK(memory.writes.size() == 512 + 2 + 2); /* the next GiB: one table and its entry, one leaf */
}

TEST_CASE("a 4 KiB page has no size bit and keeps the flags asked for") {
  FakeMemory memory;
  PageTable<FakeMemory> table(memory, Gpa(0x1000));
  REQUIRE(table.map(Gva(0x7e00'4000'0000), Gpa(0xabc000), kPageSize, kUser));
  CHECK(memory.writes.back().value == (0xabc000 | 0x65));
}

TEST_CASE("translate follows what map wrote, at both sizes, and nothing else") {
  FakeMemory memory;
  PageTable<FakeMemory> table(memory, Gpa(0x1000));
  REQUIRE(table.map(Gva(0x4000'0000), Gpa(0x8000'0000), kLargePageSize, kUser));
  REQUIRE(table.map(Gva(0x5000), Gpa(0x9000), kPageSize, kUser));
  Gpa pa;
  REQUIRE(table.translate(Gva(0x4012'3456), pa));
  CHECK(pa == Gpa(0x8012'3456));
  REQUIRE(table.translate(Gva(0x5fff), pa));
  CHECK(pa == Gpa(0x9fff));
  CHECK_FALSE(table.translate(Gva(0x6000), pa));
  CHECK_FALSE(table.translate(Gva(0x4020'0000), pa));
  CHECK_FALSE(table.translate(Gva(0x7fff'ffff'f000), pa));
}

TEST_CASE("map reports that there is no page for a table, and leaves what was mapped") {
  FakeMemory memory;
  memory.limit = 0x4000;
  PageTable<FakeMemory> table(memory, Gpa(0x1000));
  REQUIRE(table.map(Gva(0), Gpa(0x200000), kLargePageSize, kUser));
  CHECK_FALSE(table.map(Gva(1ull << 40), Gpa(0), kLargePageSize, kUser));
  Gpa pa;
  REQUIRE(table.translate(Gva(0x1234), pa));
  CHECK(pa == Gpa(0x201234));
}
