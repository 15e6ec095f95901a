/* A machine whose disk fails and whose clock jumps, for the processes that load this with LD_PRELOAD.

   The file that RETAIND_MACHINE names is mapped by each of them: whoever writes there changes the machine at once.
   Standard streams and whatever lies elsewhere than below the prefix are left alone. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

struct machine {
  int64_t clock_offset_seconds;
  int32_t error; /* ENOSPC, EIO, or 0 */
  char prefix[500];
};

static const volatile struct machine *mapped;

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static const volatile struct machine *machine(void) {
  const char *path = mapped ? NULL : getenv("RETAIND_MACHINE");
  if (path) {
    int fd = REAL(open)(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
      void *page = mmap(NULL, sizeof(struct machine), PROT_READ, MAP_SHARED, fd, 0);
      if (page != MAP_FAILED) mapped = page;
      close(fd);
    }
  }
  return mapped;
}

static int fails(const char *path) {
  const volatile struct machine *now = machine();
  return now && now->error && !strncmp(path, (const char *)now->prefix, strlen((const char *)now->prefix));
}

static int fd_fails(int fd) {
  const volatile struct machine *now = machine();
  char link[40], path[600];
  if (fd <= 2 || !now || !now->error) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t size = readlink(link, path, sizeof path - 1);
  if (size < 0) return 0;
  path[size] = 0;
  return fails(path);
}

static int refuse(void) {
  errno = mapped->error ? mapped->error : EIO;
  return -1;
}

static int is_full(void) { return mapped && mapped->error == ENOSPC; }

/* A full disk takes a part of what is written before it takes nothing. */

ssize_t write(int fd, const void *data, size_t size) {
  if (!fd_fails(fd)) return REAL(write)(fd, data, size);
  return is_full() && size > 4096 ? REAL(write)(fd, data, size / 2) : refuse();
}

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at) {
  return fd_fails(fd) ? refuse() : REAL(pwrite64)(fd, data, size, at);
}

ssize_t read(int fd, void *data, size_t size) {
  return fd_fails(fd) && !is_full() ? refuse() : REAL(read)(fd, data, size);
}

int fsync(int fd) { return fd_fails(fd) ? refuse() : REAL(fsync)(fd); }

int fdatasync(int fd) { return fd_fails(fd) ? refuse() : REAL(fdatasync)(fd); }

int mkdir(const char *path, mode_t mode) { return fails(path) ? refuse() : REAL(mkdir)(path, mode); }

static int makes_a_file(const char *path, int flags) {
  return (flags & O_CREAT) && fails(path) && access(path, F_OK);
}

static int opened(const char *path, int flags, mode_t mode) {
  return makes_a_file(path, flags) ? refuse() : REAL(open)(path, flags, mode);
}

int open(const char *path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  int fd = opened(path, flags, va_arg(rest, mode_t));
  va_end(rest);
  return fd;
}

int open64(const char *path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  int fd = opened(path, flags | O_LARGEFILE, va_arg(rest, mode_t));
  va_end(rest);
  return fd;
}

/* The clock that can be set; the monotonic one is nobody's to set. */

int clock_gettime(clockid_t clock, struct timespec *at) {
  int code = REAL(clock_gettime)(clock, at);
  if (!code && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE) && machine())
    at->tv_sec += mapped->clock_offset_seconds;
  return code;
}

int gettimeofday(struct timeval *at, void *zone) {
  int code = REAL(gettimeofday)(at, zone);
  if (!code && machine()) at->tv_sec += mapped->clock_offset_seconds;
  return code;
}

time_t time(time_t *at) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (at) *at = now.tv_sec;
  return now.tv_sec;
}
