/* FleetStore: the coordinator's base folder: the programs' ELF files, and segments of detached
 * programs.
 *
 *     FleetStore store = HP_TRY(FleetStore::open(fleet_base_path(socket_path)));   // and locked
 *     FleetJournal journal = HP_TRY(FleetJournal::open(store.folder()));
 *     HP_TRYV(store.keep(ident, object.bytes()));           // then journal.received()
 *     Object object = HP_TRY(store.elf(ident));             // after a restart
 *     store.sweep(idents that the journal knows as committed);
 *
 *     IDENT.elf        the object as it was submitted
 *     IDENT.segment    a sparse copy of the segment's used pages as they were at submit (detached)
 *     journal.sqlite   FleetJournal's, with journal.sqlite-wal
 *     lock             held with flock(2); the owner's pid
 *     temporary-*      a file that is being written
 *
 * A file is written under a temporary name, synced, renamed, and the folder synced: it is there
 * whole, also after a power failure, once keep() or keep_segment() has returned success, or it is
 * not there at all.
 *
 * The folder belongs to this user and nobody else may write it, or open() refuses it; still every
 * file that is read back is checked: a regular file of this user, its size, and the object by
 * Object::parse(). Names are only ever looked up in the opened folder, never through symbolic
 * links.
 *
 * Errors name the file; Error::code is the errno value (ENOSPC, EROFS, EACCES ...). One thread. */
#pragma once
#include <set>
#include <string>
#include <string_view>

#include "transport/fd.hpp"
#include "transport/object.hpp"
#include "transport/program_ident.hpp"
#include "transport/result.hpp"

namespace hp {

/* $HYPROBE_BASE, or /var/lib/hyprobe for root, $XDG_STATE_HOME/hyprobe or ~/.local/state/hyprobe
 * for others, or, where there is no home, the folder `state` beside the control socket. */
std::string fleet_base_path(const std::string& socket_path);

class FleetStore {
 public:
  /* Of one segment: what is read of it, hence what is written. */
  static constexpr uint64_t kMaxSegmentData = 1ull << 30;
  static constexpr uint64_t kMaxSegmentSize = 1ull << 42; /* with its holes */

  /* Creates the folder (0700) and those above it if need be, and locks it: EWOULDBLOCK with the
   * owner's pid if another coordinator has it. EPERM: the folder is another user's, or others may
   * write it. A relative path is made absolute. */
  static Result<FleetStore> open(const std::string& path);

  /* Absolute, without symbolic links. */
  const std::string& folder() const { return folder_; }

  Result<> keep(const ProgramIdent&, std::string_view elf);
  /* ENOENT: there is none. EBADMSG: it is damaged, or no object of this release. */
  Result<Object> elf(const ProgramIdent&) const;
  bool has_elf(const ProgramIdent&) const;

  /* fd: a memfd with the segment, of which only pages with data are read. EFBIG: it is larger than
   * data_limit. */
  Result<> keep_segment(const ProgramIdent&, int fd, uint64_t data_limit = kMaxSegmentData);
  /* A memfd made from the copy, sealed against shrinking and growing as Segment::create() makes
   * them. ENOENT: there is none. */
  Result<Fd> segment(const ProgramIdent&) const;

  /* Both files, and the folder is synced; what cannot be removed is left for sweep(). */
  void remove(const ProgramIdent&) const;
  /* Removes temporaries, and the files of all programs but these. Other files are left alone.
   * Returns how many. */
  size_t sweep(const std::set<ProgramIdent>& known) const;

 private:
  class Temporary;
  Result<Fd> open_file(const std::string& name, uint64_t max_size) const;
  std::string path(const std::string& name) const { return folder_ + "/" + name; }

  std::string folder_;
  Fd folder_fd_, lock_;
};

}  // namespace hp
