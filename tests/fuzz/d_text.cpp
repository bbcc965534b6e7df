#include "d_text.hpp"

namespace hp::fuzz {
namespace {

/* What every program declares: a type of each kind, variables of each scope and type. */
constexpr const char* kDeclarations = R"(
typedef struct inner { short s; char tag[5]; } inner_t;
struct point {
  int x; char name[12]; unsigned b1 : 3; int b2 : 5; long long b3 : 33;
  inner_t in; uint64_t v[3]; char *path; struct inner list[2];
};
union overlay { int i; unsigned char c[8]; uint64_t q; };
enum color { RED, GREEN = 5, BLUE = -1 };
inline int limit = 7 + 3 * GREEN;
inline int twice[int n] = n * 2;
inline string greeting = strjoin("he", "llo");
struct summary { int total; char first; uint64_t q; };
translator struct summary < struct point p > { total = p.x + p.b1; first = p.name[0]; q = p.v[1]; };
translator struct summary < struct inner *p > { total = p->s; first = p->tag[1]; };
int gi; unsigned short gus; char gc; _Bool gb; long long gl; uint64_t gul; string gs;
struct point gp; union overlay gu; int garr[5]; enum color ge;
self int si; self unsigned char suc; self long sl; self string ss; self struct point sp;
this short ti; this uint64_t tul; this string ts; this struct point tp; this union overlay tu;
this char tbuf[16]; this signed char tsc;
int ai[int]; int as[string]; string at[int, string]; long long ak[struct inner];
self uint64_t qi[string, int, long]; self string qs[int]; struct point ap[int];
char *gpath; self int spec; this char *scratch; self struct point *where;
syscall::mkdir:entry {
  @c1[probefunc] = count(); @s1[execname, execname] = sum(1); @m1[1, probefunc, probename] = min(1);
  @x1[vmname, cpu] = max(1); @a1[usym(arg0), (char)1] = avg(1); @d1[ustack()] = stddev(1);
  @q1[execname, 1] = quantize(1); @l1[(short)1] = lquantize(1, -10, 100, 7);
  @ll1[(short)1] = llquantize(1, 10, 0, 17, 20);
}
)";

constexpr const char* kKeyed[] = {"c1", "s1", "m1", "x1", "a1", "d1", "q1", "l1", "ll1"};

}  // namespace

std::string TextGenerator::declarations() {
  std::string text;
  if (below(2)) text += "#pragma D option quiet\n";
  if (below(4) == 0)
    text += std::string("#pragma D option strsize=") + one_of({"8", "16", "31", "256"}) + "\n";
  if (below(6) == 0)
    text += std::string("#pragma D option ") +
            one_of({"aggsortrev", "aggsortkey", "aggsortpos=1", "rawbytes", "flowindent", "agghist",
                    "aggpack", "aggzoom", "stackindent=3", "nspec=2"}) +
            "\n";
  return text + kDeclarations;
}

std::string TextGenerator::program() {
  std::string text = declarations();
  uint32_t n = 1 + below(5);
  for (uint32_t i = 0; i < n; i++) text += clause();
  return text;
}

std::string TextGenerator::clause() {
  std::string text =
      one_of({"BEGIN", "END", "ERROR", "syscall::open:entry", "syscall::open:return",
              "syscall::open:*", "syscall::read:entry", "syscall:::entry", "BEGIN, END",
              "syscall:::entry, syscall:::return", "dtrace:::", "BEGIN", "syscall:::"});
  if (below(3) == 0) text += " /" + integer(2) + "/";
  if (below(24) == 0) return text + " { }\n";
  if (below(6) == 0) return text + " " + speculation(2) + "\n";
  return text + " " + block(3) + "\n";
}

std::string TextGenerator::block(int depth) {
  std::string text = "{\n";
  uint32_t n = 1 + below(5);
  for (uint32_t i = 0; i < n; i++) text += "  " + statement(depth);
  return text + "}";
}

