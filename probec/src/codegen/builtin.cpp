/* Built-in variables: members of the firing, the probe table and the segment's header. */
#include "clause.hpp"

namespace hp::probec::codegen {

/* arg0..9; in a clause that may run for dtrace:::ERROR, those of the error. */
llvm::Value* ClauseEmitter::argument(uint64_t n) {
  if (n > 9) n = 9;
  llvm::Value* usual = at(firing(), offsetof(hp_firing, args) + 8 * n);
  if (may_be_error_ && n < 6) {
    llvm::Value* is_error = fixed(ctx_, offsetof(hp_ctx, is_error), b_.getInt32Ty());
    usual = b_.CreateSelect(b_.CreateICmpNE(is_error, i32(0)),
                            at(ctx_, offsetof(hp_ctx, error_args) + 8 * n), usual);
  }
  return fixed(usual, 0, b_.getInt64Ty());
}

llvm::Value* ClauseEmitter::builtin(const Expr& e) {
  auto word = [&](uint64_t offset) {
    return extend(b_.CreateZExt(fixed(firing(), offset, b_.getInt32Ty()), b_.getInt64Ty()),
                  p_.types[e.type]);
  };
  auto probe = [&](uint64_t offset) {
    return call("hp_rt_probe_str", {ctx_, i32(static_cast<uint32_t>(offset))});
  };
  auto identity = [&](uint32_t what) { return call("hp_rt_identity", {ctx_, i32(what)}); };
  auto text = [&](uint32_t what) { return checked_call("hp_rt_text", {ctx_, i32(what)}); };
  auto host = [&](uint64_t offset) { return fixed(firing(), offset, b_.getPtrTy()); };
  switch (e.builtin) {
    case Builtin::Arg:
      return argument(e.value);
    case Builtin::Cpu:
      return word(offsetof(hp_firing, cpu));
    case Builtin::Vcpu:
      return word(offsetof(hp_firing, vcpu));
    case Builtin::Vmid:
      return word(offsetof(hp_firing, vmid));
    case Builtin::Errno:
      return word(offsetof(hp_firing, err));
    case Builtin::Pid:
      return word(offsetof(hp_firing, pid));
    case Builtin::Tid:
      return word(offsetof(hp_firing, tid));
    case Builtin::Ppid:
      return word(offsetof(hp_firing, ppid));
    case Builtin::Uid:
      return word(offsetof(hp_firing, uid));
    case Builtin::Gid:
      return word(offsetof(hp_firing, gid));
    case Builtin::Pgid:
      return identity(HP_ID_PGID);
    case Builtin::Sid:
      return identity(HP_ID_SID);
    case Builtin::Euid:
      return identity(HP_ID_EUID);
    case Builtin::Egid:
      return identity(HP_ID_EGID);
    case Builtin::Cwd:
      return text(HP_TEXT_CWD);
    case Builtin::Root:
      return text(HP_TEXT_ROOT);
    case Builtin::Execargs:
      return text(HP_TEXT_EXECARGS);
    case Builtin::Execname:
      return checked_call("hp_rt_comm", {ctx_, at(firing(), offsetof(hp_firing, execname))});
    case Builtin::Vmname:
      return host(offsetof(hp_firing, vmname));
    case Builtin::Hostname:
      return host(offsetof(hp_firing, hostname));
    case Builtin::Osversion:
      return host(offsetof(hp_firing, osversion));
    case Builtin::Probeprov:
      return probe(offsetof(hp_seg_probe, prov));
    case Builtin::Probemod:
      return probe(offsetof(hp_seg_probe, mod));
    case Builtin::Probefunc:
      return probe(offsetof(hp_seg_probe, func));
    case Builtin::Probename:
      return probe(offsetof(hp_seg_probe, name));
    case Builtin::Hpid: {
      llvm::Value* id = b_.CreateLoad(b_.getInt32Ty(), probe(offsetof(hp_seg_probe, id)));
      return b_.CreateZExt(id, b_.getInt64Ty());
    }
    case Builtin::Epid:
      return b_.CreateZExt(call("hp_rt_epid", {ctx_}), b_.getInt64Ty());
    case Builtin::Target:
      return fixed(seg(), offsetof(hp_seg_header, target_pid), b_.getInt64Ty());
    case Builtin::Timestamp:
      return call("hp_rt_timestamp", {ctx_});
    case Builtin::Vtimestamp:
      return call("hp_rt_vtimestamp", {ctx_});
    case Builtin::Walltimestamp:
      return call("hp_rt_walltime", {});
    case Builtin::Ucaller:
      return call("hp_rt_ucaller", {ctx_});
    case Builtin::Uregs:
      return call("hp_rt_ureg", {ctx_, i64(e.value)});
    case Builtin::Ustackdepth:
      return call("hp_rt_ustackdepth", {ctx_});
    case Builtin::Zonename:
      return unit_.text("global");
    case Builtin::Curthread: /* 0 where there is no kernel of a guest's own */
      return fixed(firing(), offsetof(hp_firing, task), b_.getInt64Ty());
    case Builtin::Stackdepth:
      return call("hp_rt_stackdepth", {ctx_});
    case Builtin::Caller:
      return call("hp_rt_caller", {ctx_});
    case Builtin::Ipl:
      return i64(0); /* there is no guest kernel below a process guest */
  }
  unsupported(e.loc, name_of(e.builtin));
  return p_.types[e.type].is_string() ? null() : i64(0);
}

}  // namespace hp::probec::codegen
