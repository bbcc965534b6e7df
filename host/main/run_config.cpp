#include "run_config.hpp"

#include <array>
#include <charconv>

#include "transport/address.hpp"
#include "transport/json.hpp"

namespace hp {

namespace {

using C = RunConfig;
constexpr std::array kFields = {
    RunField{"name", &C::name, "vmname; default: the kernel file's name and a number"},
    RunField{"hostname", &C::hostname, "hostname that targets match; default: what the guest says"},
    RunField{"kernel", &C::kernel, "bzImage or vmlinux"},
    RunField{"initramfs", &C::initramfs, "initial RAM disk, as the kernel takes it"},
    RunField{"cmdline", &C::cmdline, "appended to the kernel's command line"},
    RunField{"disk", &C::disks, "FILE or FILE,ro: a raw image as a virtio disk; may be repeated"},
    RunField{
        "net", &C::nets,
        "tap=INTERFACE or socket=PATH, with ,mac=ADDRESS: a virtio network card; may be repeated"},
    RunField{"rng", &C::rng, "a virtio source of randomness"},
    RunField{"memory", &C::memory, "bytes, or with K, M or G; default 256M"},
    RunField{"cpus", &C::cpus, "number of CPUs; default 1"},
    RunField{"console", &C::console, "the serial port: stdio (default), pty, file=PATH or none"},
    RunField{"hvc", &C::hvc, "a virtio console, hvc0 in the guest: stdio, pty or file=PATH"},
    RunField{"doorbell", &C::doorbell, "how probes leave the guest: auto, vmcall, xen or out"},
    RunField{"on-reboot", &C::on_reboot,
             "what follows a reset or a panic: exit (default) or restart"},
    RunField{"stop-timeout", &C::stop_timeout,
             "seconds from the power button to the end of a guest that does not react; default 30"},
    RunField{"socket", &C::socket, "control socket of the coordinator"},
    RunField{"no-register", &C::no_register, "do not register with a coordinator"},
    RunField{"require-coordinator", &C::require_coordinator,
             "fail when no coordinator answers, instead of running unregistered"},
};

template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};
template <class... F>
Overloaded(F...) -> Overloaded<F...>;

auto wrong(std::string_view name, std::string_view should_be) {
  return fail(std::string(name) + ": it takes " + std::string(should_be));
}

bool one_of(std::string_view value, std::initializer_list<std::string_view> choices) {
  for (const std::string_view c : choices)
    if (value == c) return true;
  return false;
}

bool is_console(std::string_view value) {
  return one_of(value, {"stdio", "pty"}) || (value.starts_with("file=") && value.size() > 5);
}

/* A member's value as the texts that set_field() takes. */
Result<std::vector<std::string>> texts(const RunField& field, const Json& value) {
  const auto scalar = [](const Json& v) {
    return v.kind() == Json::String || v.kind() == Json::Unsigned;
  };
  const bool flag = std::holds_alternative<bool RunConfig::*>(field.member);
  const bool list = std::holds_alternative<std::vector<std::string> RunConfig::*>(field.member);
  const bool number = std::holds_alternative<uint64_t RunConfig::*>(field.member);
  if (flag) {
    if (value.kind() != Json::Bool) return wrong(field.name, "true or false");
    return std::vector<std::string>{value.boolean() ? "true" : "false"};
  }
  if (list && value.kind() == Json::Array) {
    std::vector<std::string> all;
    for (const Json& item : value.items()) {
      if (item.kind() != Json::String) return wrong(field.name, "a list of strings");
      all.push_back(item.string());
    }
    return all;
  }
  if (number && value.kind() != Json::Unsigned) return wrong(field.name, "a number");
  if (!scalar(value)) return wrong(field.name, list ? "a list of strings" : "a string");
  return std::vector<std::string>{value.string()};
}

}  // namespace

std::span<const RunField> run_fields() {
  return kFields;
}

