// SPDX-License-Identifier: GPL-2.0
/* A guest that wants its VMM to fail: random doorbells, probe pages and virtqueues, until its time is over.
 *
 *     insmod hostile.ko seconds=60 seed=7 port=0x84 windows=0xd0000000,0xd0001000
 *
 * windows are the virtio-mmio devices, from /proc/iomem; their drivers must be unbound before, for what a device
 * is made to write goes to this module's own pages or outside of memory, but the rings are random. insmod(8) takes
 * as long as the attack; the loaded module does nothing more. */
#define pr_fmt(format) KBUILD_MODNAME ": " format

#include <asm/cpufeature.h>
#include <asm/io.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/prandom.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/virtio_mmio.h>
#include <uapi/linux/virtio_ring.h>

#include "transport/abi.h"

static uint seconds = 60, seed = 1, port = HP_PORT_FIRE;
static ulong windows[16];
static int window_count;
module_param(seconds, uint, 0);
module_param(seed, uint, 0);
module_param(port, uint, 0);
module_param_array(windows, ulong, &window_count, 0);

#define POOL_ORDER 5 /* 128 KiB: probe pages, rings and buffers are here */
#define POOL (PAGE_SIZE << POOL_ORDER)

struct attacker {
  struct task_struct* thread;
  struct rnd_state random;
  u8* pool;
  u64 rings, notifies;
};
static void __iomem* mapped[16];

static u32 any(struct attacker* a) {
  return prandom_u32_state(&a->random);
}
static u64 any64(struct attacker* a) {
  return (u64)any(a) << 32 | any(a);
}
static bool one_in(struct attacker* a, u32 n) {
  return any(a) % n == 0;
}

/* An address that a careless VMM would stumble over, or one of our own pages. */
static u64 address(struct attacker* a) {
  static const u64 edges[] = {0,          1,           4095,       0xfee00000, 0xd0000000,
                              0xffffffff, 0x100000000, 1ull << 52, ~0ull,      ~0ull << 12};
  u64 own = virt_to_phys(a->pool) + any(a) % POOL;

  switch (any(a) % 8) {
    case 0:
      return any64(a);
    case 1:
      return edges[any(a) % ARRAY_SIZE(edges)];
    case 2:
      return (totalram_pages() << PAGE_SHIFT) - 4096 + any(a) % 8192;
    case 3:
      return own;
    default:
      return own & PAGE_MASK;
  }
}

static void scribble(struct attacker* a, void* at, size_t size) {
  u32* p = at;
  size_t i;

  for (i = 0; i < size / 4; i++) p[i] = one_in(a, 4) ? any(a) : any(a) % 64;
}

static void fill_probe_page(struct attacker* a) {
  struct hp_probe_page* page = (void*)(a->pool + (any(a) % (1 << POOL_ORDER)) * PAGE_SIZE);

  scribble(a, page, sizeof(*page));
  if (one_in(a, 8)) return;
  page->magic = HP_PROBE_MAGIC;
  page->version = HP_ABI_VERSION;
  page->probe = any(a) % (one_in(a, 4) ? 1 << 18 : 16);
  if (one_in(a, 2)) page->nstack = any(a) % 256;
  if (one_in(a, 2)) page->user_stack = any64(a), page->task = any64(a);
}

static void ring(struct attacker* a) {
  u64 rax = HP_HC_KVM_MAP_GPA_RANGE, rbx = address(a) & PAGE_MASK, rcx = 1, rdi = address(a);
  u64 rdx = (one_in(a, 4) ? any(a) : HP_HC_REGISTER + any(a) % 2) | address(a) << 8;

  if (one_in(a, 16)) rcx = any64(a), rbx = any64(a);
  if (one_in(a, 16)) rax = any(a) % 16;
  a->rings++;
  if (one_in(a, 4)) {
    u32 value = one_in(a, 2) ? any(a) : 1 + any(a) % 2;
    asm volatile("outb %%al, %%dx"
                 : "+a"(value)
                 : "d"(one_in(a, 4) ? 0x80 + any(a) % 8 : port), "D"(rdi)
                 : "memory");
  } else if (boot_cpu_has(X86_FEATURE_VMMCALL)) {
    asm volatile("vmmcall"
                 : "+a"(rax), "+b"(rbx), "+c"(rcx), "+d"(rdx)
                 : "D"(rdi), "S"(any64(a))
                 : "memory");
  } else {
    asm volatile("vmcall"
                 : "+a"(rax), "+b"(rbx), "+c"(rcx), "+d"(rdx)
                 : "D"(rdi), "S"(any64(a))
                 : "memory");
  }
}

/* Descriptors, available and used rings of random content; the chains among them are sometimes right. */
static void fill_rings(struct attacker* a, u8* at) {
  struct vring_desc* desc = (void*)at;
  struct vring_avail* avail = (void*)(at + PAGE_SIZE);
  u32 i;

  for (i = 0; i < 256; i++) {
    desc[i].addr = address(a);
    desc[i].len = one_in(a, 4) ? any(a) : any(a) % 4096;
    desc[i].flags = any(a) % (one_in(a, 8) ? 65536 : 8);
    desc[i].next = any(a) % (one_in(a, 8) ? 65536 : 256);
    /* A device may write where we say: not over memory that is not ours. */
    if ((desc[i].flags & VRING_DESC_F_WRITE) && desc[i].addr < totalram_pages() << PAGE_SHIFT) {
      desc[i].addr = virt_to_phys(a->pool) + any(a) % (POOL / 2);
      desc[i].len %= POOL / 2;
    }
  }
  scribble(a, avail, 520);
  avail->idx = any(a) % (one_in(a, 4) ? 65536 : 300);
}

