/* The runtime of D programs, compiled natively so that sanitizers see it: strings, numbers, paths,
 * scratch, dynamic variables (also from many processes, some killed), aggregations. */
#include "../../../probec/runtime/runtime.hpp"

#include <doctest/doctest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

extern "C" {
const uint32_t hp_strsize = 32;
const uint32_t hp_dyn_key_size = 24;
const uint32_t hp_dyn_val_size = 32;
const uint32_t hp_locals_size = 16;
const uint32_t hp_globals_size = 16;
}

namespace {

/* A context over a segment of shared, zeroed memory. */
struct World {
  static constexpr size_t kDyn = 64 << 10, kAgg = 32 << 10, kPrincipal = 512, kScratch = 2048;
  uint8_t* base;
  size_t size;
  hp_firing firing{};
  hp_ctx ctx{};
  uint64_t locals[2] = {};
  std::unique_ptr<uint8_t[]> scratch{
      new uint8_t[kScratch]}; /* of its own: sanitizers see its end */

  explicit World(size_t dyn = kDyn) {
    size = 4096 + 4096 + dyn + sizeof(hp_slot) + 2 * (kPrincipal + kAgg);
    base = static_cast<uint8_t*>(
        mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    REQUIRE(base != MAP_FAILED);
    auto* seg = reinterpret_cast<hp_seg_header*>(base);
    seg->globals_off = 4096;
    seg->globals_size = hp_globals_size;
    seg->dynvars_off = 8192;
    seg->dynvars_size = dyn;
    seg->slots_off = 8192 + dyn;
    seg->nslots = 1;
    seg->principal_size = kPrincipal;
    seg->agg_size = kAgg;
    ctx.seg = seg;
    ctx.slot = reinterpret_cast<hp_slot*>(base + seg->slots_off);
    ctx.firing = &firing;
    ctx.scratch = scratch.get();
    ctx.scratch_size = kScratch;
    ctx.locals = reinterpret_cast<uint8_t*>(locals);
    firing.host_tid = getpid();
  }
  ~World() { munmap(base, size); }
  World(const World&) = delete;
  World& operator=(const World&) = delete;
};

struct Key {
  uint64_t words[3];
  const uint8_t* bytes() const { return reinterpret_cast<const uint8_t*>(words); }
};

std::string str(const char* s) {
  return s ? s : "(null)";
}

}  // namespace

TEST_CASE("runtime: substr counts from the end when negative, as the guide's examples do") {
  World w;
  auto sub = [&](const char* s, int64_t i, int64_t n) {
    w.ctx.scratch_used = 0;
    return str(hp_rt_substr(&w.ctx, s, i, n));
  };
  const int64_t rest = INT64_MAX;
  CHECK(sub("foobarbaz", 3, rest) == "barbaz");
  CHECK(sub("foobarbaz", 300, rest) == "");
  CHECK(sub("foobarbaz", -10, 1) == "");
  CHECK(sub("foobarbaz", -10, 2) == "f");
  CHECK(sub("foobarbaz", 0, 2) == "fo");
  CHECK(sub("foobarbaz", 1, -1) == "oobarba");
  CHECK(sub("foobarbaz", 0, -7) == "fo");
  CHECK(sub("foobarbaz", -400, -1) == "");
  CHECK(sub("foobarbaz", 3, -400) == "");
  CHECK(sub("foobarbaz", -4, rest) == "rbaz");
  CHECK(sub("CRAIG", -5, -4) == "C");
  CHECK(sub("", 0, rest) == "");
  CHECK(sub(nullptr, 0, rest) == "");
  CHECK(sub("foobarbaz", INT64_MIN, INT64_MIN) == "");
  CHECK(sub("foobarbaz", INT64_MAX, INT64_MAX) == "");
}

TEST_CASE("runtime: strings are cut at strsize - 1 bytes and scratch use follows their length") {
  World w;
  std::string longest(200, 'x');
  CHECK(hp_rt_strlen(longest.c_str()) == 31);
  CHECK(str(hp_rt_strjoin(&w.ctx, "0123456789012345", "6789012345678901234")) ==
        "0123456789012345678901234567890");
  uint32_t before = w.ctx.scratch_used;
  CHECK(str(hp_rt_strjoin(&w.ctx, "ab", "cd")) == "abcd");
  CHECK(w.ctx.scratch_used == before + 8);
  char fixed[32];
  hp_rt_str_assign(fixed, longest.c_str());
  CHECK(std::string(fixed) == longest.substr(0, 31));
  CHECK(hp_rt_strcmp("a", "b") < 0);
  CHECK(hp_rt_strcmp("b", "a") > 0);
  CHECK(hp_rt_strcmp("ab", "a") > 0);
  CHECK(hp_rt_strcmp("a", "a") == 0);
  CHECK(hp_rt_strcmp(nullptr, "") == 0);
  CHECK(hp_rt_strcmp("\xff", "a") > 0);
}

TEST_CASE("runtime: scratch that is used up faults and gives nothing") {
  World w;
  CHECK(hp_rt_alloc(&w.ctx, World::kScratch) != nullptr);
  CHECK(hp_rt_alloc(&w.ctx, 1) == nullptr);
  CHECK(w.ctx.fault == HP_FLT_NOSCRATCH);
  w.ctx.fault = w.ctx.scratch_used = 0;
  CHECK(hp_rt_alloc(&w.ctx, ~0ull) == nullptr);
  CHECK(w.ctx.fault == HP_FLT_NOSCRATCH);
  w.ctx.fault = 0;
  CHECK(hp_rt_alloc(&w.ctx, 0) != nullptr);
}

TEST_CASE("runtime: searching and cutting strings") {
  World w;
  CHECK(str(hp_rt_strchr(&w.ctx, "fooeyfooeyfoo", 'y')) == "yfooeyfoo");
  CHECK(str(hp_rt_strrchr(&w.ctx, "fooeyfooeyfoo", 'y')) == "yfoo");
  CHECK(hp_rt_strchr(&w.ctx, "foo", 'z') == nullptr);
  CHECK(str(hp_rt_strstr(&w.ctx, "fooeyfooeyfoo", "yfo")) == "yfooeyfoo");
  CHECK(hp_rt_strstr(&w.ctx, "foo", "fooo") == nullptr);
  CHECK(hp_rt_index("fooeyfooeyfoo", "ey", 0) == 3);
  CHECK(hp_rt_index("fooeyfooeyfoo", "ey", 4) == 8);
  CHECK(hp_rt_index("foo", "x", 0) == -1);
  CHECK(hp_rt_index("foo", "", 2) == 2);
  CHECK(hp_rt_index("foo", "", 9) == 3);
  CHECK(hp_rt_rindex("fooeyfooeyfoo", "ey", INT64_MAX) == 8);
  CHECK(hp_rt_rindex("fooeyfooeyfoo", "ey", 7) == 3);
  CHECK(hp_rt_rindex("foo", "foo", 0) == 0);
  w.ctx.scratch_used = 0;
  CHECK(str(hp_rt_strtok(&w.ctx, "/a//b/", "/")) == "a");
  CHECK(str(hp_rt_strtok(&w.ctx, nullptr, "/")) == "b");
  CHECK(hp_rt_strtok(&w.ctx, nullptr, "/") == nullptr);
  CHECK(hp_rt_strtok(&w.ctx, nullptr, "/") == nullptr);
  CHECK(w.ctx.fault == 0);
  w.ctx.strtok = nullptr;
  CHECK(hp_rt_strtok(&w.ctx, nullptr, "/") == nullptr);
  CHECK(w.ctx.fault == HP_FLT_BADADDR);
  CHECK(str(hp_rt_toupper(&w.ctx, "aZ09z")) == "AZ09Z");
  CHECK(str(hp_rt_tolower(&w.ctx, "aZ09Z")) == "az09z");
  CHECK(hp_rt_char_at(&w.ctx, "abc", 1) == 'b');
  CHECK(hp_rt_char_at(&w.ctx, "abc", 3) == 0);
  CHECK(hp_rt_char_at(&w.ctx, "abc", -1) == 0);
}

TEST_CASE("runtime: paths and numbers") {
  World w;
  auto run = [&](const char* (*f)(hp_ctx*, const char*), const char* s) {
    w.ctx.scratch_used = 0;
    return str(f(&w.ctx, s));
  };
  CHECK(run(hp_rt_basename, "/usr/bin/cat") == "cat");
  CHECK(run(hp_rt_basename, "/usr/") == "usr");
  CHECK(run(hp_rt_basename, "/") == "/");
  CHECK(run(hp_rt_basename, "") == ".");
  CHECK(run(hp_rt_dirname, "/usr/bin/cat") == "/usr/bin");
  CHECK(run(hp_rt_dirname, "/usr") == "/");
  CHECK(run(hp_rt_dirname, "usr") == ".");
  CHECK(run(hp_rt_dirname, "/usr//bin//") == "/usr");
  CHECK(run(hp_rt_dirname, "///") == "/");
  CHECK(run(hp_rt_cleanpath, "/a/./b//c/../d") == "/a/b/d");
  CHECK(run(hp_rt_cleanpath, "/../..") == "/");
  CHECK(run(hp_rt_cleanpath, "../a/..") == "..");
  CHECK(run(hp_rt_cleanpath, "a/../b") == "b");
  CHECK(str(hp_rt_lltostr(&w.ctx, INT64_MIN, 10)) == "-9223372036854775808");
  CHECK(str(hp_rt_lltostr(&w.ctx, 255, 16)) == "0xff");
  CHECK(str(hp_rt_lltostr(&w.ctx, 8, 8)) == "010");
  CHECK(hp_rt_lltostr(&w.ctx, 8, 99) == nullptr);
  CHECK(w.ctx.fault == HP_FLT_ILLOP);
  CHECK(hp_rt_strtoll("  -42x", 10) == -42);
  CHECK(hp_rt_strtoll("0x1F", 16) == 31);
  CHECK(hp_rt_strtoll("zz", 36) == 35 * 36 + 35);
  CHECK(hp_rt_strtoll("", 10) == 0);
}

TEST_CASE("runtime: D pointers reach exactly the areas they are tagged for") {
  World w;
  uint64_t p = hp_rt_alloca(&w.ctx, 8);
  hp_rt_store(&w.ctx, p, 0x1122334455667788, 8);
  CHECK(hp_rt_load(&w.ctx, p + 4, 4) == 0x11223344);
  CHECK(w.ctx.fault == 0);
  hp_rt_load(&w.ctx, p + 4, 8);
  CHECK(w.ctx.fault == HP_FLT_BADADDR);
  CHECK(w.ctx.fault_addr == p + 4);
  for (uint64_t bad :
       std::vector<uint64_t>{0, 8, HP_RT_LOCAL_TAG + 16, HP_RT_LOCAL_TAG - 1, HP_RT_GLOBAL_TAG + 15,
                             HP_RT_SCRATCH_TAG + (1ull << 47), ~0ull}) {
    w.ctx.fault = 0;
    hp_rt_store(&w.ctx, bad, 1, 2);
    CHECK(w.ctx.fault == HP_FLT_BADADDR);
  }
  w.ctx.fault = 0;
  hp_rt_store(&w.ctx, HP_RT_LOCAL_TAG + 8, 5, 8);
  CHECK(w.locals[1] == 5);
  hp_rt_store(&w.ctx, HP_RT_GLOBAL_TAG + 14, 7, 2);
  CHECK(w.base[4096 + 14] == 7);
  CHECK(w.ctx.fault == 0);
  /* a string that nothing ends stops at the end of what is in use */
  w.ctx.scratch_used = 8;
  std::memset(w.ctx.scratch, 'a', 8);
  CHECK(str(hp_rt_stringof(&w.ctx, HP_RT_SCRATCH_TAG)) == "aaaaaaaa");
  CHECK(hp_rt_stringof(&w.ctx, HP_RT_SCRATCH_TAG + 2000) == nullptr);
}

TEST_CASE("runtime: dynamic variables are stored, replaced, freed, and dropped when full") {
  World w;
  Key k{{1, 2, 3}};
  CHECK(hp_rt_dyn_get(&w.ctx, k.bytes(), 24) == 0);
  hp_rt_dyn_set(&w.ctx, k.bytes(), 24, 99);
  CHECK(hp_rt_dyn_get(&w.ctx, k.bytes(), 24) == 99);
  CHECK(hp_rt_dyn_get(&w.ctx, k.bytes(), 16) == 0); /* another tuple */
  hp_rt_dyn_set(&w.ctx, k.bytes(), 24, 0);
  CHECK(hp_rt_dyn_get(&w.ctx, k.bytes(), 24) == 0);
  hp_rt_dyn_set_str(&w.ctx, k.bytes(), 24, "text");
  CHECK(str(hp_rt_dyn_get_str(&w.ctx, k.bytes(), 24)) == "text");
  hp_rt_dyn_set_str(&w.ctx, k.bytes(), 24, nullptr);
  CHECK(hp_rt_dyn_get_str(&w.ctx, k.bytes(), 24) == nullptr);
  CHECK(w.ctx.seg->drops[HP_DROP_DYNAMIC] == 0);

  auto fill = [&] {
    uint64_t n = 0;
    for (;; n++) {
      Key key{{7, n, 0}};
      hp_rt_dyn_set(&w.ctx, key.bytes(), 24, n + 1);
      if (w.ctx.seg->drops[HP_DROP_DYNAMIC]) return n;
    }
  };
  uint64_t held = fill();
  CHECK(held > World::kDyn / 160);
  CHECK(held < World::kDyn / (16 + 24 + 32));
  for (uint64_t i = 0; i < held; i++) {
    Key key{{7, i, 0}};
    CHECK(hp_rt_dyn_get(&w.ctx, key.bytes(), 24) == i + 1);
    hp_rt_dyn_free(&w.ctx, key.bytes(), 24);
  }
  w.ctx.seg->drops[HP_DROP_DYNAMIC] = 0;
  CHECK(fill() == held); /* everything freed can be used again */
}

TEST_CASE("runtime: a region without room drops every dynamic variable and harms nothing") {
  for (size_t size : {0, 8, 4096, 4400}) {
    World w(size);
    Key k{{1, 2, 3}};
    hp_rt_dyn_set(&w.ctx, k.bytes(), 24, 1);
    CHECK(hp_rt_dyn_get(&w.ctx, k.bytes(), 24) == (w.ctx.seg->drops[HP_DROP_DYNAMIC] ? 0 : 1));
  }
}

TEST_CASE("runtime: dynamic variables survive processes that are killed while they use them") {
  World w;
  constexpr int kWorkers = 4;
  auto* rounds = reinterpret_cast<volatile uint64_t*>(w.base + 4096);
  auto work = [&](uint64_t id, uint64_t limit) {
    w.firing.host_tid = getpid();
    w.ctx.scratch_used = 0;
    for (uint64_t i = 0; i < limit; i++) {
      Key mine{{id, i % 50, 0}}, shared{{100, i % 5, 0}};
      hp_rt_dyn_set(&w.ctx, mine.bytes(), 24, id * 1000 + i % 50);
      hp_rt_dyn_set(&w.ctx, shared.bytes(), 24, i | 1);
      if (hp_rt_dyn_get(&w.ctx, mine.bytes(), 24) != id * 1000 + i % 50) _exit(1);
      if (i % 3 == 0) hp_rt_dyn_free(&w.ctx, shared.bytes(), 24);
      if (i % 7 == 0) hp_rt_dyn_free(&w.ctx, mine.bytes(), 24);
      if (id == 1) *rounds = i + 1;
    }
  };
  pid_t workers[kWorkers];
  for (int i = 0; i < kWorkers; i++)
    if ((workers[i] = fork()) == 0) {
      work(static_cast<uint64_t>(i) + 1, i == 0 ? ~0ull : 40000);
      _exit(0);
    }
  /* Replace the first worker again and again, killing it wherever it is. */
  for (int kill_round = 0; kill_round < 30; kill_round++) {
    uint64_t seen = *rounds;
    while (*rounds < seen + 20 && *rounds >= seen) sched_yield();
    kill(workers[0], SIGKILL);
    waitpid(workers[0], nullptr, 0);
    *rounds = 0;
    if ((workers[0] = fork()) == 0) {
      work(1, ~0ull);
      _exit(0);
    }
  }
  while (*rounds == 0) sched_yield();
  kill(workers[0], SIGKILL);
  waitpid(workers[0], nullptr, 0);
  for (int i = 1; i < kWorkers; i++) {
    int status = -1;
    waitpid(workers[i], &status, 0);
    CHECK(status == 0);
  }
  work(9, 1000); /* and the table still works */
  CHECK(w.ctx.seg->drops[HP_DROP_DYNAMIC] == 0);
}

TEST_CASE("runtime: aggregation entries are found again, and drops counted when there is no room") {
  World w;
  uint64_t n = 0;
  for (; !w.ctx.seg->drops[HP_DROP_AGGREGATION]; n++) {
    Key k{{n, 5, 0}};
    uint64_t* v = hp_rt_agg(&w.ctx, 0, k.bytes(), 16, 1, 0);
    if (v) hp_rt_agg_count(v, 0);
  }
  n--;
  CHECK(n == (World::kAgg - HP_AGG_BUCKETS * 4) / (16 + 16 + 8));
  for (uint64_t i = 0; i < n; i++) {
    Key k{{i, 5, 0}};
    uint64_t* v = hp_rt_agg(&w.ctx, 0, k.bytes(), 16, 1, 0);
    REQUIRE(v);
    CHECK(*v == 1);
    CHECK(hp_rt_agg(&w.ctx, 1, k.bytes(), 16, 1, 0) == nullptr); /* another aggregation, no room */
  }
  CHECK(w.ctx.slot->agg[0].entries == n);
}

TEST_CASE("runtime: stddev keeps 128-bit squares, min and max are signed") {
  uint64_t v[4] = {};
  hp_rt_agg_stddev(v, static_cast<uint64_t>(INT64_MIN));
  hp_rt_agg_stddev(v, static_cast<uint64_t>(INT64_MIN));
  CHECK(v[0] == 2);
  CHECK(v[2] == 0);
  CHECK(v[3] == 1ull << 63);
  uint64_t low = static_cast<uint64_t>(INT64_MAX), high = static_cast<uint64_t>(INT64_MIN);
  hp_rt_agg_min(&low, static_cast<uint64_t>(-3));
  hp_rt_agg_max(&high, static_cast<uint64_t>(-3));
  CHECK(static_cast<int64_t>(low) == -3);
  CHECK(static_cast<int64_t>(high) == -3);
}

TEST_CASE("runtime: a record that does not fit is dropped whole") {
  World w;
  CHECK(hp_rt_rec_begin(&w.ctx, World::kPrincipal + 8) == nullptr);
  CHECK(w.ctx.seg->drops[HP_DROP_PRINCIPAL] == 1);
  uint8_t* r = hp_rt_rec_begin(&w.ctx, World::kPrincipal);
  REQUIRE(r);
  CHECK(w.ctx.slot->principal[0].used == 0); /* nothing visible before the commit */
  hp_rt_rec_commit(&w.ctx, r, 40, HP_REC_CLAUSE);
  CHECK(w.ctx.slot->principal[0].used == 40);
  uint8_t text[48];
  std::memset(text, 0xee, sizeof text);
  CHECK(hp_rt_put_str(text, "123456789") == 24);
  CHECK(std::memcmp(text,
                    "\x09\0\0\0\0\0\0\0"
                    "123456789\0\0\0\0\0\0\0\xee",
                    25) == 0);
}