Result<> set_field(RunConfig& c, const RunField& field, const std::vector<std::string>& values) {
  return std::visit(Overloaded{[&](std::string RunConfig::* m) -> Result<> {
                                 if (values.size() != 1) return wrong(field.name, "one value");
                                 c.*m = values[0];
                                 return {};
                               },
                               [&](uint64_t RunConfig::* m) -> Result<> {
                                 if (values.size() != 1) return wrong(field.name, "one value");
                                 const char* end = values[0].data() + values[0].size();
                                 const auto [at, error] =
                                     std::from_chars(values[0].data(), end, c.*m);
                                 if (error != std::errc() || at != end)
                                   return wrong(field.name, "a number");
                                 return {};
                               },
                               [&](bool RunConfig::* m) -> Result<> {
                                 c.*m = values.empty() || values[0] == "true";
                                 return {};
                               },
                               [&](std::vector<std::string> RunConfig::* m) -> Result<> {
                                 c.*m = values;
                                 return {};
                               }},
                    field.member);
}

Result<> apply_json(RunConfig& c, std::string_view text) {
  const Json json = HP_TRY(Json::parse(text));
  if (json.kind() != Json::Object) return fail("a configuration is a JSON object");
  for (size_t i = 0; i < json.items().size(); ++i) {
    const std::string& name = json.names()[i];
    const RunField* field = nullptr;
    for (const RunField& f : kFields)
      if (f.name == name) field = &f;
    if (field == nullptr) return fail("unknown key '" + name + "'");
    HP_TRYV(set_field(c, *field, HP_TRY(texts(*field, json.items()[i]))));
  }
  return {};
}

Result<> check_config(const RunConfig& c) {
  if (c.kernel.empty()) return wrong("kernel", "a file; there is no default");
  HP_TRYV(parse_memory(c.memory));
  if (c.cpus == 0 || c.cpus > 254) return wrong("cpus", "a number from 1 to 254");
  if (!is_console(c.console) && c.console != "none")
    return wrong("console", "stdio, pty, file=PATH or none");
  if (!is_console(c.hvc) && !c.hvc.empty()) return wrong("hvc", "stdio, pty or file=PATH");
  if (c.console == "stdio" && c.hvc == "stdio")
    return fail("console and hvc: only one of them can be stdio");
  if (!one_of(c.doorbell, {"auto", "vmcall", "xen", "out"}))
    return wrong("doorbell", "auto, vmcall, xen or out");
  if (!one_of(c.on_reboot, {"exit", "restart"})) return wrong("on-reboot", "exit or restart");
  if (c.stop_timeout > 86400) return wrong("stop-timeout", "seconds, at most a day");
  for (const std::string& disk : c.disks)
    if (parse_disk(disk).path.empty()) return wrong("disk", "FILE or FILE,ro");
  for (const std::string& net : c.nets) HP_TRYV(parse_net(net));
  if (c.no_register && c.require_coordinator)
    return fail("no-register and require-coordinator exclude each other");
  return {};
}

Result<uint64_t> parse_memory(std::string_view text) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const std::string_view unit(end, static_cast<size_t>(text.data() + text.size() - end));
  const unsigned shift = unit.empty()               ? 0
                         : one_of(unit, {"K", "k"}) ? 10
                         : one_of(unit, {"M", "m"}) ? 20
                         : one_of(unit, {"G", "g"}) ? 30
                                                    : 64;
  if (error != std::errc() || shift == 64 || value == 0 || value > (~0ull >> shift) ||
      (value << shift) % kPageSize != 0)
    return wrong("memory", "a size such as 512M or 2G, in whole pages");
  return value << shift;
}

DiskChoice parse_disk(std::string_view text) {
  constexpr std::string_view suffix = ",ro";
  const bool read_only = text.ends_with(suffix);
  if (read_only) text.remove_suffix(suffix.size());
  return {std::string(text), read_only};
}

Result<NetChoice> parse_net(std::string_view text) {
  constexpr std::string_view infix = ",mac=", tap = "tap=", socket = "socket=";
  NetChoice choice{text.starts_with(tap), {}, {}};
  const size_t mac = text.rfind(infix);
  std::string_view where = text.substr(0, mac);
  const bool known = choice.tap || text.starts_with(socket);
  if (known) where.remove_prefix(choice.tap ? tap.size() : socket.size());
  if (mac != text.npos) choice.mac = text.substr(mac + infix.size());
  if (!known || where.empty() || (mac != text.npos && choice.mac.empty()))
    return wrong("net", "tap=INTERFACE or socket=PATH, then ,mac=ADDRESS if you like");
  choice.where = where;
  return choice;
}

}  // namespace hp
