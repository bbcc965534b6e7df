/* An agent that lies: sends the VMM messages of random content through /dev/hyprobe, most of them with a right
 * header and checksum, and reads what comes back.
 *
 *     hostile_agent SECONDS SEED */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "transport/trace.h"

static unsigned long long state;
static unsigned any(void) {
  state = state * 6364136223846793005ull + 1442695040888963407ull;
  return (unsigned)(state >> 33);
}

/* CRC-32C, bit by bit: messages are short here. */
static unsigned checksum(const unsigned char* p, size_t n) {
  unsigned crc = ~0u;
  for (; n > 0; n--) {
    crc ^= *p++;
    for (int i = 0; i < 8; i++) crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78u : 0);
  }
  return ~crc;
}

static size_t compose(unsigned char* buffer) {
  struct hp_msg head;
  const unsigned body = any() % 16 == 0 ? any() % (HP_MSG_MAX - sizeof head) : any() % 600;
  for (unsigned i = 0; i < body; i++)
    buffer[sizeof head + i] = (unsigned char)(any() % 4 == 0   ? any()
                                              : any() % 8 == 0 ? 1 + any() % 4
                                                               : 0);
  memset(&head, 0, sizeof head);
  head.magic = HP_MSG_MAGIC;
  head.version = (unsigned short)(any() % 16 == 0 ? any() : 1 + any() % HP_TRACE_VERSION);
  head.type = (unsigned short)(1 + any() % 14);
  head.size = (unsigned)(sizeof head + body) & ~7u;
  head.flags = any() % 8 == 0 ? any() : any() % 2;
  head.transaction = any() % 4 == 0 ? any() : any() % 8;
  for (int i = 0; i < 16; i++) head.ident[i] = (unsigned char)(any() % 2 ? any() : 0);
  head.text = any() % 4 == 0 ? any() : any() % (body + 1);
  if (any() % 16 == 0) head.size = any();
  memcpy(buffer, &head, sizeof head);
  const size_t size = sizeof head + (body & ~7u);
  head.checksum = any() % 16 == 0 ? any() : checksum(buffer, size);
  memcpy(buffer, &head, sizeof head);
  return size;
}

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  static unsigned char buffer[HP_MSG_MAX];
  const time_t end = time(NULL) + atol(argv[1]);
  state = (unsigned long long)atoll(argv[2]);
  const int fd = open("/dev/hyprobe", O_RDWR | O_NONBLOCK);
  if (fd < 0) {
    perror("/dev/hyprobe");
    return 1;
  }
  unsigned long sent = 0, refused = 0, received = 0;
  while (time(NULL) < end) {
    const size_t size = compose(buffer);
    if (write(fd, buffer, size) == (ssize_t)size)
      sent++;
    else if (errno == EAGAIN || errno == EINVAL || errno == EBADMSG || errno == EMSGSIZE)
      refused++;
    else
      break;
    while (read(fd, buffer, sizeof buffer) > 0) received++;
  }
  printf("sent %lu, refused by the module %lu, received %lu, last error %d\n", sent, refused,
         received, errno);
  return sent > 0 ? 0 : 1;
}
