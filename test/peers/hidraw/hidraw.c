/* A made-up hidraw device for one process, preloaded: opening STILE_HIDRAW_PATH connects to the unix socket
 * STILE_HIDRAW_SOCKET instead, and the questions hidapi asks a hidraw device are answered as for a HID-POS reader.
 * So node-hid's own native code runs on a machine without HID. Reads are cut to one report of 64 bytes, as the socket
 * knows no bounds. Source: linux/hidraw.h; the descriptor follows the HID point of sale usage tables. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/hidraw.h>
#include <linux/input.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define MOST_DESCRIPTORS 4096
#define REPORT_BYTES 64

static unsigned char ours[MOST_DESCRIPTORS];

static const unsigned char report_descriptor[] = {
    0x05, 0x8C, 0x09, 0x02, 0xA1, 0x01, 0x85, 0x02, 0x15, 0x00, 0x26, 0xFF, 0x00, 0x75, 0x08,
    0x95, 0x3F, 0x09, 0xFE, 0x81, 0x02, 0x85, 0x04, 0x95, 0x3F, 0x09, 0xFF, 0x91, 0x02, 0xC0};

static int is_ours(int fd) { return fd >= 0 && fd < MOST_DESCRIPTORS && ours[fd]; }

static int is_made_up(const char *path) {
  const char *made_up = getenv("STILE_HIDRAW_PATH");
  return made_up && path && strcmp(path, made_up) == 0;
}

static int connect_simulator(void) {
  const char *socket_path = getenv("STILE_HIDRAW_SOCKET");
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (!socket_path || strlen(socket_path) >= sizeof address.sun_path) {
    errno = ENOENT;
    return -1;
  }
  strcpy(address.sun_path, socket_path);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  if (fd >= MOST_DESCRIPTORS || connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
    close(fd);
    errno = ENOENT;
    return -1;
  }
  ours[fd] = 1;
  return fd;
}

#define FORWARD_OPEN(name)                                          \
  int name(const char *path, int flags, ...) {                      \
    static int (*real)(const char *, int, ...);                     \
    if (is_made_up(path)) return connect_simulator();               \
    if (!real) real = (int (*)(const char *, int, ...))dlsym(RTLD_NEXT, #name); \
    va_list more;                                                   \
    va_start(more, flags);                                          \
    mode_t mode = (flags & (O_CREAT | O_TMPFILE)) ? va_arg(more, mode_t) : 0; \
    va_end(more);                                                   \
    return real(path, flags, mode);                                 \
  }
FORWARD_OPEN(open)
FORWARD_OPEN(open64)

int ioctl(int fd, unsigned long request, ...) {
  static int (*real)(int, unsigned long, void *);
  va_list more;
  va_start(more, request);
  void *argument = va_arg(more, void *);
  va_end(more);
  if (!is_ours(fd)) {
    if (!real) real = (int (*)(int, unsigned long, void *))dlsym(RTLD_NEXT, "ioctl");
    return real(fd, request, argument);
  }
  if (request == HIDIOCGRDESCSIZE) {
    *(int *)argument = sizeof report_descriptor;
    return 0;
  }
  if (request == HIDIOCGRDESC) {
    struct hidraw_report_descriptor *descriptor = argument;
    descriptor->size = sizeof report_descriptor;
    memcpy(descriptor->value, report_descriptor, sizeof report_descriptor);
    return 0;
  }
  if (request == HIDIOCGRAWINFO) {
    struct hidraw_devinfo info = {.bustype = BUS_USB, .vendor = 0x0C2E, .product = 0x0B61};
    memcpy(argument, &info, sizeof info);
    return 0;
  }
  if (_IOC_TYPE(request) == 'H' && _IOC_NR(request) == _IOC_NR(HIDIOCGRAWNAME(0))) {
    static const char name[] = "simulated reader";
    size_t length = _IOC_SIZE(request) < sizeof name ? _IOC_SIZE(request) : sizeof name;
    memcpy(argument, name, length);
    return (int)length;
  }
  errno = EINVAL;
  return -1;
}

ssize_t read(int fd, void *buffer, size_t length) {
  static ssize_t (*real)(int, void *, size_t);
  if (!real) real = (ssize_t(*)(int, void *, size_t))dlsym(RTLD_NEXT, "read");
  return real(fd, buffer, is_ours(fd) && length > REPORT_BYTES ? REPORT_BYTES : length);
}

int close(int fd) {
  static int (*real)(int);
  if (!real) real = (int (*)(int))dlsym(RTLD_NEXT, "close");
  if (is_ours(fd)) ours[fd] = 0;
  return real(fd);
}
