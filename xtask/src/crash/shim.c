/* Stands between a program and libc, for the crash harness: every operation that changes files below one folder is counted,
   logged, and fails, is cut short or ends the program where the harness says so.

   Environment:
     NAQSHA_SHIM_UNDER  the folder, as its real path; operations elsewhere pass untouched
     NAQSHA_SHIM_STATE  a file of 16 bytes, shared by all programs of a run: the counter, and whether the disk is broken
     NAQSHA_SHIM_LOG    appended to: number, process, kind, errno (or "muted"), path [, new path], separated by tabs
     NAQSHA_SHIM_AT     number of the operation at which it happens, from 1
     NAQSHA_SHIM_DO     what happens: kill, eio, eio-forever, enospc, short
     NAQSHA_SHIM_MUTE   pattern of paths (fnmatch, from the folder) whose syncs do nothing and say they did

   It calls the kernel itself, so that it needs no look-up of libc's functions. Changes through a memory map are not seen:
   SQLite's -shm file is one, which no durability rests on. */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum fault { NONE, KILL, EIO_ONCE, EIO_FOREVER, NO_SPACE, SHORT };

struct state {
    atomic_ulong count;
    atomic_ulong broken;
};

static const char *under;
static const char *mute;
static struct state *state;
static unsigned long at;
static enum fault fault;
static int log_fd = -1;

