#include "host/messages.hpp"

#include <cinttypes>
#include <iterator>

#include "host/text.hpp"

namespace hp {

const char* fault_text(uint32_t fault) {
  switch (fault) {
    case HP_FLT_BADADDR:
      return "invalid address";
    case HP_FLT_BADALIGN:
      return "invalid alignment";
    case HP_FLT_ILLOP:
      return "illegal operation";
    case HP_FLT_DIVZERO:
      return "divide-by-zero";
    case HP_FLT_NOSCRATCH:
      return "out of scratch space";
    case HP_FLT_KPRIV:
      return "invalid kernel access";
    case HP_FLT_UPRIV:
      return "invalid user access";
    case HP_FLT_TUPOFLOW:
      return "tuple stack overflow";
    case HP_FLT_BADSTACK:
      return "bad stack";
    case HP_FLT_LIBRARY:
      return "library-level fault";
    case HP_FLT_BADINDEX:
      return "index out of bounds";
    case HP_FLT_BADSIZE:
      return "size out of bounds";
    default:
      return "unknown fault";
  }
}

namespace {

std::string on_enabled_probe(uint32_t epid, const ProbeName& probe) {
  std::string out;
  appendf(out, "error on enabled probe ID %u (ID %u: %s:%s:%s:%s): ", epid, probe.id,
          probe.prov.c_str(), probe.mod.c_str(), probe.func.c_str(), probe.name.c_str());
  return out;
}

}  // namespace

std::string library_error(uint32_t epid, const ProbeName& probe, const std::string& what) {
  return on_enabled_probe(epid, probe) + what + "\n";
}

std::string error_message(uint32_t epid, const ProbeName& probe, const hp_rec_error& error) {
  std::string out = on_enabled_probe(epid, probe) + fault_text(error.fault);
  if (error.fault == HP_FLT_BADADDR || error.fault == HP_FLT_BADALIGN ||
      error.fault == HP_FLT_BADSTACK)
    appendf(out, " (0x%" PRIx64 ")", error.addr);
  if (error.action == 0)
    out += " in predicate";
  else
    appendf(out, " in action #%u", error.action);
  if (error.offset != 0) appendf(out, " at DIF offset %" PRIu64, error.offset);
  out += '\n';
  return out;
}

namespace {

struct DropText {
  const char* tag;
  const char* noun; /* takes an s */
  const char* rest;
};

constexpr DropText kDrops[] = {
    /* by HP_DROP_* */
    {"DTRACEDROP_PRINCIPAL", "drop", ""},
    {"DTRACEDROP_AGGREGATION", "aggregation drop", ""},
    {"DTRACEDROP_DYNAMIC", "dynamic variable drop", ""},
    {"DTRACEDROP_DYNRINSE", "dynamic variable drop", " with non-empty rinsing list"},
    {"DTRACEDROP_DYNDIRTY", "dynamic variable drop", " with non-empty dirty list"},
    {"DTRACEDROP_SPEC", "speculative drop", ""},
    {"DTRACEDROP_SPECBUSY", "failed speculation", " (available buffer(s) still busy)"},
    {"DTRACEDROP_SPECUNAVAIL", "failed speculation", " (no speculative buffer available)"},
    {"DTRACEDROP_DBLERROR", "error", " in ERROR probe enabling"},
    {"DTRACEDROP_STKSTROVERFLOW", "jstack()/ustack() string table overflow", ""},
    {"DTRACEDROP_UNKNOWN", "probe firing", " lost (every buffer was busy)"},
};

}  // namespace

std::string drop_message(uint32_t reason, uint64_t count, bool tag, uint32_t cpu) {
  constexpr DropText unknown{"DTRACEDROP_UNKNOWN", "drop", " for an unknown reason"};
  const DropText& d = reason < std::size(kDrops) ? kDrops[reason] : unknown;
  std::string out;
  if (tag) appendf(out, "[%s] ", d.tag);
  appendf(out, "%" PRIu64 " %s%s%s", count, d.noun, count > 1 ? "s" : "", d.rest);
  if (reason == HP_DROP_PRINCIPAL || reason == HP_DROP_AGGREGATION) appendf(out, " on CPU %u", cpu);
  out += '\n';
  return out;
}

}  // namespace hp
