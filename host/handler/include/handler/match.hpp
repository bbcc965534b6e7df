/* Which clauses a probe runs: the matching of probe descriptions, as dtrace(1) does it.
 *
 * An element of a description is a glob over the whole element of the probe: `*`, `?`, `[abc]`,
 * `[a-z]`, `[!...]`, `\` takes the next character literally; the empty pattern matches everything.
 * A description's target matches a guest by its name or its hostname, with `-x resolvers=hostname,version` by
 * its operating system's version too. Pure functions. */
#pragma once
#include <cstdint>
#include <string_view>

#include "transport/object.hpp"
#include "transport/segment.h"

namespace hp::handler {

/* Does the glob match the whole text? Linear backtracking; bounded by pattern * text steps. */
bool glob_match(std::string_view pattern, std::string_view text);

/* Who fires, for the target element of 5-tuples. */
struct Target {
  std::string_view name, hostname;
  std::string_view osversion = {}; /* "Linux-<release>" */
};

/* provider:module:function:name, or the numeric id if the description gives one. */
bool matches_probe(const Object&, const hp_obj_desc&, const hp_seg_probe&);
/* The empty target matches every guest; others a guest's name, and what the option `resolvers` says: hostname
 * (which it says by itself), version. */
bool matches_target(const Object&, const hp_obj_desc&, const Target&);

/* The enabled probe ID (epid, counted from 1) of a clause at a probe: the rank of the pair when
 * descriptions are taken in the order written and each one's probes in table order, as dtrace(1)
 * numbers them. 0 if the clause does not match the probe. Costs a pass over the table: for error
 * messages and the epid built-in, not for every firing. */
uint32_t enabled_probe_id(const Object&, const hp_seg_probe* probes, uint32_t nprobes,
                          uint32_t probe, uint32_t clause);

}  // namespace hp::handler
