#include "transport/object.hpp"

#include "fixture.hpp"
#include "visit.hpp"

using namespace hp;
using namespace hp::test;

namespace {

/* Offset of .hyprobe.data in the file. */
size_t data_offset(const std::string& bytes) {
  Object o = value(Object::parse(bytes));
  for (const Elf64_Shdr& s : o.sections())
    if (std::string_view(o.section_name(s)) == HP_OBJ_SECTION_DATA) return s.sh_offset;
  FAIL("no data section");
  return 0;
}

/* The good object with its header changed, or its error. */
std::string error_after(void (*change)(hp_obj_header&, char* data)) {
  std::string bytes = object_bytes("clauses");
  char* data = bytes.data() + data_offset(bytes);
  change(*reinterpret_cast<hp_obj_header*>(data), data);
  auto r = Object::parse(bytes);
  return r ? "" : r.error().message;
}

template <class T>
T* rows(hp_obj_header& h, char* data, int table) {
  return reinterpret_cast<T*>(data + h.tables[table].offset);
}

}  // namespace

TEST_CASE("Object: the tables of a compiled program are read back") {
  Object o = object("clauses");
  REQUIRE(o.clauses().size() == 9);
  REQUIRE(o.descs().size() == 10);
  CHECK(o.descs_of(o.clauses()[1]).size() == 2);
  CHECK(std::string(o.str(o.descs()[2].func)) == "open*");
  CHECK(std::string(o.str(o.clauses()[7].symbol)) == "hp_clause_7");
  REQUIRE(o.actions_of(o.clauses()[4]).size() == 1);
  const hp_obj_action& a = o.actions_of(o.clauses()[4])[0];
  CHECK(std::string(o.str(a.format)) == "%d\n");
  CHECK(o.fields_of(a)[0].val == HP_VAL_INT);
  CHECK(std::string(o.str(o.aggs()[o.aggs_of(a)[0]].name)) == "calls");
  CHECK(o.keys_of(o.aggs()[0])[0].val == HP_VAL_PROBEFUNC);
  CHECK(std::string(o.option("quiet")) == "1");
  CHECK(o.option("bufsize") == nullptr);
}

TEST_CASE("Object: a file that is no program is refused with a reason") {
  CHECK(Object::parse("").error().message.find("too short") != std::string::npos);
  CHECK(Object::parse(std::string(4096, 'x')).error().message.find("ELF magic") !=
        std::string::npos);
  std::string self = value(read_file("/proc/self/exe"));
  CHECK(Object::parse(self).error().message.find("not a relocatable") != std::string::npos);
}

TEST_CASE("Object: read() takes the bytes of a descriptor") {
  std::string bytes = object_bytes("clauses");
  Fd fd = value(make_memfd("object", bytes.size()));
  REQUIRE(::pwrite(fd.get(), bytes.data(), bytes.size(), 0) == ssize_t(bytes.size()));
  CHECK(value(Object::read(fd.get())).clauses().size() == 9);
}

TEST_CASE("Object: offsets, counts, ranges and strings are all checked") {
  auto h = [](auto change) { return error_after(change); };
  CHECK(h(+[](hp_obj_header&, char*) {}) == "");
  CHECK(h(+[](hp_obj_header& o, char*) { o.magic++; }).find("magic") != std::string::npos);
  CHECK(h(+[](hp_obj_header& o, char*) { o.version++; }).find("version") != std::string::npos);
  CHECK(h(+[](hp_obj_header& o, char*) { o.size += 4096; }).find("size") != std::string::npos);
  CHECK(h(+[](hp_obj_header& o, char*) { o.strsize = 0; }).find("strsize") != std::string::npos);
  CHECK(h(+[](hp_obj_header& o, char*) { o.locals_size = ~0u; }).find("clause-local") !=
        std::string::npos);
  for (int t = 0; t < HP_TBL_ENUMS; t++) {
    std::string bytes = object_bytes("clauses");
    auto* header = reinterpret_cast<hp_obj_header*>(bytes.data() + data_offset(bytes));
    if (header->tables[t].count == 0) continue;
    CAPTURE(t);
    uint32_t count = header->tables[t].count;
    for (uint32_t n : {~0u, header->size, 1u << 31}) {
      header->tables[t].count = n;
      CHECK(!Object::parse(bytes));
    }
    header->tables[t].count = count;
    for (uint32_t n : {~0u, ~0u - 7, header->size}) {
      header->tables[t].offset = n;
      CHECK(!Object::parse(bytes));
    }
  }
  CHECK(h(+[](hp_obj_header& o, char* d) { rows<hp_obj_desc>(o, d, HP_TBL_DESCS)->func = ~0u; }) !=
        "");
  CHECK(h(+[](hp_obj_header& o, char* d) { rows<hp_obj_desc>(o, d, HP_TBL_DESCS)->clause = 9; }) !=
        "");
  CHECK(h(+[](hp_obj_header& o, char* d) {
          rows<hp_obj_clause>(o, d, HP_TBL_CLAUSES)->descs = {10, ~0u};
        }) != "");
  CHECK(h(+[](hp_obj_header& o, char* d) {
          rows<hp_obj_clause>(o, d, HP_TBL_CLAUSES)->source = 10;
        }) != "");
  CHECK(h(+[](hp_obj_header& o, char* d) {
          rows<hp_obj_action>(o, d, HP_TBL_ACTIONS)->aggs = {1, 1};
        }) != "");
  CHECK(h(+[](hp_obj_header& o, char* d) { rows<hp_obj_agg>(o, d, HP_TBL_AGGS)->words = 2; }) !=
        "");
  CHECK(h(+[](hp_obj_header& o, char* d) {
          auto* a = rows<hp_obj_agg>(o, d, HP_TBL_AGGS);
          a->func = HP_AGG_LLQUANTIZE; /* factor 0 would divide by zero in whoever prints it */
          a->words = 3;
        }).find("llquantize") != std::string::npos);
  CHECK(h(+[](hp_obj_header& o, char* d) { *rows<uint32_t>(o, d, HP_TBL_AGGREFS) = 1; }) != "");
  CHECK(h(+[](hp_obj_header& o, char* d) {
          d[o.tables[HP_TBL_STRINGS].offset + o.tables[HP_TBL_STRINGS].count - 1] = 'x';
        }).find("string table") != std::string::npos);
}

TEST_CASE("Object: no single wrong byte and no truncation makes reading or linking go astray") {
  const std::string good = object_bytes("clauses");
  size_t accepted = 0, refused = 0, visited = 0;
  auto try_one = [&](const std::string& bytes) {
    auto o = Object::parse(bytes);
    if (!o) {
      refused++;
      CHECK(!o.error().message.empty());
      return;
    }
    accepted++;
    visited += visit(*o);
    (void)handler::Image::link(*o, handler::primitives());
  };
  for (size_t i = 0; i < good.size(); i++)
    for (unsigned char flip : {0x01, 0x80, 0xff}) {
      std::string bytes = good;
      bytes[i] = static_cast<char>(bytes[i] ^ flip);
      try_one(bytes);
    }
  for (size_t n = 0; n < good.size(); n += 7) try_one(good.substr(0, n));
  CHECK(accepted > 0);
  CHECK(refused > 0);
  CHECK(visited > 0);
}
