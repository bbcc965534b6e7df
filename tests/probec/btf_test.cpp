// Types by BTF: a small blob made by hand, the same blob damaged in every byte, and chains that do not end.
#include "probec/btf.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>

#include "probec/compiler.hpp"
#include "probec/kernel_types.hpp"

using namespace hp::probec;

namespace {

class Blob {
 public:
  uint32_t text(const std::string& s) {
    uint32_t at = static_cast<uint32_t>(strings_.size());
    strings_ += s + '\0';
    return at;
  }
  /* Adds a record and returns its id. */
  uint32_t add(const std::string& name, uint32_t kind, uint32_t count, uint32_t size_or_type,
               std::vector<uint32_t> tail = {}, bool flag = false) {
    put(name.empty() ? 0 : text(name));
    put(kind << 24 | count | (flag ? 1u << 31 : 0));
    put(size_or_type);
    for (uint32_t word : tail) put(word);
    return ++count_;
  }
  std::string build() const {
    std::string out(24, '\0');
    uint32_t words[] = {0x0001eb9f,
                        24,
                        0,
                        static_cast<uint32_t>(types_.size()),
                        static_cast<uint32_t>(types_.size()),
                        static_cast<uint32_t>(strings_.size())};
    std::memcpy(out.data(), words, sizeof words);
    return out + types_ + strings_;
  }

 private:
  void put(uint32_t word) { types_.append(reinterpret_cast<const char*>(&word), sizeof word); }
  std::string types_, strings_{'\0'};
  uint32_t count_ = 0;
};

enum : uint32_t {
  kInt = 1,
  kPtr = 2,
  kArray = 3,
  kStruct = 4,
  kUnion = 5,
  kEnum = 6,
  kTypedef = 8
};
enum : uint32_t { kConst = 10, kFunc = 12, kProto = 13, kVar = 14, kTypeTag = 18 };

/* struct task { int pid; char comm[16]; struct task *parent; unsigned flag : 3; state_t state;
 *               union { long a; const char __user *b; }; }; */
std::string task_blob() {
  Blob b;
  uint32_t number = b.add("int", kInt, 0, 4, {1u << 24 | 32});
  uint32_t chars = b.add("char", kInt, 0, 1, {1u << 24 | 8});
  uint32_t comm = b.add("", kArray, 0, 0, {chars, number, 16});
  uint32_t bits = b.add("unsigned int", kInt, 0, 4, {32});
  uint32_t parent = b.add("", kPtr, 0, 10);
  uint32_t state = b.add("state_t", kTypedef, 0, 7);
  b.add("state", kEnum, 2, 4, {b.text("RUNNING"), 0, b.text("STOPPED"), 4});
  uint32_t big = b.add("long int", kInt, 0, 8, {1u << 24 | 64});
  uint32_t either = b.add("", kUnion, 2, 8, {b.text("a"), big, 0, b.text("b"), 12, 0});
  b.add(
      "task", kStruct, 6, 48,
      {b.text("pid"), number, 0, b.text("comm"), comm, 4 * 8, b.text("parent"), parent, 24 * 8,
       b.text("flag"), bits, 3u << 24 | 32 * 8, b.text("state"), state, 36 * 8, 0, either, 40 * 8},
      true);
  uint32_t tag = b.add("user", kTypeTag, 0, chars);
  b.add("", kPtr, 0, tag);
  uint32_t proto = b.add("", kProto, 1, number, {b.text("t"), parent});
  b.add("wake", kFunc, 1, proto);
  b.add("runqueue", kVar, 0, 10, {1});
  return b.build();
}

/* Everything that the blob says, looked at. */
size_t walk(BtfTypes& types, TypeTable& table) {
  table.set_source(&types);
  size_t members = 0;
  for (uint32_t id = 0; id <= types.size() + 1; ++id) {
    const Type& type = table[types.type(id, table)];
    members += type.members.size() + type.enumerators.size();
    for (const Member& m : type.members) {
      /* What code generation relies on. */
      const Type& of = table[m.type];
      CHECK(m.bit_offset / 8 + (m.bit_width ? 1 : of.size) <= type.size);
      if (m.bit_width) CHECK(m.bit_width <= of.size * 8);
    }
  }
  table.set_source(nullptr);
  return members;
}

tl::expected<CheckedProgram, Diagnostic> checked(const std::string& text, TypeSource* kernel) {
  Options options;
  CompileInput input;
  input.options = &options;
  input.sources = {{SourceKind::Script, "f.d", text}};
  input.arguments = {"f.d"};
  input.kernel = kernel;
  return check(input);
}

Tag tag_of(const std::string& text) {
  auto types = BtfTypes::parse(task_blob());
  REQUIRE(types);
  auto result = checked(text, types->get());
  return result ? Tag::None : result.error().tag;
}

}  // namespace