std::string TextGenerator::statement(int depth) {
  switch (depth <= 0 ? below(6) : below(16)) {
    case 0:
    case 1:
      return recording(depth) + ";\n";
    case 2:
      return integer_place(depth) + " " +
             one_of({"=", "=", "+=", "-=", "*=", "/=", "%=", "<<=", ">>=", "&=", "|=", "^="}) +
             " " + integer(depth) + ";\n";
    case 3:
      return string_place(depth) + " = " + string(depth) + ";\n";
    case 4:
    case 5:
      return aggregation(depth) + ";\n";
    case 6:
      return one_of({"++", "--"}) + integer_place(depth) + ";\n";
    case 7:
    case 8: {
      std::string text = "if (" + integer(depth - 1) + ") " + block(depth - 1);
      if (below(2)) text += " else " + block(depth - 1);
      return text + "\n";
    }
    case 9:
      return on_aggregations() + ";\n";
    case 10:
      return print_formatted(depth) + ";\n";
    case 11:
    case 12:
      return memory_statement(depth);
    case 13:
      return "self->spec = " + std::string(one_of({"0", "1", "2", "arg2"})) + ";\n";
    case 14:
      return integer_place(depth) + " = 0;\n";
    default:
      return integer(depth) + ";\n";
  }
}

std::string TextGenerator::recording(int depth) {
  switch (below(13)) {
    case 0:
    case 1:
      return "trace(" + integer(depth) + ")";
    case 2:
    case 3:
      return "trace(" + string(depth) + ")";
    case 4:
      return "trace(" + any(depth) + ")";
    case 5:
      return "print(" + any(depth) + ")";
    case 6:
      return "tracemem(" + address(depth) + ", " + std::to_string(1 + below(70)) +
             (below(2) ? ", " + integer(depth - 1) + ")" : ")");
    case 7:
      return one_of({"stack()", "ustack()", "ustack(3)", "stack(2)", "jstack()", "ustack(2, 64)"});
    case 8:
      return std::string(one_of({"sym", "mod", "func", "usym", "umod", "ufunc", "uaddr"})) + "(" +
             integer(depth - 1) + ")";
    case 9:
      return "exit(" + integer(1) + ")";
    case 10:
      return std::string("setopt(\"") +
             one_of({"quiet\"", "aggsortrev\"", "switchrate\", \"1s\"", "flowindent\"",
                     "rawbytes\"", "strsize\", \"4\"", "agghist\"", "aggzoom\""}) +
             ")";
    case 11:
      return "trace(" + structure(depth) + ")";
    default:
      return print_formatted(depth);
  }
}

/* printf with conversions that fit their arguments; sometimes with one that may not. */
std::string TextGenerator::print_formatted(int depth) {
  std::string format, arguments;
  uint32_t n = below(5);
  for (uint32_t i = 0; i < n; i++) {
    format += "%";
    if (below(3) == 0) format += one_of({"-", "0", "+", " ", "#", "'", "-0", "+#"});
    bool star = below(8) == 0;
    if (star)
      format += "*", arguments += ", (int)(" + integer(0) + ")";
    else if (below(3) == 0)
      format += std::to_string(below(70));
    if (below(6) == 0) format += "." + std::to_string(below(40));
    if (below(3) == 0) {
      format += one_of({"s", "s", "S", "ws"});
      arguments += ", " + string(depth - 1);
    } else {
      format += one_of({"d",   "i",   "u",  "x", "X", "o", "c", "hd", "hx", "ld",
                        "lld", "llx", "lu", "C", "p", "a", "A", "Y",  "T",  "wc"});
      arguments += ", " + integer(depth - 1);
    }
    format += one_of({"", " ", "\\n", "%%", "\\t", "|\\x41\\101"});
  }
  if (format.empty()) format = "-";
  return "printf(\"" + format + "\"" + arguments + ")";
}

std::string TextGenerator::key(const char* name, int depth) {
  switch (name[0]) {
    case 's':
      return "[execname, " + string(depth - 1) + "]";
    case 'm':
      return "[" + integer(depth - 1) + ", probefunc, probename]";
    case 'x':
      return "[vmname, cpu]";
    case 'q':
      return "[" + string(depth - 1) + ", (int)" + integer(0) + "]";
    case 'd':
      return "[" + std::string(one_of({"ustack()", "ustack(4)"})) + "]";
    case 'a':
      return "[usym(arg0), (char)" + integer(0) + "]";
    case 'l':
      return "[(short)" + integer(depth - 1) + "]";
    default:
      return "[probefunc]";
  }
}

