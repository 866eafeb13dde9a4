#define _GNU_SOURCE
#include "CSupervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

// System calls that Swift can't call itself: they take variable arguments, or are extensions its module leaves out.

int supervisor_process_descriptor(pid_t process) {
    int descriptor = (int)syscall(SYS_pidfd_open, process, 0);
    return descriptor < 0 ? -errno : descriptor;
}

int supervisor_hide_this_process(void) {
    return prctl(PR_SET_DUMPABLE, 0) < 0 ? -errno : 0;
}

int supervisor_open_regular(const char *path, int flags) {
    int descriptor = open(path, flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    if (descriptor < 0) return -errno;
    struct stat status;
    if (fstat(descriptor, &status) < 0 || !S_ISREG(status.st_mode)) {
        close(descriptor);
        return -EINVAL;
    }
    return descriptor;
}

int supervisor_pipe(int *reading, int *writing) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0) return -errno;
    // Only this end: the flag belongs to the open file, and a program expects its own output to block.
    if (fcntl(ends[0], F_SETFL, O_NONBLOCK) < 0) {
        int error = errno;
        close(ends[0]);
        close(ends[1]);
        return -error;
    }
    *reading = ends[0];
    *writing = ends[1];
    return 0;
}

void supervisor_error_text(int error, char *buffer, size_t size) {
    // Declared so in both of its forms: one fills the buffer, the other may return a constant instead.
#if defined(__GLIBC__)
    const char *text = strerror_r(error, buffer, size);
    if (text != buffer) {
        strncpy(buffer, text, size - 1);
        buffer[size - 1] = 0;
    }
#else
    if (strerror_r(error, buffer, size) != 0) buffer[0] = 0;
#endif
}

