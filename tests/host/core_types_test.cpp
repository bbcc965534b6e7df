// One object, two kernels: offsets, sizes, signedness and bits of members differ, and what a clause reads is
// right on both. The kernels' types are made here, with libbpf.
#include "handler/core_types.hpp"

#include <doctest/doctest.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "../probec/codegen/memory.hpp"
#include "../probec/codegen/run.hpp"
#include "core_kernels.hpp"
#include "handler/prelink.hpp"
#include "probec/btf.hpp"
#include "probec/compiler.hpp"
#include "probec/kernel_types.hpp"
#include "transport/control.h"
#include "transport/fd.hpp"

using namespace hp;
using namespace hp::test;

namespace {

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

TEST_CASE("CO-RE: structures that hold themselves are not searched for ever") {
  Object object = must(
      Object::parse(compiled_for_a("syscall::open:entry { trace(((struct task *)arg0)->pid); }")));
  Types t;
  const auto task = static_cast<int>(btf__type_cnt(t.b));
  t.structure("task", 8, {{nullptr, task, 0}, {nullptr, task, 0}});
  auto values = must(handler::CoreTypes::parse(t.bytes()))->values(object);
  REQUIRE(!values);
  CHECK(values.error().message.find("no member pid in struct task") != std::string::npos);
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

TEST_CASE("args[] by the kernel's prototypes") {
  constexpr uint32_t kThing = HP_PROBE_DYNAMIC + 100;
  auto traced = [&](const char* provider, const char* name, const std::string& expression) {
    CAPTURE(expression);
    std::string text =
        std::string(provider) + "::do_thing:" + name + " { trace(" + expression + "); }";
    if (std::string_view(provider) == "sdt") text = "sdt:sub:thing { trace(" + expression + "); }";
    Run run(compiled_for_a(text));
    const bool tracepoint = std::string_view(provider) == "sdt";
    must(run.segment.add_probe(kThing, provider, tracepoint ? "sub" : "vmlinux",
                               tracepoint ? "thing" : "do_thing", tracepoint ? "thing" : name));
    StringMemory memory(memory_a());
    run.firing.mem = static_cast<GuestAccess*>(&memory);
    run.firing.args[0] = kBase;
    run.firing.args[1] = 0x1234; /* of an unsigned char, the register's other bits mean nothing */
    run.fire(kThing);
    return static_cast<int64_t>(run.only().at(0).number);
  };
  CHECK(traced("fbt", "entry", "args[0]->next->pid") == -7);
  CHECK(traced("fbt", "entry", "args[1]") == 0x34);
  CHECK(traced("fbt", "return", "args[1]") == 0x1234);
  CHECK(traced("sdt", "thing", "args[0]->pid") == 1234);
  CHECK(traced("sdt", "thing", "args[1]") == 0x34);
}

TEST_CASE("curthread is the firing thread's task, 0 where there is no kernel") {
  for (bool on_b : {false, true}) {
    std::shared_ptr<const handler::CoreTypes> types;
    if (on_b) types = must(handler::CoreTypes::parse(kernel_b()));
    Run run(compiled_for_a("syscall::open:entry { trace(curthread == 0 ? -1 : curthread->prio); }"),
            {.ncpus = 1}, types.get());
    StringMemory memory(std::string("\0\0\0\0\x78\0\0\0\0\0\0\0\0\0\0\0\x78\0\0\0\0\0\0\0", 24));
    run.firing.mem = static_cast<GuestAccess*>(&memory);
    run.fire(kOpen);
    CHECK(static_cast<int64_t>(run.only().at(0).number) == -1);
    run.firing.task = kBase;
    run.fire(kOpen);
    CHECK(run.only().at(0).number == 120);
  }
}

TEST_CASE("CO-RE: symbols have the guest's addresses") {
  const std::string elf =
      compiled_for_a("syscall::open:entry { trace((uint64_t)&vmlinux`do_thing); }");
  const Object object = must(Object::parse(elf));
  auto without = must(handler::CoreTypes::parse(kernel_b()))->values(object);
  REQUIRE(!without);
  CHECK(without.error().message == "this kernel has no symbol vmlinux`do_thing");
  auto types = must(handler::CoreTypes::parse(
      kernel_b(), "web1", [](std::string_view module, std::string_view name) {
        const bool known = module == "vmlinux" && name == "do_thing";
        return known ? std::optional<uint64_t>(0xffffffff81234560) : std::nullopt;
      }));
  Run run(elf, {.ncpus = 1}, types.get());
  run.fire(kOpen);
  CHECK(run.only().at(0).number == 0xffffffff81234560);
}

TEST_CASE("CO-RE: the types of the machine's own kernel, by both readers") {
  const Result<std::string> btf = read_file("/sys/kernel/btf/vmlinux");
  if (!btf) {
    std::puts("SKIPPED: this kernel has no BTF");
    std::exit(77);
  }
  auto types = must(handler::CoreTypes::parse(*btf));
  const std::string text =
      "syscall::open:entry { trace(curthread->cred->uid.val); trace(curthread->comm);"
      " trace(curthread->signal->pids[2]->numbers[0].nr); trace(((struct file *)arg0)->f_mode);"
      " trace(curthread->in_execve); trace(curthread->sched_reset_on_fork);"
      " trace(((struct sock *)arg0)->__sk_common.skc_num); trace(sizeof (struct task_struct));"
      " trace(offsetof (struct task_struct, pid)); trace(curthread->thread_info.flags); }";
  probec::KernelTypes kernel;
  probec::Options options;
  probec::CompileInput input{.sources = {{probec::SourceKind::Clause, text, text}},
                             .options = &options,
                             .kernel = &kernel};
  auto program = probec::compile(input);
  if (!program) {
    std::puts(("SKIPPED: this kernel's structures are others: " + program.error().message).c_str());
    std::exit(77);
  }
  Object object = must(Object::parse(program->object));
  auto values = must(types->values(object));
  CHECK(values.size() >= 12);
  for (size_t i = 0; i < values.size(); i++) {
    CAPTURE(object.core_str(object.core()[i].path));
    CHECK(values[i] == object.core()[i].reference);
  }
}

namespace {

const char* const kReadsMuch =
    "syscall::open:entry { this->t = (struct task *)arg0; trace(this->t->pid); "
    "trace(this->t->small);"
    " trace(this->t->next->pid); trace(this->t->flag); trace(this->t->delta); "
    "trace(this->t->uid.val);"
    " trace(this->t->a); trace(this->t->parts[3].y); trace(this->t->numbers[1]);"
    " trace(sizeof (struct task)); trace(offsetof (struct task, small)); }";

handler::Kernel kernel_named(bool b) {
  return handler::kernel_of_btf(b ? kernel_b() : kernel_a(), b ? "kernel B" : "kernel A");
}

std::string prelinked(const Object& object, bool for_b) {
  const auto types = must(handler::CoreTypes::parse(for_b ? kernel_b() : kernel_a()));
  return must(handler::prelink(object, must(types->values(object)), kernel_named(for_b)));
}

std::vector<uint64_t> all_traced(const std::string& elf, bool on_b,
                                 const handler::CoreTypes* types) {
  Run run(elf, {.ncpus = 1}, types);
  StringMemory memory(on_b ? memory_b() : memory_a());
  run.firing.mem = static_cast<GuestAccess*>(&memory);
  run.firing.args[0] = kBase;
  run.fire(kOpen);
  run.drain();
  REQUIRE(run.records.size() == 1);
  std::vector<uint64_t> numbers;
  for (const RecordedAction& a : run.records[0].actions) numbers.push_back(a.fields.at(0).number);
  return numbers;
}

}  // namespace

TEST_CASE("prelinked for a kernel, a program does without its types what it does with them") {
  const std::string elf = compiled_for_a(kReadsMuch);
  const Object object = must(Object::parse(elf));
  const std::string linked[] = {prelinked(object, false), prelinked(object, true)};
  CHECK(linked[0] != linked[1]);
  for (bool on_b : {false, true}) {
    CAPTURE(on_b);
    const Object again = must(Object::parse(linked[on_b]));
    CHECK(again.core().empty());
    REQUIRE(again.linked_for());
    CHECK(std::string(again.core_str(again.linked_for()->name)) == kernel_named(on_b).name);
    CHECK(again.source() == object.source());
    const auto types = must(handler::CoreTypes::parse(on_b ? kernel_b() : kernel_a()));
    const std::vector<uint64_t> numbers = all_traced(linked[on_b], on_b, nullptr);
    CHECK(numbers == all_traced(elf, on_b, types.get()));
    CHECK(static_cast<int64_t>(numbers.at(2)) == -7);
    CHECK(numbers != all_traced(linked[!on_b], on_b, nullptr)); /* so it matters which */
  }
}

TEST_CASE("a prelinked program runs on its kernel alone, and is not linked twice") {
  const Object object = must(Object::parse(compiled_for_a(kReadsMuch)));
  CHECK(handler::check_kernel(object, kernel_named(true)));
  const Object linked = must(Object::parse(prelinked(object, false)));
  CHECK(handler::check_kernel(linked, kernel_named(false)));
  const auto other = handler::check_kernel(linked, kernel_named(true));
  REQUIRE(!other);
  CHECK(other.error().message.find("linked for kernel A") != std::string::npos);
  CHECK(other.error().message.find("kernel B has other types") != std::string::npos);
  const auto twice = handler::prelink(linked, {}, kernel_named(true));
  REQUIRE(!twice);
  CHECK(twice.error().message.find("linked for kernel A already") != std::string::npos);
  CHECK(!handler::prelink(object, {}, kernel_named(true)));

  const std::string plain = compiled_for_a("syscall::open:entry { trace(arg0); }");
  CHECK(must(handler::prelink(must(Object::parse(plain)), {}, kernel_named(true))) == plain);
}

TEST_CASE("a damaged prelinked object is refused, or safe to read and link") {
  const std::string sound = prelinked(must(Object::parse(compiled_for_a(kReadsMuch))), false);
  const size_t tail = sizeof(hp_core_header) + sizeof(hp_core_kernel) + 10;
  size_t refused = 0;
  for (size_t i = sound.size() - tail; i < sound.size(); i++)
    for (unsigned char value : {0, 1, 0x7f, 0xff}) {
      std::string damaged = sound;
      damaged[i] = static_cast<char>(value);
      const auto read = Object::parse(damaged);
      refused += !read;
      if (!read) continue;
      if (read->linked_for()) CHECK(std::strlen(read->core_str(read->linked_for()->name)) < tail);
      (void)handler::check_kernel(*read, kernel_named(true));
      CHECK(handler::Image::link(*read, handler::primitives()).has_value());
    }
  CHECK(refused > 20);
}

TEST_CASE("A damaged .hyprobe.core is refused, or safe to read and link") {
  const std::string sound =
      compiled_for_a("syscall::open:entry { trace(((struct task *)arg0)->uid.val); }");
  const Object object = must(Object::parse(sound));
  size_t at = 0, size = 0;
  for (const Elf64_Shdr& s : object.sections())
    if (std::string_view(object.section_name(s)) == HP_OBJ_SECTION_CORE)
      at = s.sh_offset, size = s.sh_size;
  REQUIRE(size > sizeof(hp_core_header));
  size_t refused = 0;
  for (size_t i = 0; i < size; i++)
    for (unsigned char value : {0, 1, 0x7f, 0xff}) {
      std::string damaged = sound;
      damaged[at + i] = static_cast<char>(value);
      auto read = Object::parse(damaged);
      refused += !read;
      if (!read) continue;
      for (const hp_core_reloc& r : read->core())
        CHECK(std::strlen(read->core_str(r.type)) + std::strlen(read->core_str(r.path)) < size);
      auto image = handler::Image::link(*read, handler::primitives());
      CHECK((image || !image.error().message.empty()));
    }
  CHECK(refused > 40);
}