TEST_CASE("btf: a structure has the members that the blob gives it") {
  auto types = BtfTypes::parse(task_blob());
  REQUIRE(types);
  TypeTable table;
  table.set_source(types->get());
  const Type& task = table[(*types)->type(10, table)];
  CHECK(task.name == "struct task");
  CHECK(task.size == 48);
  REQUIRE(task.members.size() == 6);
  CHECK(task.members[1].name == "comm");
  CHECK(table[task.members[1].type].count == 16);
  CHECK(table[task.members[2].type].target == (*types)->type(10, table));
  CHECK(task.members[3].bit_width == 3);
  CHECK(table.name(task.members[4].type) == "state_t");
  CHECK(table[task.members[4].type].enumerators.at(1).value == 4);
  const Type& either = table[task.members[5].type];
  CHECK(either.kind == TypeKind::Union);
  CHECK(table[either.members.at(1).type].space == Space::User);
}

TEST_CASE("btf: a program uses a kernel's types without declaring them") {
  CHECK(tag_of("BEGIN { trace(sizeof (struct task)); }") == Tag::None);
  CHECK(tag_of("BEGIN { trace(offsetof(struct task, comm)); }") == Tag::None);
  CHECK(tag_of("BEGIN { trace(((struct task *)arg0)->parent->comm); }") == Tag::None);
  CHECK(tag_of("BEGIN { trace(((struct vmlinux`task *)arg0)->b); }") == Tag::None);
  CHECK(tag_of("BEGIN { trace((state_t)1); }") == Tag::None);
  CHECK(tag_of("state_t s; BEGIN { s = 4; trace(sizeof (state_t)); }") == Tag::None);
  CHECK(tag_of("BEGIN { trace(((struct task *)arg0)->nonesuch); }") == Tag::D_TYPE_MEMBER);
  CHECK(tag_of("BEGIN { trace(sizeof (struct other)); }") == Tag::D_SIZEOF_TYPE);
  CHECK(tag_of("BEGIN { trace(sizeof (other_t)); }") == Tag::D_IDENT_UNDEF);
}

TEST_CASE("btf: a program may declare the same names anew") {
  CHECK(tag_of("struct task { int mine; }; struct task t; BEGIN { t.mine = 1; }") == Tag::None);
  CHECK(tag_of("struct task; struct a { struct task *t; }; struct task { int mine; };"
               "struct a x; BEGIN { trace(x.t->mine); }") == Tag::None);
  CHECK(tag_of("BEGIN { trace(sizeof (struct task)); } struct task { int mine; };") == Tag::None);
  CHECK(tag_of("BEGIN { state_t = 4; trace(state_t); }") == Tag::None);
}

TEST_CASE("btf: symbols have the types of their records") {
  CHECK(tag_of("BEGIN { trace(`runqueue.pid); trace(vmlinux`runqueue.comm); }") == Tag::None);
  CHECK(tag_of("BEGIN { trace(&`wake); }") == Tag::None);
  CHECK(tag_of("BEGIN { trace(`nonesuch); }") == Tag::D_IDENT_UNDEF);
  CHECK(tag_of("BEGIN { trace(other`runqueue.pid); }") == Tag::D_IDENT_UNDEF);
}

TEST_CASE("btf: a damaged blob is refused or has fewer types, nothing else") {
  const std::string whole = task_blob();
  size_t parsed = 0, refused = 0;
  auto consider = [&](std::string blob) {
    auto types = BtfTypes::parse(std::move(blob));
    if (!types) return ++refused, void();
    ++parsed;
    TypeTable table;
    (void)walk(**types, table);
  };
  for (size_t size = 0; size < whole.size(); ++size) consider(whole.substr(0, size));
  for (size_t at = 0; at < whole.size(); ++at)
    for (unsigned char value : {0x00, 0x01, 0x04, 0x0a, 0x7f, 0x80, 0xff}) {
      std::string blob = whole;
      blob[at] = static_cast<char>(value);
      consider(std::move(blob));
    }
  CHECK(parsed > 1000);
  CHECK(refused > 100);
}

