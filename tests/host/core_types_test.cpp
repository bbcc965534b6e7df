// One object, two kernels: offsets, sizes, signedness and bits of members differ, and what a clause reads is
// right on both. The kernels' types are made here, with libbpf.
#include "handler/core_types.hpp"

#include <bpf/btf.h>
#include <doctest/doctest.h>

#include <cstring>
#include <vector>

#include "../probec/codegen/memory.hpp"
#include "../probec/codegen/run.hpp"
#include "probec/btf.hpp"
#include "probec/compiler.hpp"

using namespace hp;
using namespace hp::test;

namespace {

struct Types {
  btf* b = btf__new_empty();
  Types() = default;
  Types(const Types&) = delete;
  Types& operator=(const Types&) = delete;
  ~Types() { btf__free(b); }
  int integer(const char* name, size_t size, bool is_signed) {
    return btf__add_int(b, name, size, is_signed ? BTF_INT_SIGNED : 0);
  }
  struct Member {
    const char* name;
    int type;
    uint32_t bits, width = 0;
  };
  int structure(const char* name, uint32_t size, const std::vector<Member>& members,
                bool is_union = false) {
    int id = is_union ? btf__add_union(b, name, size) : btf__add_struct(b, name, size);
    for (const Member& m : members)
      REQUIRE(btf__add_field(b, m.name, m.type, m.bits, m.width) == 0);
    return id;
  }
  std::string bytes() const {
    uint32_t size = 0;
    const void* data = btf__raw_data(b, &size);
    return {static_cast<const char*>(data), size};
  }
};

/* struct inner { int x; short y; };
 * typedef struct { unsigned val; } id_wrap;
 * struct task { int pid; char comm[16]; struct task *next; unsigned flag : 3; int delta : 5;
 *               id_wrap uid; union { long a; }; struct inner parts[4]; unsigned char small; int *numbers; }; */
std::string kernel_a() {
  Types t;
  int i = t.integer("int", 4, true), u = t.integer("unsigned int", 4, false);
  int c = t.integer("char", 1, true), s = t.integer("short", 2, true);
  int l = t.integer("long", 8, true), uc = t.integer("unsigned char", 1, false);
  int inner = t.structure("inner", 8, {{"x", i, 0}, {"y", s, 32}});
  int wrap = t.structure(nullptr, 4, {{"val", u, 0}});
  int wrapped = btf__add_typedef(t.b, "id_wrap", wrap);
  int comm = btf__add_array(t.b, i, c, 16), parts = btf__add_array(t.b, i, inner, 4);
  int anon = t.structure(nullptr, 8, {{"a", l, 0}}, true);
  int numbers = btf__add_ptr(t.b, i);
  int next = numbers + 1;
  REQUIRE(btf__add_ptr(t.b, next + 1) == next);
  t.structure("task", 104,
              {{"pid", i, 0},
               {"comm", comm, 4 * 8},
               {"next", next, 24 * 8},
               {"flag", u, 32 * 8, 3},
               {"delta", i, 32 * 8 + 3, 5},
               {"uid", wrapped, 36 * 8},
               {nullptr, anon, 40 * 8},
               {"parts", parts, 48 * 8},
               {"small", uc, 80 * 8},
               {"numbers", numbers, 88 * 8}});
  return t.bytes();
}

/* The same names in another order, of other sizes: pid is a long, small 4 bytes, the bits elsewhere. */
std::string kernel_b(bool with_uid = true) {
  Types t;
  int u = t.integer("unsigned int", 4, false), l = t.integer("long", 8, true);
  int i = t.integer("int", 4, true), c = t.integer("char", 1, true);
  int inner = t.structure("inner", 24, {{"more", l, 0}, {"y", l, 64}, {"x", i, 128}});
  int wrap = t.structure(nullptr, 8, {{"other", u, 0}, {"val", u, 32}});
  int wrapped = btf__add_typedef(t.b, "id_wrap", wrap);
  int comm = btf__add_array(t.b, i, c, 24), parts = btf__add_array(t.b, i, inner, 4);
  int deep = t.structure(nullptr, 16, {{"b", l, 0}, {"a", l, 64}});
  int anon = t.structure(nullptr, 16, {{nullptr, deep, 0}}, true);
  int numbers = btf__add_ptr(t.b, l);
  int next = numbers + 1;
  REQUIRE(btf__add_ptr(t.b, next + 1) == next);
  t.structure("task", 208,
              {{"numbers", numbers, 0},
               {"small", u, 8 * 8},
               {"delta", l, 16 * 8 + 39, 7},
               {"flag", u, 24 * 8 + 20, 6},
               {"parts", parts, 32 * 8},
               {"pid", l, 128 * 8},
               {nullptr, anon, 136 * 8},
               {with_uid ? "uid" : "gone", wrapped, 152 * 8},
               {"next", next, 160 * 8},
               {"comm", comm, 168 * 8}});
  return t.bytes();
}

class Image {
 public:
  explicit Image(size_t size) : bytes_(size, '\0') {}
  template <class T>
  void put(size_t at, T value) {
    std::memcpy(&bytes_[at], &value, sizeof value);
  }
  void text(size_t at, const std::string& s) { bytes_.replace(at, s.size(), s); }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

constexpr uint64_t kBase = StringMemory::kBase;

/* Two tasks and four numbers, as kernel A and kernel B have them: the same values. */
std::string memory_a() {
  Image m(400);
  for (size_t n = 0; n < 2; n++) {
    const size_t at = n * 104;
    m.put<int32_t>(at, n ? -7 : 1234);
    m.text(at + 4, n ? "second" : "first");
    m.put<uint64_t>(at + 24, n ? 0 : kBase + 104);
    m.put<uint32_t>(at + 32, 5 | (static_cast<uint32_t>(-3) & 31) << 3);
    m.put<uint32_t>(at + 36, 1000);
    m.put<int64_t>(at + 40, -1LL << 40);
    for (size_t i = 0; i < 4; i++) {
      m.put<int32_t>(at + 48 + i * 8, static_cast<int32_t>(10 + i));
      m.put<int16_t>(at + 52 + i * 8, static_cast<int16_t>(-20 - static_cast<int>(i)));
    }
    m.put<uint8_t>(at + 80, 200);
    m.put<uint64_t>(at + 88, kBase + 300);
  }
  for (size_t i = 0; i < 4; i++) m.put<int32_t>(300 + i * 4, static_cast<int32_t>(i) - 2);
  return m.bytes();
}

std::string memory_b() {
  Image m(500);
  for (size_t n = 0; n < 2; n++) {
    const size_t at = n * 208;
    m.put<uint64_t>(at, kBase + 440);
    m.put<uint32_t>(at + 8, 200);
    m.put<uint64_t>(at + 16, (static_cast<uint64_t>(-3) & 127) << 39 | 1ull << 46);
    m.put<uint32_t>(at + 24, 5u << 20 | 1u << 26 | 0xfffff);
    for (size_t i = 0; i < 4; i++) {
      m.put<int64_t>(at + 32 + i * 24 + 8, -20 - static_cast<int64_t>(i));
      m.put<int32_t>(at + 32 + i * 24 + 16, static_cast<int32_t>(10 + i));
    }
    m.put<int64_t>(at + 128, n ? -7 : 1234);
    m.put<int64_t>(at + 144, -1LL << 40);
    m.put<uint32_t>(at + 156, 1000);
    m.put<uint64_t>(at + 160, n ? 0 : kBase + 208);
    m.text(at + 168, n ? "second" : "first");
  }
  for (size_t i = 0; i < 4; i++) m.put<int64_t>(440 + i * 8, static_cast<int64_t>(i) - 2);
  return m.bytes();
}

std::string compiled_for_a(const std::string& text) {
  auto kernel = must(probec::BtfTypes::parse(kernel_a()));
  probec::Options options;
  probec::CompileInput input{.sources = {{probec::SourceKind::Clause, text, text}},
                             .options = &options,
                             .kernel = kernel.get()};
  auto program = probec::compile(input);
  if (!program)
    FAIL(probec::render(program.error(), input.sources, {.tags = true, .carets = true}));
  return std::move(program->object);
}

/* What `trace(EXPR)` records where arg0 is the first task; t stands for it. */
Field traced(const std::string& expression, bool on_b) {
  CAPTURE(expression);
  CAPTURE(on_b);
  std::string text = "syscall::open:entry { trace(" + expression + "); }";
  for (size_t at; (at = text.find("T->")) != std::string::npos;)
    text.replace(at, 1, "((struct task *)arg0)");
  std::shared_ptr<const handler::CoreTypes> types;
  if (on_b) types = must(handler::CoreTypes::parse(kernel_b()));
  Run run(compiled_for_a(text), {.ncpus = 1}, types.get());
  StringMemory memory(on_b ? memory_b() : memory_a());
  run.firing.mem = static_cast<GuestAccess*>(&memory);
  run.firing.args[0] = kBase;
  run.fire(kOpen);
  run.drain();
  REQUIRE(run.records.size() == 1);
  REQUIRE(run.records[0].header.kind == HP_REC_CLAUSE);
  return run.records[0].actions.at(0).fields.at(0);
}

void is(const std::string& expression, int64_t value) {
  for (bool on_b : {false, true})
    CHECK(static_cast<int64_t>(traced(expression, on_b).number) == value);
}

}  // namespace

TEST_CASE("CO-RE: a member elsewhere, of another size") {
  is("T->pid", 1234);
  is("T->small", 200);
  is("T->a", -1LL << 40);
}

TEST_CASE("CO-RE: through pointers, embedded structures and arrays") {
  is("T->next->pid", -7);
  is("T->uid.val", 1000);
  is("T->next->uid.val", 1000);
  is("T->parts[0].x", 10);
  is("T->parts[3].y", -23);
  is("T->numbers[1]", -1);
}

TEST_CASE("CO-RE: bit-fields") {
  is("T->flag", 5);
  is("T->delta", -3);
}

TEST_CASE("CO-RE: text") {
  for (bool on_b : {false, true}) {
    CHECK(std::string(traced("T->comm", on_b).text.c_str()) == "first");
    CHECK(traced("stringof (T->next->comm)", on_b).text == "second");
  }
}

TEST_CASE("CO-RE: sizes, offsets and steps") {
  CHECK(traced("sizeof (struct task)", false).number == 104);
  CHECK(traced("sizeof (struct task)", true).number == 208);
  CHECK(traced("sizeof (struct task) / 2", true).number == 104);
  CHECK(traced("offsetof (struct task, pid)", false).number == 0);
  CHECK(traced("offsetof (struct task, pid)", true).number == 128);
  is("((struct task *)arg0 + 1)->pid", -7);
  is("((struct task *)arg0)[1].pid", -7);
  is("(struct task *)(arg0 + sizeof (struct task)) - (struct task *)arg0", 1);
  is("((struct task *)(arg0 + 2 * sizeof (struct task)) - 1)->pid", -7);
  is("*(int *)&T->parts[2].x", 12);
}

TEST_CASE("CO-RE: whole structures are copied member by member") {
  for (bool on_b : {false, true}) {
    CAPTURE(on_b);
    auto run = [&](const std::string& body) {
      std::shared_ptr<const handler::CoreTypes> types;
      if (on_b) types = must(handler::CoreTypes::parse(kernel_b()));
      Run r(compiled_for_a("syscall::open:entry { " + body + " }"), {.ncpus = 1}, types.get());
      StringMemory memory(on_b ? memory_b() : memory_a());
      r.firing.mem = static_cast<GuestAccess*>(&memory);
      r.firing.args[0] = kBase;
      r.fire(kOpen);
      return r.only().at(0);
    };
    auto number = [&](const std::string& member) {
      return static_cast<int64_t>(
          run("this->t = *(struct task *)arg0; trace(this->t." + member + ");").number);
    };
    CHECK(number("pid") == 1234);
    CHECK(number("flag") == 5);
    CHECK(number("delta") == -3);
    CHECK(number("uid.val") == 1000);
    CHECK(number("a") == -1LL << 40);
    CHECK(number("parts[2].y") == -22);
    CHECK(number("small") == 200);
    CHECK(run("this->t = *(struct task *)arg0; trace(stringof (this->t.comm));").text == "first");
    /* as a record's field: laid out as the compiler's kernel has it */
    const std::string bytes = run("trace(*(struct task *)arg0);").text;
    REQUIRE(bytes.size() == 104);
    int32_t pid = 0, y = 0;
    std::memcpy(&pid, bytes.data(), 4);
    std::memcpy(&y, bytes.data() + 48 + 2 * 8 + 4, 2);
    CHECK(pid == 1234);
    CHECK(static_cast<int16_t>(y) == -22);
    CHECK(bytes.substr(4, 6) == std::string("first\0", 6));
    CHECK(run("x = ((struct task *)arg0)->uid; trace(x.val);").number == 1000);
  }
}

TEST_CASE("CO-RE: what the guest does not have is refused by name") {
  Object object = must(Object::parse(
      compiled_for_a("syscall::open:entry { trace(((struct task *)arg0)->uid.val); }")));
  auto types = must(handler::CoreTypes::parse(kernel_b(false), "web1's kernel 6.12"));
  auto values = types->values(object);
  REQUIRE(!values);
  CHECK(values.error().message == "web1's kernel 6.12 has no member uid in struct task");
  CHECK(must(must(handler::CoreTypes::parse(kernel_a()))->values(object)) ==
        std::vector<uint64_t>{object.core()[0].reference});
}

TEST_CASE("CO-RE: what the compiler expects is what the same kernel answers") {
  for (const char* expression : {"T->pid", "T->flag", "T->delta", "T->comm", "T->next",
                                 "T->uid.val", "T->a", "T->parts[1].y", "sizeof (struct task)",
                                 "offsetof (struct task, small)", "T->numbers[2]"}) {
    CAPTURE(expression);
    std::string text = std::string("syscall::open:entry { trace(") + expression + "); }";
    if (size_t at = text.find("T->"); at != std::string::npos)
      text.replace(at, 1, "((struct task *)arg0)");
    Object object = must(Object::parse(compiled_for_a(text)));
    auto values = must(must(handler::CoreTypes::parse(kernel_a()))->values(object));
    REQUIRE(!object.core().empty());
    for (size_t i = 0; i < values.size(); i++) CHECK(values[i] == object.core()[i].reference);
  }
}