static void write_register(void __iomem* window, u32 offset, u32 value) {
  writel(value, window + offset);
}

static void set_up_queue(struct attacker* a, void __iomem* w) {
  u8* rings = a->pool + (any(a) % ((1 << POOL_ORDER) - 3)) * PAGE_SIZE;
  u64 at[3] = {virt_to_phys(rings), virt_to_phys(rings) + PAGE_SIZE,
               virt_to_phys(rings) + 2 * PAGE_SIZE};
  static const u32 low[3] = {VIRTIO_MMIO_QUEUE_DESC_LOW, VIRTIO_MMIO_QUEUE_AVAIL_LOW,
                             VIRTIO_MMIO_QUEUE_USED_LOW};
  u32 i;

  fill_rings(a, rings);
  write_register(w, VIRTIO_MMIO_STATUS, 0);
  for (i = 1; i < 16; i = i << 1 | 1) write_register(w, VIRTIO_MMIO_STATUS, i & ~4u);
  write_register(w, VIRTIO_MMIO_DRIVER_FEATURES_SEL, 1);
  write_register(w, VIRTIO_MMIO_DRIVER_FEATURES, one_in(a, 8) ? any(a) : 1);
  write_register(w, VIRTIO_MMIO_STATUS, 11);
  write_register(w, VIRTIO_MMIO_QUEUE_SEL, any(a) % (one_in(a, 8) ? 65536 : 3));
  write_register(w, VIRTIO_MMIO_QUEUE_NUM, one_in(a, 4) ? any(a) : 1u << any(a) % 9);
  for (i = 0; i < 3; i++) {
    /* the used ring is written by the device: only ours, or outside of memory */
    u64 where = one_in(a, 16) && i < 2 ? address(a) : at[i];
    write_register(w, low[i], (u32)where);
    write_register(w, low[i] + 4, where >> 32);
  }
  write_register(w, VIRTIO_MMIO_QUEUE_READY, 1);
  write_register(w, VIRTIO_MMIO_STATUS, 15);
}

static void attack_device(struct attacker* a) {
  void __iomem* w = mapped[any(a) % window_count];
  u32 i;

  if (one_in(a, 2)) set_up_queue(a, w);
  for (i = any(a) % 8; i > 0; i--) {
    a->notifies++;
    write_register(w, VIRTIO_MMIO_QUEUE_NOTIFY, any(a) % (one_in(a, 8) ? 65536 : 3));
  }
  if (one_in(a, 4)) {
    /* anything but where a queue lies */
    u32 offset = any(a) % 0x80;
    if (one_in(a, 2)) writel(any(a), w + (offset & ~3u));
    if (one_in(a, 4)) writeb(any(a), w + offset);
    if (one_in(a, 4)) readl(w + any(a) % 0xffc);
    if (one_in(a, 8)) readw(w + 0x100 + any(a) % 0x80);
  }
}

static int attack(void* context) {
  struct attacker* a = context;
  unsigned long end = jiffies + seconds * HZ;

  while (time_before(jiffies, end)) {
    int i;
    for (i = 0; i < 64; i++) {
      fill_probe_page(a);
      ring(a);
      ring(a);
      if (window_count > 0 && one_in(a, 4)) attack_device(a);
    }
    cond_resched();
  }
  while (!kthread_should_stop()) schedule_timeout_uninterruptible(1);
  return 0;
}

static void end_attack(struct attacker* a) {
  if (a->thread) {
    kthread_stop(a->thread);
    put_task_struct(a->thread);
  }
}

static int __init hostile_init(void) {
  struct attacker* all;
  u64 rings = 0, notifies = 0;
  int i, n = num_online_cpus(), error = -ENOMEM;

  all = kcalloc(n, sizeof(*all), GFP_KERNEL);
  if (!all) return -ENOMEM;
  for (i = 0; i < window_count; i++) {
    mapped[i] = ioremap(windows[i], 0x1000);
    if (!mapped[i]) goto out;
  }
  for (i = 0; i < n; i++) {
    all[i].pool = (void*)__get_free_pages(GFP_KERNEL | __GFP_ZERO, POOL_ORDER);
    if (!all[i].pool) goto out;
    prandom_seed_state(&all[i].random, seed * 1000 + i);
    all[i].thread = kthread_create(attack, &all[i], "hostile/%d", i);
    if (IS_ERR(all[i].thread)) {
      all[i].thread = NULL;
      goto out;
    }
    get_task_struct(all[i].thread);
    kthread_bind(all[i].thread, i);
    wake_up_process(all[i].thread);
  }
  schedule_timeout_uninterruptible(seconds * HZ);
  error = 0;
out:
  for (i = 0; i < n; i++) {
    end_attack(&all[i]);
    rings += all[i].rings;
    notifies += all[i].notifies;
  }
  /* Devices that may still write are told to stop before their pages go. */
  for (i = 0; i < window_count; i++)
    if (mapped[i]) {
      write_register(mapped[i], VIRTIO_MMIO_STATUS, 0);
      while (readl(mapped[i] + VIRTIO_MMIO_STATUS)) cond_resched();
      iounmap(mapped[i]);
    }
  for (i = 0; i < n; i++) free_pages((unsigned long)all[i].pool, POOL_ORDER);
  kfree(all);
  pr_info("%llu doorbells, %llu notifications\n", rings, notifies);
  return error;
}

static void __exit hostile_exit(void) {}

module_init(hostile_init);
module_exit(hostile_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Test: a guest that attacks its VMM");
