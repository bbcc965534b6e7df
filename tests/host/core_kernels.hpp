/* BTF of two kernels that never were, whose structures have the same names and differ in all else. */
#pragma once
#include <bpf/btf.h>

#include <cstdint>
#include <string>
#include <vector>

#include "transport/result.hpp"

namespace hp::test {

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
      HP_CHECK(btf__add_field(b, m.name, m.type, m.bits, m.width) == 0);
    return id;
  }
  /* long do_thing(struct task *, unsigned char), and a tracepoint with the same and a first argument of its own. */
  void functions(int task, int number, int result) {
    const int pointer = btf__add_ptr(b, task);
    const int proto = btf__add_func_proto(b, result);
    HP_CHECK(btf__add_func_param(b, "t", pointer) == 0 && btf__add_func_param(b, "n", number) == 0);
    btf__add_func(b, "do_thing", BTF_FUNC_STATIC, proto);
    const int any = btf__add_ptr(b, 0);
    const int traced = btf__add_func_proto(b, 0);
    HP_CHECK(btf__add_func_param(b, "__data", any) == 0 &&
             btf__add_func_param(b, "t", pointer) == 0 && btf__add_func_param(b, "n", number) == 0);
    btf__add_typedef(b, "btf_trace_thing", btf__add_ptr(b, traced));
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
inline std::string kernel_a() {
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
  HP_CHECK(btf__add_ptr(t.b, next + 1) == next);
  const int task = t.structure("task", 104,
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
  t.structure("task_struct", 8, {{"prio", i, 32}});
  t.functions(task, uc, l);
  return t.bytes();
}

/* The same names in another order, of other sizes: pid is a long, small 4 bytes, the bits elsewhere. */
inline std::string kernel_b(bool with_uid = true) {
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
  HP_CHECK(btf__add_ptr(t.b, next + 1) == next);
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
  t.structure("task_struct", 32, {{"prio", l, 128}});
  return t.bytes();
}

}  // namespace hp::test
