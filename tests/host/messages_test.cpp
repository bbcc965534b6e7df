#include "host/messages.hpp"

#include <doctest/doctest.h>

using namespace hp;

TEST_CASE("errors name the probe, the fault and the action") {
  const ProbeName probe{123, "syscall", "vmlinux", "openat", "entry"};
  CHECK(error_message(2, probe, {HP_FLT_BADADDR, 1, 0, 0}) ==
        "error on enabled probe ID 2 (ID 123: syscall:vmlinux:openat:entry): invalid address (0x0) "
        "in action #1\n");
  CHECK(error_message(1, {1, "dtrace", "", "", "BEGIN"}, {HP_FLT_DIVZERO, 0, 7, 0}) ==
        "error on enabled probe ID 1 (ID 1: dtrace:::BEGIN): divide-by-zero in predicate\n");
  CHECK(error_message(1, probe, {HP_FLT_BADALIGN, 3, 0xabc, 16})
            .find("invalid alignment (0xabc) in action #3 at DIF offset 16\n") !=
        std::string::npos);
  CHECK(std::string(fault_text(999)) == "unknown fault");
}

TEST_CASE("drops are counted by reason, with a tag on request") {
  CHECK(drop_message(HP_DROP_PRINCIPAL, 1, false) == "1 drop on CPU 0\n");
  CHECK(drop_message(HP_DROP_PRINCIPAL, 12, true) == "[DTRACEDROP_PRINCIPAL] 12 drops on CPU 0\n");
  CHECK(drop_message(HP_DROP_AGGREGATION, 2, false, 3) == "2 aggregation drops on CPU 3\n");
  CHECK(drop_message(HP_DROP_DYNAMIC, 3, true) ==
        "[DTRACEDROP_DYNAMIC] 3 dynamic variable drops\n");
  CHECK(drop_message(HP_DROP_SPECUNAVAIL, 1, false) ==
        "1 failed speculation (no speculative buffer available)\n");
  CHECK(drop_message(HP_DROP_DBLERROR, 2, false) == "2 errors in ERROR probe enabling\n");
  CHECK(drop_message(99, 1, true) == "[DTRACEDROP_UNKNOWN] 1 drop for an unknown reason\n");
}
