#include <sched.h>

#include "calls.h"
#include "module_client.h"
#include "parts.h"

void load(int seconds, uint32_t firings) {
  static const char* const entries[] = {"vfs_read", "__alloc_pages", "schedule", "kfree", "dput"};
  static const char* const returns[] = {"vfs_read", "vfs_write", "do_wait", "dput"};
  static const char* const points[] = {"sched_switch", "sched_wakeup", "kmem_cache_free", "kmalloc",
                                       "sys_enter"};
  struct probes p = {0};
  uint32_t id = 1;

  for (uint32_t n = 0; n < 400; n++) {
    add(&p, id++, HP_KIND_SYSCALL_ENTRY, 0, n, NULL, HP_ATTACH_UREGS);
    add(&p, id++, HP_KIND_SYSCALL_RETURN, 0, n, NULL, HP_ATTACH_STACK);
  }
  for (uint32_t i = 0; i < 5; i++) {
    if (symbol(entries[i]))
      add(&p, id++, HP_KIND_FUNCTION_ENTRY, symbol(entries[i]), 0, entries[i], HP_ATTACH_STACK);
    add(&p, id++, HP_KIND_TRACEPOINT, 0, 4, points[i], 0);
  }
  for (uint32_t i = 0; i < 4; i++)
    add(&p, id++, HP_KIND_FUNCTION_RETURN, symbol(returns[i]), 0, returns[i], HP_ATTACH_STACK);
  add(&p, id++, HP_KIND_USER_ENTRY, file_offset((const void*)marked), 0, "/proc/self/exe", 0);
  add(&p, id++, HP_KIND_USER_RETURN, file_offset((const void*)marked), 0, "/proc/self/exe", 0);
  add(&p, id++, HP_KIND_PROFILE, 500000, 1, NULL, HP_ATTACH_STACK);
  CHECK_EQ(attach(1, &p), 0);
  for (int i = 0; i < 3; i++) {
    if (fork()) continue;
    close(control);
    for (double end = now() + seconds; now() < end;) {
      char bytes[64];
      int fd = open("/proc/self/stat", O_RDONLY);

      if (read(fd, bytes, sizeof(bytes)) < 0) _exit(1);
      close(fd);
      call_marked(100);
      sched_yield();
      in_child(call_marked, 10);
    }
    _exit(0);
  }
  CHECK_EQ(commit(1), 0);
  for (uint64_t before = fired(); fired() - before < firings;) getppids(10);
}
