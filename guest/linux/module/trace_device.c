// SPDX-License-Identifier: GPL-2.0
#include "trace_device.h"

#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/uaccess.h>
#include <linux/version.h>
#include <linux/virtio.h>
#include <linux/virtio_config.h>
#include <linux/wait.h>

#include "transport/trace.h"

#define TO_HOST 8 /* buffers for messages under way to the host */

struct message {
  struct list_head node; /* of spare, while nobody has it */
  void* bytes;           /* HP_MSG_MAX */
  u32 size;
};

struct trace {
  struct virtio_device* device;
  struct virtqueue *to_guest, *to_host;
  struct list_head spare;  /* for messages to the host; under lock */
  struct message* arrived; /* taken from the queue, not yet read; under lock */
  struct message all[HP_QUEUE_SIZE + TO_HOST];
  bool dead; /* the device goes: no more queue operations; under lock */
};

/* users keeps the device's end from running beside a reader or writer; lock is for its queues, also taken by their
 * interrupts. */
static DECLARE_RWSEM(users);
static DEFINE_MUTEX(reading);
static DEFINE_SPINLOCK(lock);
static DECLARE_WAIT_QUEUE_HEAD(wait);
static struct trace* trace; /* written under users and lock */

static void wake(struct virtqueue* queue) {
  wake_up_interruptible_all(&wait);
}

/* --- under lock --- */

static bool can_read(void) {
  unsigned int size;

  if (!trace || trace->dead) return true; /* to say so */
  if (!trace->arrived) {
    trace->arrived = virtqueue_get_buf(trace->to_guest, &size);
    if (trace->arrived) trace->arrived->size = min(size, HP_MSG_MAX);
  }
  return trace->arrived;
}

static bool can_write(void) {
  struct message* sent;
  unsigned int size;

  if (!trace || trace->dead) return true;
  while ((sent = virtqueue_get_buf(trace->to_host, &size))) list_add(&sent->node, &trace->spare);
  return !list_empty(&trace->spare);
}

static int offer(struct message* m) {
  struct scatterlist sg;

  sg_init_one(&sg, m->bytes, HP_MSG_MAX);
  return virtqueue_add_inbuf(trace->to_guest, &sg, 1, m, GFP_ATOMIC);
}

/* --- */

static bool ask(bool (*can)(void)) {
  unsigned long flags;
  bool yes;

  spin_lock_irqsave(&lock, flags);
  yes = can();
  spin_unlock_irqrestore(&lock, flags);
  return yes;
}

static int wait_until(struct file* file, bool (*can)(void)) {
  if (ask(can)) return 0;
  if (file->f_flags & O_NONBLOCK) return -EAGAIN;
  return wait_event_interruptible(wait, ask(can));
}

/* The message that arrived goes to the reader and its buffer back to the device. */
static ssize_t read_arrived(char __user* to, size_t size) {
  struct message* m;
  unsigned long flags;

  spin_lock_irqsave(&lock, flags);
  m = trace && !trace->dead ? trace->arrived : ERR_PTR(-ENODEV);
  spin_unlock_irqrestore(&lock, flags);
  if (IS_ERR_OR_NULL(m)) return m ? PTR_ERR(m) : -EAGAIN;
  if (m->size > size) return -EMSGSIZE;
  size = m->size;
  if (copy_to_user(to, m->bytes, size)) return -EFAULT;
  spin_lock_irqsave(&lock, flags);
  trace->arrived = NULL;
  if (!trace->dead && !offer(m)) virtqueue_kick(trace->to_guest);
  spin_unlock_irqrestore(&lock, flags);
  return size;
}

ssize_t hp_trace_read(struct file* file, char __user* to, size_t size, loff_t* at) {
  ssize_t result = mutex_lock_interruptible(&reading);

  if (result) return result;
  do {
    result = wait_until(file, can_read);
    if (result) break;
    down_read(&users);
    result = read_arrived(to, size);
    up_read(&users);
  } while (result == -EAGAIN && !(file->f_flags & O_NONBLOCK));
  mutex_unlock(&reading);
  return result;
}