static void __attribute__((constructor)) start(void) {
    const char *name = getenv("NAQSHA_SHIM_STATE");
    const char *folder = getenv("NAQSHA_SHIM_UNDER");
    if (name == NULL || folder == NULL)
        return;
    int fd = (int)syscall(SYS_openat, AT_FDCWD, name, O_RDWR | O_CLOEXEC);
    void *shared = mmap(NULL, sizeof(struct state), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    const char *log = getenv("NAQSHA_SHIM_LOG");
    if (log != NULL)
        log_fd = (int)syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    /* A harness that counts nothing would find nothing: better no run than such a one. */
    if (fd < 0 || shared == MAP_FAILED || (log != NULL && log_fd < 0))
        _exit(99);
    close(fd);
    state = shared;
    under = folder;
    mute = getenv("NAQSHA_SHIM_MUTE");
    const char *number = getenv("NAQSHA_SHIM_AT");
    const char *what = getenv("NAQSHA_SHIM_DO");
    at = number == NULL ? 0 : strtoul(number, NULL, 10);
    if (what == NULL || at == 0)
        fault = NONE;
    else if (strcmp(what, "kill") == 0)
        fault = KILL;
    else if (strcmp(what, "eio") == 0)
        fault = EIO_ONCE;
    else if (strcmp(what, "eio-forever") == 0)
        fault = EIO_FOREVER;
    else if (strcmp(what, "enospc") == 0)
        fault = NO_SPACE;
    else if (strcmp(what, "short") == 0)
        fault = SHORT;
    else
        _exit(98);
}

/* The path from the folder on; NULL where it is elsewhere. */
static const char *relative(const char *path) {
    if (under == NULL || path == NULL)
        return NULL;
    size_t length = strlen(under);
    if (strncmp(path, under, length) != 0)
        return NULL;
    if (path[length] == '\0')
        return ".";
    return path[length] == '/' ? path + length + 1 : NULL;
}

static const char *of_fd(int fd, char *buffer) {
    char link[64];
    if (under == NULL)
        return NULL;
    int before = errno;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = syscall(SYS_readlinkat, AT_FDCWD, link, buffer, PATH_MAX - 1);
    errno = before;
    if (length < 0)
        return NULL;
    buffer[length] = '\0';
    return relative(buffer);
}

static const char *of_path(int folder, const char *path, char *buffer) {
    if (under == NULL || path == NULL)
        return NULL;
    if (path[0] == '/')
        return relative(path);
    int before = errno;
    char link[64], start[PATH_MAX];
    if (folder == AT_FDCWD)
        snprintf(link, sizeof link, "/proc/self/cwd");
    else
        snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
    ssize_t length = syscall(SYS_readlinkat, AT_FDCWD, link, start, PATH_MAX - 1);
    errno = before;
    if (length < 0)
        return NULL;
    start[length] = '\0';
    if (snprintf(buffer, PATH_MAX, "%s/%s", start, path) >= PATH_MAX)
        return NULL;
    return relative(buffer);
}

static void note(unsigned long number, const char *kind, const char *result, const char *path, const char *to) {
    char line[2 * PATH_MAX + 128];
    if (log_fd < 0)
        return;
    int before = errno;
    int length = snprintf(line, sizeof line, "%lu\t%d\t%s\t%s\t%s%s%s\n", number, (int)getpid(), kind, result, path,
                          to == NULL ? "" : "\t", to == NULL ? "" : to);
    if (length > 0 && syscall(SYS_write, log_fd, line, (size_t)length) != length)
        _exit(97);
    errno = before;
}

static void outcome(unsigned long number, const char *kind, long result, const char *path, const char *to) {
    char code[16];
    snprintf(code, sizeof code, "%d", result < 0 ? errno : 0);
    note(number, kind, code, path, to);
}

/* Counts an operation; gives the errno with which it fails, 0 where it is to be done, -1 where half of it is. */
static int next(unsigned long *number, const char *kind, const char *path) {
    *number = atomic_fetch_add(&state->count, 1) + 1;
    if (atomic_load(&state->broken))
        return EIO;
    if (fault == NONE || *number != at)
        return 0;
    switch (fault) {
    case KILL:
        note(*number, kind, "kill", path, NULL);
        syscall(SYS_kill, getpid(), SIGKILL);
        for (;;)
            pause();
    case EIO_FOREVER:
        atomic_store(&state->broken, 1);
        return EIO;
    case EIO_ONCE:
        return EIO;
    case NO_SPACE:
        return ENOSPC;
    case SHORT:
        return -1;
    default:
        return 0;
    }
}

/* Does `call` unless it is to fail; `half` is what a short one does instead. */
#define OPERATION(kind, path, to, call, half)                                                                         \
    do {                                                                                                               \
        unsigned long number;                                                                                          \
        int verdict = next(&number, kind, path);                                                                       \
        long result;                                                                                                   \
        if (verdict > 0) {                                                                                             \
            errno = verdict;                                                                                           \
            result = -1;                                                                                               \
        } else {                                                                                                       \
            result = verdict < 0 ? (half) : (call);                                                                    \
        }                                                                                                              \
        outcome(number, kind, result, path, to);                                                                       \
        return result;                                                                                                 \
    } while (0)

static size_t half_of(size_t bytes) {
    return bytes > 1 ? bytes / 2 : bytes;
}

ssize_t write(int fd, const void *bytes, size_t count) {
    char buffer[PATH_MAX];
    const char *path = of_fd(fd, buffer);
    if (path == NULL)
        return syscall(SYS_write, fd, bytes, count);
    OPERATION("write", path, NULL, syscall(SYS_write, fd, bytes, count), syscall(SYS_write, fd, bytes, half_of(count)));
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t offset) {
    char buffer[PATH_MAX];
    const char *path = of_fd(fd, buffer);
    if (path == NULL)
        return syscall(SYS_pwrite64, fd, bytes, count, offset);
    OPERATION("write", path, NULL, syscall(SYS_pwrite64, fd, bytes, count, offset),
              syscall(SYS_pwrite64, fd, bytes, half_of(count), offset));
}

ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t offset) {
    return pwrite(fd, bytes, count, offset);
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
    char buffer[PATH_MAX];
    const char *path = of_fd(fd, buffer);
    if (path == NULL)
        return syscall(SYS_writev, fd, parts, count);
    OPERATION("write", path, NULL, syscall(SYS_writev, fd, parts, count),
              syscall(SYS_write, fd, parts[0].iov_base, half_of(parts[0].iov_len)));
}

static int synced(int fd, const char *kind, long call) {
    char buffer[PATH_MAX];
    const char *path = of_fd(fd, buffer);
    if (path == NULL)
        return (int)syscall(call, fd);
    if (mute != NULL && fnmatch(mute, path, FNM_PATHNAME) == 0) {
        note(atomic_fetch_add(&state->count, 1) + 1, kind, "muted", path, NULL);
        return 0;
    }
    OPERATION(kind, path, NULL, syscall(call, fd), (errno = EIO, -1L));
}

