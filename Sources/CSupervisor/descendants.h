#pragma once
#include <sys/types.h>

/// How many processes one look can hold; what is beyond is found by the next look.
enum { DESCENDANTS_MAX = 4096 };

/// The process's children, or (`deep`) all its descendants, parents before their children.
///
/// Async-signal-safe. Returns how many were written to `found`.
int descendants_of(pid_t process, int deep, pid_t found[DESCENDANTS_MAX]);

/// The id of a process's parent, or -1 when there is no such process.
pid_t parent_of(pid_t process);