static struct message* spare(void) {
  struct message* m = NULL;
  unsigned long flags;

  spin_lock_irqsave(&lock, flags);
  if (!trace || trace->dead) {
    m = ERR_PTR(-ENODEV);
  } else if (!list_empty(&trace->spare)) {
    m = list_first_entry(&trace->spare, struct message, node);
    list_del(&m->node);
  }
  spin_unlock_irqrestore(&lock, flags);
  return m;
}

static int send(struct message* m, u32 size) {
  struct scatterlist sg;
  unsigned long flags;
  int err = -ENODEV;

  sg_init_one(&sg, m->bytes, size);
  spin_lock_irqsave(&lock, flags);
  if (!trace->dead) err = virtqueue_add_outbuf(trace->to_host, &sg, 1, m, GFP_ATOMIC);
  if (err)
    list_add(&m->node, &trace->spare);
  else
    virtqueue_kick(trace->to_host);
  spin_unlock_irqrestore(&lock, flags);
  return err;
}

static ssize_t write_spare(const char __user* from, size_t size) {
  struct message* m = spare();
  unsigned long flags;
  int err;

  if (IS_ERR_OR_NULL(m)) return m ? PTR_ERR(m) : -EAGAIN;
  if (copy_from_user(m->bytes, from, size)) {
    spin_lock_irqsave(&lock, flags);
    list_add(&m->node, &trace->spare);
    spin_unlock_irqrestore(&lock, flags);
    return -EFAULT;
  }
  err = send(m, size);
  return err ? err : size;
}

ssize_t hp_trace_write(struct file* file, const char __user* from, size_t size, loff_t* at) {
  ssize_t result;

  if (!size) return -EINVAL;
  if (size > HP_MSG_MAX) return -EMSGSIZE;
  do {
    result = wait_until(file, can_write);
    if (result) break;
    down_read(&users);
    result = write_spare(from, size);
    up_read(&users);
  } while (result == -EAGAIN && !(file->f_flags & O_NONBLOCK));
  return result;
}

__poll_t hp_trace_poll(struct file* file, poll_table* table) {
  __poll_t events = 0;
  unsigned long flags;

  poll_wait(file, &wait, table);
  spin_lock_irqsave(&lock, flags);
  if (can_read()) events |= EPOLLIN | EPOLLRDNORM;
  if (can_write()) events |= EPOLLOUT | EPOLLWRNORM;
  if (!trace || trace->dead) events |= EPOLLERR;
  spin_unlock_irqrestore(&lock, flags);
  return events;
}

static int find_queues(struct trace* t) {
  struct virtqueue* queues[2];
  int err;
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 11, 0)
  struct virtqueue_info which[] = {{"to-guest", wake}, {"to-host", wake}};

  err = virtio_find_vqs(t->device, 2, queues, which, NULL);
#else
  vq_callback_t* callbacks[] = {wake, wake};
  static const char* const names[] = {"to-guest", "to-host"};

  err = virtio_find_vqs(t->device, 2, queues, callbacks, names, NULL);
#endif
  if (err) return err;
  t->to_guest = queues[HP_QUEUE_TO_GUEST];
  t->to_host = queues[HP_QUEUE_TO_HOST];
  return 0;
}

static void free_trace(struct trace* t) {
  u32 i;

  for (i = 0; i < ARRAY_SIZE(t->all); i++)
    if (t->all[i].bytes) free_pages_exact(t->all[i].bytes, HP_MSG_MAX);
  kfree(t);
}

static struct trace* make_trace(struct virtio_device* device) {
  struct trace* t = kzalloc(sizeof(*t), GFP_KERNEL);
  u32 i;

