/* Programs that probe programs of the guest: the files that their descriptions name come first. */
#include "linux_guest/linux_guest.hpp"

namespace hp::linux_guest {

namespace {

/* For one program: which files there are is the guest's word. */
constexpr size_t kMaxFile = 64u << 20, kMaxBytes = 256u << 20; /* of one, of all */
constexpr size_t kMaxFiles = AgentLink::kMaxFetches - 4;

}  // namespace

/* Asks for what is lacking; with all there, attaches. */
std::optional<Result<uint32_t>> LinuxGuest::fetch_for(const ProgramIdent& ident) {
  for (;;) {
    Fetching& f = fetching_.at(ident);
    auto object = Object::read(f.object.get());
    if (!object) {
      fetching_.erase(ident);
      return tl::make_unexpected(object.error());
    }
    const std::vector<std::string> wanted = probes_.files_of(*object, f.have);
    if (wanted.empty()) {
      const auto done = fetching_.extract(ident);
      const Fetching& all = done.mapped();
      return attach(ident, {all.object.get(), all.segment.get()}, all.have);
    }
    size_t bytes = 0;
    for (const auto& [path, text] : f.have) bytes += text.size();
    if (f.have.size() + wanted.size() > kMaxFiles || bytes > kMaxBytes) {
      fetching_.erase(ident);
      return fail("its descriptions need more files of the guest's than can be had");
    }
    const uint64_t serial = f.serial;
    f.open = wanted.size() + 1; /* one of them ours: answers may come at once */
    asking_ = true;
    for (const std::string& path : wanted)
      fetch(path, kMaxFile, [this, ident, serial, path](Result<std::string> bytes) {
        got_file_for(ident, serial, path, std::move(bytes));
      });
    asking_ = false;
    const auto it = fetching_.find(ident);
    if (it == fetching_.end() || it->second.serial != serial)
      return fail("the guest's agent does not answer");
    if (--it->second.open != 0) return std::nullopt;
  }
}

void LinuxGuest::got_file_for(const ProgramIdent& ident, uint64_t serial, const std::string& path,
                              Result<std::string> bytes) {
  const auto it = fetching_.find(ident);
  if (it == fetching_.end() || it->second.serial != serial) return;
  const bool gone = !bytes && (bytes.error().code == ETIMEDOUT || bytes.error().code == ECANCELED);
  if (gone) {
    fetching_.erase(it);
    if (listener_ && !asking_) listener_->loaded(ident, fail("the guest's agent does not answer"));
    return;
  }
  if (!bytes) log("cannot read " + path + " in the guest: " + bytes.error().message);
  it->second.have[path] = bytes ? std::move(*bytes) : std::string();
  if (--it->second.open != 0) return;
  if (auto result = fetch_for(ident); result && listener_)
    listener_->loaded(ident, std::move(*result));
}

}  // namespace hp::linux_guest