std::string TextGenerator::aggregation(int depth) {
  if (below(6) == 0) return one_of({"@ = count()", "@none = sum(arg2)", "@plain = quantize(arg1)"});
  uint32_t i = below(9);
  const char* name = kKeyed[i];
  std::string text = std::string("@") + name + key(name, depth) + " = ";
  std::string v = integer(depth - 1);
  std::string weight = below(3) ? "" : ", " + integer(0);
  switch (i) {
    case 0:
      return text + "count()";
    case 1:
      return text + "sum(" + v + ")";
    case 2:
      return text + "min(" + v + ")";
    case 3:
      return text + "max(" + v + ")";
    case 4:
      return text + "avg(" + v + ")";
    case 5:
      return text + "stddev(" + v + ")";
    case 6:
      return text + "quantize(" + v + weight + ")";
    case 7:
      return text + "lquantize(" + v + ", -10, 100, 7" + weight + ")";
    default:
      return text + "llquantize(" + v + ", 10, 0, 17, 20" + weight + ")";
  }
}

std::string TextGenerator::on_aggregations() {
  std::string name = "@" + std::string(kKeyed[below(9)]);
  switch (below(8)) {
    case 0:
      return "clear(" + name + ")";
    case 1:
      return "trunc(" + name + (below(2) ? ")" : ", " + std::to_string(below(4)) + ")");
    case 2:
      return "normalize(" + name + ", " + std::to_string(1 + below(200)) + ")";
    case 3:
      return "denormalize(" + name + ")";
    case 4:
      return "printa(" + name + ")";
    case 5:
      return "printa(\"%@d\\n\", " + name + ")";
    case 6:
      return "printa(\"%s %@20u\\n\", @q1)";
    default:
      return "printa(\"%-10s %@d %@x\\n\", @c1, @c1)";
  }
}

std::string TextGenerator::memory_statement(int depth) {
  std::string n = std::to_string(below(40)), a = address(depth - 1);
  switch (below(12)) {
    case 0:
      return "this->scratch = (char *)alloca(" + n + "); this->scratch[" + index(0) + "] = 'x';\n";
    case 1:
      return "this->scratch = (char *)copyin(" + a + ", " + n + "); trace(this->scratch[" +
             index(0) + "]);\n";
    case 2:
      return "this->scratch = (char *)alloca(" + n + "); bcopy(" + a + ", this->scratch, " +
             integer(0) + "); trace(stringof(this->scratch));\n";
    case 3:
      return "this->scratch = (char *)alloca(64); copyinto(" + a + ", " + integer(0) +
             ", this->scratch + " + n + "); tracemem(this->scratch, 16);\n";
    case 4:
      return structure(depth) + " = " + structure(depth) + ";\n";
    case 5:
      return "self->where = (struct point *)" + a + "; trace(self->where->v[" + index(0) +
             "]); trace(self->where->b2); trace(stringof(self->where->name));\n";
    case 6:
      return "gu.q = " + integer(depth - 1) + "; trace(gu.c[" + index(0) +
             "]); this->tu = gu; trace(this->tu.i);\n";
    case 7:
      return "gp = *(struct point *)copyin(" + a + ", sizeof (struct point)); trace(gp.in.s);\n";
    case 8:
      return "trace(xlate <struct summary> (" + structure(0) + ").total);\n";
    case 9:
      return "trace((xlate <struct summary *> ((struct inner *)" + a + "))->first);\n";
    case 10:
      return "this->tbuf[" + index(0) + "] = " + integer(0) +
             "; trace((string)this->tbuf); print(this->tbuf);\n";
    default:
      return "gpath = (char *)" + a + "; trace(stringof(gpath)); trace(*gpath);\n";
  }
}

/* A whole body: one kind of speculation action, before what it may be combined with. */
std::string TextGenerator::speculation(int depth) {
  switch (below(5)) {
    case 0:
      return "{ self->spec = speculation(); " + statement(depth) + "}";
    case 1: {
      std::string text = "{ speculate(self->spec); ";
      uint32_t n = 1 + below(3);
      for (uint32_t i = 0; i < n; i++) text += print_formatted(depth) + "; ";
      return text + "trace(" + string(depth) + "); }";
    }
    case 2:
      return "{ commit(" + std::string(one_of({"self->spec", "self->spec", "1", "arg2"})) +
             "); self->spec = 0; }";
    case 3:
      return "{ " + integer_place(1) + " = speculation(); " + string_place(1) + " = " + string(1) +
             "; }";
    default:
      return "{ discard(" + std::string(one_of({"self->spec", "2", "gi"})) + "); }";
  }
}

}  // namespace hp::fuzz
