/* The base folder: files are there whole or not at all, and nobody else's folder or file is used. */
#include "host/fleet_store.hpp"

#include <doctest/doctest.h>

#include "../support/temporary_directory.hpp"

using namespace hp;
using test::TemporaryDirectory;

TEST_CASE("the folder is made and is one coordinator's") {
  TemporaryDirectory folder;
  auto store = FleetStore::open(folder.path() + "/a/b");
  REQUIRE_MESSAGE(store, store.error().message);
  auto second = FleetStore::open(folder.path() + "/a/b");
  REQUIRE_FALSE(second);
  CHECK(second.error().code == EWOULDBLOCK);
  CHECK(second.error().message.find("(pid " + std::to_string(::getpid()) + ")") !=
        std::string::npos);
}