TEST_CASE("btf: chains of types that do not end are void") {
  Blob b;
  b.add("loop", kTypedef, 0, 1);
  b.add("", kPtr, 0, 2);
  b.add("", kConst, 0, 4);
  b.add("", kConst, 0, 3);
  b.add("", kArray, 0, 0, {5, 5, 3});
  b.add("self", kStruct, 1, 8, {b.text("again"), 6, 0});
  for (uint32_t id = 7; id < 2000; ++id) /* each has the next as a member */
    b.add("s" + std::to_string(id), kStruct, 1, 8, {b.text("next"), id + 1, 0});
  auto types = BtfTypes::parse(b.build());
  REQUIRE(types);
  TypeTable table;
  CHECK(walk(**types, table) > 0);
  CHECK(table[(*types)->type(1, table)].kind == TypeKind::Void);
}

TEST_CASE("btf: members outside of their structure are not there") {
  Blob b;
  uint32_t number = b.add("int", kInt, 0, 4, {1u << 24 | 32});
  uint32_t huge = b.add("", kArray, 0, 0, {number, number, 0xffffffff});
  b.add("s", kStruct, 4, 8,
        {b.text("in"), number, 32, b.text("out"), number, 64, b.text("far"), number, 0xfffffff8,
         b.text("huge"), huge, 0});
  b.add("t", kStruct, 2, 6,
        {b.text("bits"), number, 4u << 24 | 4 * 8, b.text("wide"), number, 40u << 24}, true);
  auto types = BtfTypes::parse(b.build());
  REQUIRE(types);
  TypeTable table;
  table.set_source(types->get());
  const Type& s = table[(*types)->type(3, table)];
  REQUIRE(s.members.size() == 2); /* the array without a size has none */
  CHECK(s.members[0].name == "in");
  CHECK(table[(*types)->type(4, table)].members.empty());
}

TEST_CASE("kernel types: a symbol is known by the list of symbols, and typed if BTF has it") {
  namespace fs = std::filesystem;
  fs::path dir = fs::temp_directory_path() / ("kernel_types_test." + std::to_string(getpid()));
  fs::create_directory(dir);
  std::ofstream(dir / "btf", std::ios::binary) << task_blob();
  std::ofstream(dir / "symbols") << "ffffffff81000000 T wake\n"
                                    "0000000000012340 A runqueue\n"
                                    "ffffffff82000000 D max_pfn\n"
                                    "ffffffffc0000000 d inside\t[loop]\n";
  auto tag = [&](const std::string& text, const char* btf = "btf") {
    KernelTypes kernel(KernelTypes::Files{dir / btf, dir / "symbols"});
    auto result = checked(text, &kernel);
    return result ? Tag::None : result.error().tag;
  };
  CHECK(tag("BEGIN { trace(`runqueue.pid); trace(&vmlinux`wake); }") == Tag::None);
  CHECK(tag("BEGIN { trace(`max_pfn); }") == Tag::D_SYM_NOTYPES);
  CHECK(tag("BEGIN { trace(loop`inside); }") == Tag::D_SYM_NOTYPES);
  CHECK(tag("BEGIN { trace(vmlinux`inside); }") == Tag::D_IDENT_UNDEF);
  CHECK(tag("BEGIN { trace(`nonesuch); }") == Tag::D_IDENT_UNDEF);
  CHECK(tag("BEGIN { trace(`runqueue.pid); }", "no such file") == Tag::D_SYM_NOTYPES);
  CHECK(tag("BEGIN { trace(sizeof (struct task)); }") == Tag::None);
  CHECK(tag("BEGIN { trace(sizeof (struct task)); }", "no such file") == Tag::D_SIZEOF_TYPE);
  fs::remove_all(dir);
}

TEST_CASE("kernel types: of the kernel that the test runs on") {
  KernelTypes kernel;
  TypeTable table;
  if (!std::filesystem::exists("/sys/kernel/btf/vmlinux")) {
    MESSAGE("SKIPPED: this kernel has no BTF");
    return;
  }
  CHECK(kernel.has_typedef("pid_t"));
  auto program = checked(
      "BEGIN { trace(curthread->comm); trace(curthread->mm->pgd); "
      "trace(sizeof (struct file)); trace(offsetof(struct task_struct, pid)); }",
      &kernel);
  CHECK(program);
}
