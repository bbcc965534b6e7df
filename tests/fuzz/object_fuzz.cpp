/* libFuzzer: any bytes as a compiled D program. Reading must refuse or succeed cleanly, whatever it
 * lets through must be safe to read in full, and linking must refuse or succeed cleanly, also for one kernel. */
#include "../host/handler/visit.hpp"
#include "handler/link.hpp"
#include "handler/match.hpp"
#include "handler/prelink.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  auto object = hp::Object::parse({reinterpret_cast<const char*>(data), size});
  if (!object) return object.error().message.empty() ? 1 : 0;
  volatile size_t sink = hp::test::visit(*object);
  (void)sink;
  hp_seg_probe probe{.id = 4, .prov = "syscall", .mod = "vmlinux", .func = "read", .name = "entry"};
  (void)hp::handler::enabled_probe_id(*object, &probe, 1, 0, 0);
  auto image = hp::handler::Image::link(*object, hp::handler::primitives());
  if (!image && image.error().message.empty()) __builtin_trap();
  const std::vector<uint64_t> values(object->core().size(), 1);
  const auto linked = hp::handler::prelink(*object, values, {1, 2, "a kernel"});
  if (linked ? !hp::Object::parse(*linked) : linked.error().message.empty()) __builtin_trap();
  return 0;
}
