/* Expressions of random D programs: by the type that is wanted. */
#include "d_text.hpp"

namespace hp::fuzz {

/* An index into an array: constants only where every array has that element. */
std::string TextGenerator::index(int depth) {
  if (below(3)) return one_of({"0", "1", "(arg2 & 1)", "gi", "(arg1 & 7)", "this->ti"});
  return "(arg2 + " + integer(depth) + ")";
}

std::string TextGenerator::constant() {
  return one_of({"0",
                 "1",
                 "2",
                 "-1",
                 "7",
                 "64",
                 "0x7fffffff",
                 "0x80000000",
                 "4294967295",
                 "0x7fffffffffffffff",
                 "0x8000000000000000",
                 "'a'",
                 "'ab'",
                 "sizeof (struct point)",
                 "GREEN",
                 "limit",
                 "offsetof(struct point, v)",
                 "10u",
                 "3ul",
                 "01777",
                 "$1",
                 "$$2 != 0",
                 "EINVAL",
                 "SIGKILL",
                 "O_CREAT"});
}

std::string TextGenerator::array_element(int depth) {
  std::string i = index(depth - 2);
  switch (below(9)) {
    case 0:
      return "garr[" + i + "]";
    case 1:
      return "ai[(int)(" + i + ") & 3]";
    case 2:
      return "as[" + string(depth - 1) + "]";
    case 3:
      return "self->qi[" + string(depth - 1) + ", 1, (long)(" + i + ")]";
    case 4:
      return "ak[" + std::string(one_of({"gp.in", "this->tp.list[1]", "self->sp.in"})) + "]";
    case 5:
      return "ap[(int)" + i + "].x";
    case 6:
      return "ap[1].v[" + i + "]";
    case 7:
      return "ap[0].b2";
    default:
      return "gp.list[" + i + "].s";
  }
}

std::string TextGenerator::integer_place(int depth) {
  if (depth > 0 && below(3) == 0) return array_element(depth);
  return one_of({"gi",
                 "gus",
                 "gc",
                 "gb",
                 "gl",
                 "gul",
                 "ge",
                 "self->si",
                 "self->suc",
                 "self->sl",
                 "this->ti",
                 "this->tul",
                 "this->tsc",
                 "gp.x",
                 "gp.b1",
                 "gp.b2",
                 "gp.b3",
                 "gp.in.s",
                 "gp.v[1]",
                 "self->sp.b3",
                 "self->sp.x",
                 "this->tp.b1",
                 "this->tp.v[2]",
                 "gu.i",
                 "this->tu.q",
                 "gp.list[1].tag[2]",
                 "garr[0]"});
}

std::string TextGenerator::integer(int depth) {
  if (depth <= 0 || done()) {
    switch (below(4)) {
      case 0:
      case 1:
        return constant();
      case 2:
        return integer_place(0);
      default:
        return one_of({"arg0",          "arg1", "arg2",       "arg3",        "pid",
                       "tid",           "ppid", "uid",        "gid",         "cpu",
                       "errno",         "epid", "id",         "timestamp",   "vtimestamp",
                       "walltimestamp", "ipl",  "stackdepth", "ustackdepth", "ucaller",
                       "vmid",          "vcpu", "$target",    "$pid",        "target",
                       "caller"});
    }
  }
  auto sub = [&] { return integer(depth - 1); };
  switch (below(22)) {
    case 0:
    case 1:
    case 2: {
      std::string a = sub();
      const char* op = one_of({"+", "-", "*", "/", "%", "&", "|", "^", "<<", ">>"});
      return "(" + a + " " + op + " " + sub() + ")";
    }
    case 3:
    case 4: {
      std::string a = sub();
      const char* op = one_of({"==", "!=", "<", "<=", ">", ">=", "&&", "||", "^^"});
      return "(" + a + " " + op + " " + sub() + ")";
    }
    case 5:
      return one_of({"-", "~", "!"}) + ("(" + sub() + ")");
    case 6:
      return "(" +
             std::string(one_of({"char", "unsigned char", "short", "uint16_t", "int", "unsigned",
                                 "long", "uint64_t", "_Bool"})) +
             ")(" + sub() + ")";
    case 7: {
      std::string a = sub(), b = sub();
      return "(" + a + " ? " + b + " : " + sub() + ")";
    }
    case 8:
      return "(" + integer_place(depth - 1) + one_of({"++", "--"}) + ")";
    case 9:
      return "(" + integer_place(depth - 1) + " " + one_of({"=", "+=", "*=", "^=", ">>="}) + " " +
             sub() + ")";
    case 10:
    case 11:
      return array_element(depth);
    case 12: {
      std::string a = string(depth - 1);
      if (below(5) == 0) return "(" + a + " != NULL)";
      const char* op = one_of({"==", "!=", "<", ">="});
      return "(" + a + " " + op + " " + string(depth - 1) + ")";
    }
    case 13:
      return "strlen(" + string(depth - 1) + ")";
    case 14: {
      std::string a = string(depth - 1), b = string(depth - 1);
      return std::string(one_of({"index", "rindex"})) + "(" + a + ", " + b +
             (below(2) ? ")" : ", " + integer(0) + ")");
    }
    case 15:
      return "strtoll(" + string(depth - 1) + (below(2) ? ")" : ", 16)");
    case 16:
      return std::string(one_of({"htons", "htonl", "htonll", "ntohs", "ntohl", "ntohll", "getmajor",
                                 "getminor"})) +
             "(" + sub() + ")";
    case 17:
      return "(*(" + std::string(one_of({"int", "char", "uint64_t", "short"})) + " *)" +
             address(depth - 1) + ")";
    case 18:
      return one_of({"rand()", "progenyof($pid)", "gb", "sizeof (gp)"});
    case 19:
      return "(" + sub() + ", " + sub() + ")";
    case 20:
      return "twice[" + sub() + "]";
    default:
      return "(int)" + structure(0) + ".x";
  }
}

std::string TextGenerator::string_place(int depth) {
  std::string i = integer(depth - 2);
  switch (below(8)) {
    case 0:
      return "gs";
    case 1:
      return "self->ss";
    case 2:
      return "this->ts";
    case 3:
      return "at[(int)" + i + ", " + string(depth - 2) + "]";
    case 4:
      return "self->qs[(int)" + i + "]";
    case 5:
      return "at[2, \"k\"]";
    case 6:
      return "at[1, execname]";
    default:
      return "self->qs[0]";
  }
}

std::string TextGenerator::string(int depth) {
  if (depth <= 0 || done())
    return one_of({"\"\"", "\"a\"", "\"/usr/./bin/../lib\"", "\"a,b;c\"", "execname", "probefunc",
                   "probename", "probeprov", "probemod", "vmname", "hostname", "gs", "self->ss",
                   "this->ts", "\"0x1fz\"", "greeting", "$$1", "stringof(gp.name)",
                   "\"long enough to be cut by a small strsize\""});
  auto sub = [&] { return string(depth - 1); };
  switch (below(17)) {
    case 0:
    case 1: {
      std::string a = sub();
      return "strjoin(" + a + ", " + sub() + ")";
    }
    case 2: {
      std::string a = sub();
      return "substr(" + a + ", " + integer(depth - 2) + (below(2) ? ")" : ", " + integer(0) + ")");
    }
    case 3:
      return "copyinstr(" + address(depth - 1) + (below(2) ? ")" : ", " + integer(0) + ")");
    case 4:
      return "stringof((char *)" + address(depth - 1) + ")";
    case 5: {
      std::string c = integer(depth - 2), a = sub();
      return "(" + c + " ? " + a + " : " + sub() + ")";
    }
    case 6:
      return std::string(one_of({"basename", "dirname", "cleanpath", "toupper", "tolower"})) + "(" +
             sub() + ")";
    case 7: {
      std::string a = sub();
      return std::string(one_of({"strstr", "strtok"})) + "(" + a + ", " + sub() + ")";
    }
    case 8:
      return "strtok(NULL, " + sub() + ")";
    case 9:
      return "lltostr(" + integer(depth - 1) + (below(2) ? ")" : ", 16)");
    case 10:
      return std::string(one_of({"strchr", "strrchr"})) + "(" + sub() + ", " +
             one_of({"'a'", "'/'", "0", "'\\0'", "arg2"}) + ")";
    case 11:
      return "inet_ntoa((ipaddr_t *)" + address(depth - 1) + ")";
    case 12:
      return "(" + string_place(depth - 1) + " = " + sub() + ")";
    case 13:
    case 14:
      return string_place(depth - 1);
    case 15:
      return one_of({"(string)gp.name", "stringof(this->tbuf)", "(string)self->sp.in.tag"});
    default:
      if (below(3)) return string_place(depth - 1);
      if (below(2)) return R"(json("{\"a\": [1, {\"b\": \"x\"}]}", "a[1].b"))";
      return "inet_ntop(" + std::string(one_of({"2", "10", "arg2"})) + ", (void *)" +
             address(depth - 1) + ")";
  }
}