int fsync(int fd) {
    return synced(fd, "sync", SYS_fsync);
}

int fdatasync(int fd) {
    return synced(fd, "sync", SYS_fdatasync);
}

int ftruncate(int fd, off_t length) {
    char buffer[PATH_MAX];
    const char *path = of_fd(fd, buffer);
    if (path == NULL)
        return (int)syscall(SYS_ftruncate, fd, length);
    OPERATION("truncate", path, NULL, syscall(SYS_ftruncate, fd, length), syscall(SYS_ftruncate, fd, length));
}

int ftruncate64(int fd, off64_t length) {
    return ftruncate(fd, length);
}

static int renamed(int from_folder, const char *from, int to_folder, const char *to, unsigned flags) {
    char buffer[PATH_MAX], to_buffer[PATH_MAX];
    const char *path = of_path(from_folder, from, buffer);
    const char *to_path = of_path(to_folder, to, to_buffer);
    if (path == NULL || to_path == NULL)
        return (int)syscall(SYS_renameat2, from_folder, from, to_folder, to, flags);
    OPERATION("rename", path, to_path, syscall(SYS_renameat2, from_folder, from, to_folder, to, flags),
              syscall(SYS_renameat2, from_folder, from, to_folder, to, flags));
}

int rename(const char *from, const char *to) {
    return renamed(AT_FDCWD, from, AT_FDCWD, to, 0);
}

int renameat(int from_folder, const char *from, int to_folder, const char *to) {
    return renamed(from_folder, from, to_folder, to, 0);
}

int renameat2(int from_folder, const char *from, int to_folder, const char *to, unsigned flags) {
    return renamed(from_folder, from, to_folder, to, flags);
}

int unlinkat(int folder, const char *name, int flags) {
    char buffer[PATH_MAX];
    const char *path = of_path(folder, name, buffer);
    if (path == NULL)
        return (int)syscall(SYS_unlinkat, folder, name, flags);
    OPERATION("unlink", path, NULL, syscall(SYS_unlinkat, folder, name, flags),
              syscall(SYS_unlinkat, folder, name, flags));
}

int unlink(const char *name) {
    return unlinkat(AT_FDCWD, name, 0);
}

int mkdirat(int folder, const char *name, mode_t mode) {
    char buffer[PATH_MAX];
    const char *path = of_path(folder, name, buffer);
    if (path == NULL || syscall(SYS_faccessat, folder, name, F_OK) == 0)
        return (int)syscall(SYS_mkdirat, folder, name, mode);
    OPERATION("mkdir", path, NULL, syscall(SYS_mkdirat, folder, name, mode), syscall(SYS_mkdirat, folder, name, mode));
}

int mkdir(const char *name, mode_t mode) {
    return mkdirat(AT_FDCWD, name, mode);
}

/* Only an opening that makes the file changes anything. */
static int opened(int folder, const char *name, int flags, mode_t mode) {
    char buffer[PATH_MAX];
    const char *path = (flags & O_CREAT) ? of_path(folder, name, buffer) : NULL;
    if (path == NULL || syscall(SYS_faccessat, folder, name, F_OK) == 0)
        return (int)syscall(SYS_openat, folder, name, flags, mode);
    OPERATION("create", path, NULL, syscall(SYS_openat, folder, name, flags, mode),
              syscall(SYS_openat, folder, name, flags, mode));
}

#define OPENING(name, ...)                                                                                            \
    {                                                                                                                  \
        mode_t mode = 0;                                                                                               \
        if (flags & (O_CREAT | O_TMPFILE)) {                                                                           \
            va_list rest;                                                                                              \
            va_start(rest, flags);                                                                                     \
            mode = va_arg(rest, mode_t);                                                                               \
            va_end(rest);                                                                                              \
        }                                                                                                              \
        return opened(__VA_ARGS__, name, flags, mode);                                                                 \
    }

int open(const char *name, int flags, ...) OPENING(name, AT_FDCWD)
int open64(const char *name, int flags, ...) OPENING(name, AT_FDCWD)
int openat(int folder, const char *name, int flags, ...) OPENING(name, folder)
int openat64(int folder, const char *name, int flags, ...) OPENING(name, folder)
