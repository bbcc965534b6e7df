/* What those who fire tell the consumer through a segment beside records: entries of the module mailbox, and
 * texts in the symbols area (segment.h). */
#pragma once
#include <string_view>

#include "handler/segment_view.hpp"

namespace hp::handler {

/* A free entry of the mailbox, now the caller's: it is filled, then its state set to HP_MODULE_READY with release
 * order. nullptr: none in a row of tries, the consumer is behind. Never waits. */
hp_seg_module* claim_module(const SegmentView&) noexcept;

/* The place of a text in the symbols area, bytes from its start: of an equal one that is there, else of a copy
 * that is added. Fails when the area is full, or other processes keep its lock. */
Result<uint64_t> enter_text(const SegmentView&, std::string_view text);

}  // namespace hp::handler