std::string TextGenerator::address(int depth) {
  switch (below(depth > 0 ? 9 : 6)) {
    case 0:
      return "arg0";
    case 1:
      return "arg1";
    case 2:
      return "(arg0 + " + std::to_string(below(90)) + ")";
    case 3:
      return one_of({"0", "0x53c0000000000000", "0x53c1000000000000", "0x53c2000000000008",
                     "0xffffffffffffffff", "0x7f0000001000", "0x53c3000000000000"});
    case 4:
      return one_of({"garr", "this->tbuf", "&garr[1]", "gp.name", "gp.v", "self->sp.name"});
    case 5:
      return "arg3";
    case 6:
      return "(uintptr_t)copyin(" + address(depth - 1) + ", " + integer(0) + ")";
    case 7:
      return "(" + address(depth - 1) + " + " + integer(depth - 1) + ")";
    default:
      return "(uint64_t)(" + integer(depth - 1) + ")";
  }
}

std::string TextGenerator::structure(int depth) {
  if (depth > 0 && below(3) == 0) return "ap[(int)" + integer(depth - 2) + "]";
  return one_of({"gp", "self->sp", "this->tp", "ap[2]", "ap[0]"});
}

std::string TextGenerator::any(int depth) {
  switch (below(9)) {
    case 0:
      return integer(depth);
    case 1:
      return string(depth);
    case 2:
      return structure(depth);
    case 3:
      return one_of({"gu", "this->tu", "garr", "this->tbuf", "gp.v", "gp.list"});
    case 4:
      return one_of({"ge", "gb", "gp.in", "self->sp.name", "ap[1].list", "(enum color)arg2"});
    case 5:
      return "*((struct point *)" + address(0) + ")";
    case 6:
      return one_of({"self->where", "(void *)arg0", "gpath", "&garr[1]"});
    case 7:
      return "(" + std::string(one_of({"char", "short", "uint32_t", "_Bool"})) + ")" +
             integer(depth);
    default:
      return one_of({"usym(arg0)", "gc", "this->tsc", "'a'", "uaddr(ucaller)"});
  }
}

}  // namespace hp::fuzz
