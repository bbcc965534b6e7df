#include "linux_guest/guest_kernel.hpp"

#include "guest.hpp"

using namespace hp;
using namespace hp::test;
using namespace hp::linux_guest;

namespace {

std::vector<std::string> function_names(const GuestKernel& k) {
  std::vector<std::string> names;
  for (const uint32_t i : k.functions()) names.emplace_back(k.symbols()[i].name);
  return names;
}

}  // namespace

TEST_CASE("functions are what may be probed, by name") {
  const auto k = value(GuestKernel::make(kernel_files()));
  CHECK(function_names(*k) == std::vector<std::string>{"ext4_readdir", "finish_task_switch.isra.0",
                                                       "helper", "helper", "vfs_read",
                                                       "vfs_write"});
  CHECK(k->functions_named("helper").size() == 2);
  CHECK(k->functions_named("vfs").empty());
}

TEST_CASE("addresses are the kernel's own wherever it was loaded, those of modules as listed") {
  const auto k = value(GuestKernel::make(kernel_files()));
  CHECK(k->address_of("", "vfs_write") == 0xffffffff81000200);
  CHECK(k->address_of("vmlinux", "jiffies") == 0xffffffff81000a00);
  CHECK(k->address_of("ext4", "ext4_readdir") == 0xffffffffc0000010);
  CHECK(!k->address_of("", "ext4_readdir"));
  CHECK(k->function_at(0xffffffff81000234)->name == "vfs_write");
  CHECK(k->function_at(0xffffffff81000a10) == nullptr);
  CHECK(k->function_at(0xffffffffc0000fff)->name == "init_module");
  CHECK(k->function_at(0xffffffffc0001000) == nullptr);
  CHECK(k->function_at(1) == nullptr);
}

TEST_CASE("tracepoints are found by name, also without a subsystem") {
  const auto k = value(GuestKernel::make(kernel_files()));
  REQUIRE(k->tracepoint("sched_switch"));
  CHECK(k->tracepoint("sched_switch")->subsystem == "sched");
  CHECK(k->tracepoint("odd_one")->subsystem == "");
  CHECK(k->tracepoint("sched") == nullptr);
}

TEST_CASE("a list that makes no sense is refused with the line") {
  const auto error = [](auto change) {
    KernelFiles f = kernel_files();
    change(f);
    auto r = GuestKernel::make(std::move(f));
    return r ? std::string() : r.error().message;
  };
  CHECK(error([](KernelFiles& f) { f.symbols = "0 T a\nx T b\n"; }) ==
        "the guest's list of symbols makes no sense in line 2");
  CHECK(!error([](KernelFiles& f) { f.symbols = "0 TT a\n"; }).empty());
  CHECK(!error([](KernelFiles& f) { f.symbols = "0 T \n"; }).empty());
  CHECK(!error([](KernelFiles& f) { f.symbols = "0 T a\1b\n"; }).empty());
  CHECK(!error([](KernelFiles& f) { f.symbols = "\n"; }).empty());
  CHECK(!error([](KernelFiles& f) { f.symbols = "11112222333344445 T a\n"; }).empty());
  CHECK(!error([](KernelFiles& f) { f.modules = "\t10 t orphan\n"; }).empty());
  CHECK(!error([](KernelFiles& f) { f.modules = "ext4 10\n"; }).empty());
  CHECK(!error([](KernelFiles& f) { f.modules = "ext4 ffffffffffffffff 2\n"; }).empty());
  CHECK(!error([](KernelFiles& f) { f.tracepoints = "sched\n"; }).empty());
  CHECK(!error([](KernelFiles& f) { f.tracepoints = "sched a b\n"; }).empty());
  CHECK(error([](KernelFiles& f) { f = {}; }).empty());
}
