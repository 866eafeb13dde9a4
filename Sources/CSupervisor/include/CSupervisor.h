#pragma once
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <sys/types.h>

/// What a supervisor tells the agent. One message of the control socket is one report.
enum supervisor_report_kind {
    /// The program runs; `process` is its id, which is also its process group and session.
    SUPERVISOR_STARTED = 1,
    /// The program could not be started: `step` and `error_number` say why. Nothing is left behind.
    SUPERVISOR_FAILED = 2,
    /// The program has ended and every process it left behind is gone.
    SUPERVISOR_ENDED = 3,
    /// `process` can't be killed (it changed its user). The supervisor keeps trying.
    SUPERVISOR_STUCK = 4,
};

/// Where starting a program went wrong.
enum supervisor_step {
    SUPERVISOR_STEP_PREPARE = 1,
    SUPERVISOR_STEP_FORK = 2,
    SUPERVISOR_STEP_SESSION = 3,
    SUPERVISOR_STEP_STREAMS = 4,
    SUPERVISOR_STEP_DIRECTORY = 5,
    SUPERVISOR_STEP_EXEC = 6,
};

struct supervisor_report {
    int32_t kind;
    int32_t process;
    int32_t step;
    int32_t error_number;
    /// The exit code, or -1 when a signal ended the program.
    int32_t exit_code;
    /// The signal that ended the program, or 0.
    int32_t exit_signal;
    /// How many processes had to be killed once the program itself had ended.
    int32_t leftovers;
    int32_t reserved;
    /// Of the whole tree.
    int64_t user_microseconds;
    int64_t system_microseconds;
    /// Of the largest process of the tree.
    int64_t max_resident_bytes;
};

/// What to start. Every pointer must stay valid until `supervisor_start` returns.
struct supervisor_request {
    /// A path; PATH is not searched.
    const char *_Nonnull path;
    char *_Nullable const *_Nonnull arguments;
    char *_Nullable const *_Nonnull environment;
    const char *_Nonnull directory;
    /// The supervisor's end of a SOCK_SEQPACKET pair.
    int control;
    int standard_output;
    int standard_error;
};

/// Bytes the agent writes to the control socket. Its end (EOF) means: kill everything.
enum supervisor_order {
    SUPERVISOR_TERMINATE = 'T',
    SUPERVISOR_KILL = 'K',
};

/// Forks a supervisor that starts the program and holds its whole process tree.
///
/// Safe to call from a process with many threads: the child never allocates, locks or runs the caller's code.
/// Returns the supervisor's process id, or a negated errno. The caller closes its copies of the descriptors.
pid_t supervisor_start(const struct supervisor_request *_Nonnull request);

/// A close-on-exec descriptor that becomes readable when the process ends, or a negated errno.
int supervisor_process_descriptor(pid_t process);

/// Keeps other processes of the same user from reading this process's memory and environment (and so from
/// finding credentials there). Returns 0 or a negated errno.
int supervisor_hide_this_process(void);

/// Opens a file for writing in which no symbolic link, FIFO or device can stand: see `open(2)`.
int supervisor_open_regular(const char *_Nonnull path, int flags);

/// A pipe whose ends are closed on exec; the reading end never blocks. Returns 0 or a negated errno.
int supervisor_pipe(int *_Nonnull reading, int *_Nonnull writing);

/// Writes the system's words for an error into the buffer, with a zero at their end.
void supervisor_error_text(int error, char *_Nonnull buffer, size_t size);

