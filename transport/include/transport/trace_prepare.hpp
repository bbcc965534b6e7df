/* PREPARE, the one message of trace.h that may be longer than a buffer: cut into pieces and put together.
 *
 *     trace::PrepareWriter writer({ident, n});                   VMM
 *     for (...) writer.add(attach, text);
 *     for (const trace::Bytes& m : writer.finish()) link.send(m);
 *
 *     trace::PrepareReader reader;                            agent
 *     for each PREPARE: if (HP_TRY(reader.add(message))) attach(reader.pieces());
 *
 * What the reader gives is safe to walk: each hp_attach has its size, a kind and an id within bounds. Not
 * thread-safe. */
#pragma once
#include "transport/trace_messages.hpp"

namespace hp::trace {

/* Bytes of all of a program's probes, as the wire has them. */
inline constexpr size_t kMaxPrepare = 32u << 20;
/* Bytes of a probe's text. */
inline constexpr size_t kMaxProbeText = 4096;

class PrepareWriter {
 public:
  explicit PrepareWriter(const Subject& about) : about_(about) {}
  /* head.size and head.text are filled here; text: at most kMaxProbeText bytes. */
  void add(const hp_attach& head, std::string_view text);
  const Subject& about() const { return about_; }
  uint32_t count() const { return total_; }
  /* Its messages in order; one even if there is no probe. The writer is empty then. */
  std::vector<Bytes> finish();

 private:
  struct Piece {
    uint32_t count = 0;
    Bytes probes;
  };
  Subject about_;
  uint32_t total_ = 0;
  std::vector<Piece> pieces_{1};
};

class PrepareReader {
 public:
  struct Piece {
    uint32_t count = 0;
    Bytes probes; /* hp_attach[count], each with its text */
  };
  /* True: the program is complete. A piece of another program or transaction drops what was there. An error
   * drops it too. */
  Result<bool> add(const Message&);
  const Subject& about() const { return about_; }
  const std::vector<Piece>& pieces() const { return pieces_; }
  uint32_t count() const { return count_; }
  void clear();

 private:
  Result<bool> take_piece(const Message&);
  Subject about_;
  bool whole_ = true; /* nothing more is expected */
  std::vector<Piece> pieces_;
  size_t bytes_ = 0;
  uint32_t count_ = 0, total_ = 0;
};

/* The probes of a piece, one after the other; text without NUL. Stops at the first that is not sound, which a
 * PrepareReader's pieces do not have. */
class AttachWalk {
 public:
  explicit AttachWalk(std::span<const uint8_t> probes) : rest_(probes) {}
  bool next(hp_attach& head, std::string_view& text);
  bool done() const { return rest_.empty(); }

 private:
  std::span<const uint8_t> rest_;
};

}  // namespace hp::trace
