// Which paths below /proc are corrected, and how the monitor is taken out of their contents.
#include "proc_files.hpp"

#include <doctest/doctest.h>

using namespace hp::guest;

TEST_CASE("paths of /proc that would show the monitor") {
  auto kind = [](const char* path) { return classify_proc_path(path, 42).kind; };
  for (const char* path : {"/proc/self/exe", "/proc/thread-self/exe", "//proc/./self//exe",
                           "/proc/42/exe", "/proc/43/exe", "/proc/42/task/43/exe"}) {
    INFO(path);
    CHECK(kind(path) == ProcPath::kExe);
  }
  CHECK(kind("/proc/self/maps") == ProcPath::kMaps);
  CHECK(kind("/proc/42/status") == ProcPath::kStatus);
  CHECK(kind("/proc/self/stat") == ProcPath::kStat);
  CHECK(kind("/proc/43/limits") == ProcPath::kLimits);
  CHECK(kind("/proc/self/task/43/limits") == ProcPath::kLimits);
  CHECK(kind("/proc/43/status") == ProcPath::kStatus);
  CHECK(classify_proc_path("/proc/42/exe", 42).pid == 0);
  CHECK(classify_proc_path("/proc/43/exe", 42).pid == 43);
  for (const char* path : {"/proc/self/exe/x", "/proc/exe", "/proc/self/fd", "exe", "", "/",
                           "/proc/self", "/proc/4x/exe", "/proc/self/task/exe", "/procs/self/exe",
                           "/proc/43/maps", "/proc/stat", "/proc/self/task/42/stat"}) {
    INFO(path);
    CHECK(kind(path) == ProcPath::kNone);
  }
}

TEST_CASE("maps keeps the guest's lines and the kernel's, and names the heap") {
  std::string guest = "560000000000-560000001000 r-xp 00000000 fe:00 12 /usr/bin/foo\n";
  std::string heap = "560000001000-560000022000 rw-p 00000000 00:00 0 \n";
  std::string monitor = "7f8000000000-7f8000001000 r-xp 00000000 fe:00 13 /usr/bin/hyprobe-guest\n";
  std::string vdso = "7ffff7fc1000-7ffff7fc3000 r-xp 00000000 00:00 0          [vdso]\n";
  std::string named = heap.substr(0, heap.size() - 2);
  named.resize(73, ' ');
  CHECK(correct_maps(guest + heap + monitor + vdso, 0x560000001000, 0x560000022000) ==
        guest + named + "[heap]\n" + vdso);
  CHECK(correct_maps(guest + heap, 0, 0) == guest + heap);
  CHECK(correct_maps("", 0, 0) == "");
}

TEST_CASE("status and stat count the guest's threads and signals") {
  GuestStatus g{3, 0x1, 0x1000, 0x2, true};
  CHECK(correct_status("Name:\tx\nThreads:\t9\nSigBlk:\tfff\nSigIgn:\tfff\nSigCgt:\tfff\nX:\t1\n",
                       g) ==
        "Name:\tx\nThreads:\t3\nSigBlk:\t0000000000000001\nSigIgn:\t0000000000001000\n"
        "SigCgt:\t0000000000000002\nX:\t1\n");
  CHECK(correct_status("Name:\tx\n", g) == "Name:\tx\n");
  /* A name with spaces and parentheses; fields 3, 4, ... count up from there. */
  std::string stat = "7 (a ) b) S";
  for (int field = 4; field <= 52; field++) stat += " " + std::to_string(field);
  std::string fixed = correct_stat(stat + "\n", g);
  CHECK(fixed.find(" 19 3 21 ") != std::string::npos);
  CHECK(fixed.find(" 31 1 4096 2 35 ") != std::string::npos);
  CHECK(fixed.substr(0, 12) == "7 (a ) b) S ");
  g.signals_known = false;
  CHECK(correct_stat(stat + "\n", g).find(" 19 3 21 ") != std::string::npos);
  CHECK(correct_stat(stat + "\n", g).find(" 31 32 33 34 35 ") != std::string::npos);
  CHECK(fixed.back() == '\n');
}

TEST_CASE("a process that is no monitor like this one has no other program") {
  CHECK(program_of(999999999) == "");
}