  if (!t) return NULL;
  t->device = device;
  INIT_LIST_HEAD(&t->spare);
  for (i = 0; i < ARRAY_SIZE(t->all); i++) {
    t->all[i].bytes = alloc_pages_exact(HP_MSG_MAX, GFP_KERNEL | __GFP_ZERO);
    if (!t->all[i].bytes) {
      free_trace(t);
      return NULL;
    }
  }
  return t;
}

/* Takes the device into service: all buffers are ours again. */
static int start(struct trace* t) {
  unsigned long flags;
  int err = find_queues(t);
  u32 i;

  if (err) return err;
  virtio_device_ready(t->device);
  spin_lock_irqsave(&lock, flags);
  trace = t;
  t->arrived = NULL;
  INIT_LIST_HEAD(&t->spare);
  for (i = 0; i < TO_HOST; i++) list_add(&t->all[i].node, &t->spare);
  for (i = 0; i < HP_QUEUE_SIZE && !offer(&t->all[TO_HOST + i]);)
    i++; /* a shorter queue takes fewer */
  t->dead = false;
  virtqueue_kick(t->to_guest);
  spin_unlock_irqrestore(&lock, flags);
  wake_up_interruptible_all(&wait);
  return 0;
}

static void stop(struct trace* t) {
  unsigned long flags;

  spin_lock_irqsave(&lock, flags);
  t->dead = true;
  spin_unlock_irqrestore(&lock, flags);
  wake_up_interruptible_all(&wait);
  virtio_reset_device(t->device);
  t->device->config->del_vqs(t->device);
}

static void config_changed(struct virtio_device* device) {
  u32 vmid = 0;

  virtio_cread(device, struct hp_trace_config, vmid, &vmid);
  dev_info(&device->dev, "this guest's vmid is %u\n", vmid);
}

static int probe(struct virtio_device* device) {
  struct trace* t;
  u32 oldest, newest;
  int err;

  virtio_cread(device, struct hp_trace_config, oldest, &oldest);
  virtio_cread(device, struct hp_trace_config, newest, &newest);
  newest = max(oldest, newest);
  if (oldest > HP_TRACE_VERSION || newest < HP_TRACE_OLDEST) {
    dev_err(&device->dev,
            "the VMM speaks versions %u to %u, this module %u to %u: install the VMM's release\n",
            oldest, newest, HP_TRACE_OLDEST, HP_TRACE_VERSION);
    return -EINVAL;
  }
  down_write(&users);
  err = trace ? -EBUSY : 0;
  if (!err) {
    t = make_trace(device);
    err = t ? start(t) : -ENOMEM;
    if (!err)
      device->priv = t;
    else if (t)
      free_trace(t);
  }
  up_write(&users);
  if (!err) config_changed(device);
  return err;
}

static void leave(struct virtio_device* device) {
  struct trace* t = device->priv;
  unsigned long flags;

  stop(t);
  down_write(&users);
  spin_lock_irqsave(&lock, flags);
  trace = NULL;
  spin_unlock_irqrestore(&lock, flags);
  up_write(&users);
  free_trace(t);
}

#ifdef CONFIG_PM_SLEEP
static int freeze(struct virtio_device* device) {
  stop(device->priv);
  return 0;
}

static int restore(struct virtio_device* device) {
  int err;

  down_write(&users);
  err = start(device->priv);
  up_write(&users);
  return err;
}
#endif

static const struct virtio_device_id ids[] = {{HP_VIRTIO_ID, VIRTIO_DEV_ANY_ID}, {0}};
MODULE_DEVICE_TABLE(virtio, ids);

static struct virtio_driver driver = {
    .driver = {.name = "hyprobe", .owner = THIS_MODULE},
    .id_table = ids,
    .probe = probe,
    .remove = leave,
    .config_changed = config_changed,
#ifdef CONFIG_PM_SLEEP
    .freeze = freeze,
    .restore = restore,
#endif
};

int hp_trace_init(void) {
  return register_virtio_driver(&driver);
}
void hp_trace_exit(void) {
  unregister_virtio_driver(&driver);
}
