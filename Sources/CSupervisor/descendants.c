#define _GNU_SOURCE
#include "descendants.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

// Everything here runs in a forked child of a process with many threads: no malloc, no stdio, no opendir.

struct kernel_dirent {
    unsigned long long inode;
    long long offset;
    unsigned short length;
    unsigned char type;
    char name[];
};

static char *append_text(char *end, const char *text) {
    while (*text) *end++ = *text++;
    *end = 0;
    return end;
}

static char *append_number(char *end, pid_t number) {
    char digits[16];
    int count = 0;
    do {
        digits[count++] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    while (count > 0) *end++ = digits[--count];
    *end = 0;
    return end;
}

static pid_t number_in(const char *text) {
    pid_t number = 0;
    if (*text < '0' || *text > '9') return -1;
    for (; *text >= '0' && *text <= '9'; text++) number = number * 10 + (*text - '0');
    return *text == 0 ? number : -1;
}

/// Calls `visit` with every entry of a folder whose name is a number.
static int each_number(const char *folder, void (*visit)(pid_t, void *), void *context) {
    int descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) return -1;
    char buffer[8192] __attribute__((aligned(8)));
    for (;;) {
        long length = syscall(SYS_getdents64, descriptor, buffer, sizeof buffer);
        if (length <= 0) break;
        for (long at = 0; at < length;) {
            struct kernel_dirent *entry = (struct kernel_dirent *)(buffer + at);
            pid_t number = number_in(entry->name);
            if (number > 0) visit(number, context);
            at += entry->length;
        }
    }
    close(descriptor);
    return 0;
}

pid_t parent_of(pid_t process) {
    char path[64], text[512];
    append_text(append_number(append_text(path, "/proc/"), process), "/stat");
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return -1;
    ssize_t length = read(descriptor, text, sizeof text - 1);
    close(descriptor);
    if (length <= 0) return -1;
    text[length] = 0;
    // "17 (a name) with ) in it) S 1 …": the name ends at the last parenthesis.
    char *end = strrchr(text, ')');
    if (!end || end + 4 >= text + length) return -1;
    pid_t parent = 0;
    for (char *digit = end + 4; *digit >= '0' && *digit <= '9'; digit++) parent = parent * 10 + (*digit - '0');
    return parent;
}

struct found_list {
    pid_t *found;
    int count;
    pid_t of;
    int deep;
};

static void add(struct found_list *list, pid_t process) {
    for (int i = 0; i < list->count; i++)
        if (list->found[i] == process) return;
    if (list->count < DESCENDANTS_MAX) list->found[list->count++] = process;
}

/// The children that one thread has forked, by the kernel's own list.
static void add_children_of_thread(pid_t thread, void *context) {
    struct found_list *list = context;
    char path[96], text[4096];
    char *end = append_number(append_text(path, "/proc/"), list->of);
    append_text(append_number(append_text(end, "/task/"), thread), "/children");
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return;
    pid_t number = 0;
    ssize_t length;
    while ((length = read(descriptor, text, sizeof text)) > 0) {
        for (ssize_t i = 0; i < length; i++) {
            if (text[i] >= '0' && text[i] <= '9') {
                number = number * 10 + (text[i] - '0');
            } else if (number > 0) {
                add(list, number);
                number = 0;
            }
        }
    }
    if (number > 0) add(list, number);
    close(descriptor);
}

static void add_if_child(pid_t process, void *context) {
    struct found_list *list = context;
    pid_t parent = parent_of(process);
    if (parent <= 0) return;
    if (parent == list->of) {
        add(list, process);
        return;
    }
    if (!list->deep) return;
    for (int i = 0; i < list->count; i++)
        if (list->found[i] == parent) {
            add(list, process);
            return;
        }
}

static int has_children_files(void) {
    static int known;
    if (known == 0) known = access("/proc/thread-self/children", F_OK) == 0 ? 1 : -1;
    return known > 0;
}

int descendants_of(pid_t process, int deep, pid_t found[DESCENDANTS_MAX]) {
    struct found_list list = {.found = found, .count = 0, .of = process, .deep = deep};
    if (has_children_files()) {
        char path[64];
        int next = 0;
        for (;;) {
            append_text(append_number(append_text(path, "/proc/"), list.of), "/task");
            each_number(path, add_children_of_thread, &list);
            if (!deep || next >= list.count) break;
            list.of = found[next++];
        }
        return list.count;
    }
    // A kernel without CONFIG_PROC_CHILDREN: look at every process, until a look finds nothing new.
    int before;
    do {
        before = list.count;
        each_number("/proc", add_if_child, &list);
    } while (deep && list.count != before);
    return list.count;
}
