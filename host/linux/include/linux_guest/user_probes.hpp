/* Probes in the programs of a Linux guest, by uprobes: what descriptions mean in the files that they name.
 *
 *   uprobe:PATH:FUNCTION:entry|return     in any process that runs the file
 *   usdt:PATH:PROVIDER:NAME               a static probe of the file's, likewise
 *   pidN:MODULE:FUNCTION:entry|return     in process N: a.out (or nothing) is its program, other modules are the
 *                                         last part of a mapped file's name
 *   PROVIDERN:MODULE::NAME                a static probe in process N; its name has - where the source has __
 *
 * PATH is a file of the guest's, FUNCTION and static names are globs. The files are read in the guest by its agent, so
 * before matching someone has to fetch them: files_of() says which, and again when it was given some, until it says
 * none: a process's mappings name further files. Pure. */
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "linux_guest/elf_probes.hpp"
#include "linux_guest/universe.hpp"

namespace hp::linux_guest {

/* Files of the guest, by path. What could not be read has no bytes. */
using GuestFiles = std::map<std::string, std::string>;

/* Paths that the descriptions for this target need beyond `have`. */
std::vector<std::string> files_of(const Object&, const handler::Target&, const GuestFiles& have);

/* ELF files, each taken apart once. */
class UserFiles {
 public:
  explicit UserFiles(const GuestFiles& files) : files_(&files) {}
  /* nullptr: there is no such file, or it is none. */
  const ElfProbes* elf(const std::string& path);
  std::string_view text(const std::string& path) const;

 private:
  const GuestFiles* files_;
  std::map<std::string, std::optional<ElfProbes>> parsed_;
};

/* What one description matches there. */
std::vector<FoundProbe> find_user_probes(const Object&, const hp_obj_desc&, UserFiles& files);

}  // namespace hp::linux_guest
