#include "transport/trace_prepare.hpp"

#include "trace_codec.hpp"

namespace hp::trace {
namespace {

constexpr size_t kPieceRoom = HP_MSG_MAX - sizeof(hp_msg) - sizeof(hp_prepare);

}  // namespace

void PrepareWriter::add(const hp_attach& head, std::string_view text) {
  HP_CHECK(text.size() <= kMaxProbeText);
  const size_t size = sizeof head + align8(text.size());
  if (pieces_.back().probes.size() + size > kPieceRoom) pieces_.emplace_back();
  Piece& piece = pieces_.back();
  hp_attach h = head;
  h.size = static_cast<uint32_t>(size);
  h.text = static_cast<uint32_t>(text.size());
  const auto* bytes = reinterpret_cast<const uint8_t*>(&h);
  piece.probes.insert(piece.probes.end(), bytes, bytes + sizeof h);
  piece.probes.insert(piece.probes.end(), text.begin(), text.end());
  piece.probes.resize(align8(piece.probes.size()));
  piece.count++;
  total_++;
}

std::vector<Bytes> PrepareWriter::finish() {
  std::vector<Bytes> out;
  for (const Piece& piece : pieces_)
    out.push_back(Builder(HP_MSG_PREPARE, about_)
                      .put(hp_prepare{piece.count, total_})
                      .bytes(piece.probes)
                      .finish({}, &piece == &pieces_.back() ? 0 : HP_MSG_MORE));
  pieces_.assign(1, {});
  total_ = 0;
  return out;
}

bool AttachWalk::next(hp_attach& head, std::string_view& text) {
  std::span<const uint8_t> rest = rest_;
  if (!take(rest, head)) return false;
  if (head.size % 8 != 0 || head.size < sizeof head || head.size > rest_.size()) return false;
  if (head.text > head.size - sizeof head || head.text > kMaxProbeText) return false;
  if (head.probe == 0 || head.probe >= HP_TRACE_PROBES) return false;
  if (head.kind < HP_KIND_SYSCALL_ENTRY || head.kind > HP_KIND_PROFILE) return false;
  text = {reinterpret_cast<const char*>(rest.data()), head.text};
  if (text.find('\0') != text.npos) return false;
  rest_ = rest_.subspan(head.size);
  return true;
}

void PrepareReader::clear() {
  pieces_.clear();
  bytes_ = 0;
  count_ = total_ = 0;
  whole_ = true;
}

Result<bool> PrepareReader::add(const Message& m) {
  auto whole = take_piece(m);
  if (!whole) clear();
  return whole;
}

Result<bool> PrepareReader::take_piece(const Message& m) {
  if (whole_ || about_ != m.about) {
    clear();
    about_ = m.about;
  }
  hp_prepare fixed;
  std::span<const uint8_t> rest = m.fixed;
  if (!take(rest, fixed)) return fail("a PREPARE with a wrong size");
  if (pieces_.empty()) total_ = fixed.total;
  if (fixed.total != total_ || total_ >= HP_TRACE_PROBES || fixed.count > total_ - count_)
    return fail("a PREPARE whose counts do not agree");
  if (rest.size() > kMaxPrepare - bytes_) return fail("a PREPARE that is too long");
  AttachWalk walk(rest);
  hp_attach head;
  std::string_view text;
  for (uint32_t i = 0; i < fixed.count; i++)
    if (!walk.next(head, text)) return fail("a PREPARE with a probe that makes no sense");
  if (!walk.done()) return fail("a PREPARE with a wrong size");
  if (m.more() && fixed.count == 0) return fail("a PREPARE whose piece is empty");
  pieces_.push_back({fixed.count, {rest.begin(), rest.end()}});
  bytes_ += rest.size();
  count_ += fixed.count;
  whole_ = !m.more();
  if (whole_ && count_ != total_) return fail("a PREPARE that lacks probes");
  return whole_;
}

}  // namespace hp::trace
