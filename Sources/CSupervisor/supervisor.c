#define _GNU_SOURCE
#include "CSupervisor.h"
#include "descendants.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

// The supervisor is a fork of the agent that never executes another program. The agent has many threads, and a
// lock one of them held at the fork stays locked here for ever. So everything below is async-signal-safe: system
// calls, the stack, and static memory.

struct supervisor {
    const struct supervisor_request *request;
    pid_t self;
    /// The stage's own process; also its process group.
    pid_t process;
    int control;
    int children;
    int ended;
    int status;
    int leftovers;
    pid_t reported_stuck;
};

static pid_t found[DESCENDANTS_MAX];

static void tell(struct supervisor *supervisor, struct supervisor_report *report) {
    // The agent may be gone; then nobody needs to know.
    (void)send(supervisor->control, report, sizeof *report, MSG_NOSIGNAL);
}

static void close_span(unsigned first, unsigned last) {
    if (first > last) return;
    if (syscall(SYS_close_range, first, last, 0) == 0) return;
    // Before Linux 5.9, or where a sandbox refuses the call.
    struct rlimit limit;
    unsigned end = getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < 1 << 20 ? (unsigned)limit.rlim_cur : 1 << 20;
    for (unsigned descriptor = first; descriptor <= last && descriptor < end; descriptor++) close((int)descriptor);
}

/// Closes every descriptor but those named: a script must never get the agent's sockets, and the end of
/// another stage's control socket must not be held open here.
static void close_all_but(int keep[], int count) {
    for (int i = 1; i < count; i++)
        for (int j = i; j > 0 && keep[j] < keep[j - 1]; j--) {
            int other = keep[j];
            keep[j] = keep[j - 1];
            keep[j - 1] = other;
        }
    unsigned next = 0;
    for (int i = 0; i < count; i++) {
        if (keep[i] < 0) continue;
        if ((unsigned)keep[i] > next) close_span(next, (unsigned)keep[i] - 1);
        next = (unsigned)keep[i] + 1;
    }
    close_span(next, ~0u);
}

/// What went wrong in the child between vfork and exec. It shares the supervisor's memory.
static volatile int child_step, child_error;

__attribute__((noreturn)) static void fail_child(int step) {
    child_error = errno;
    child_step = step;
    _exit(127);
}

/// The descriptor itself if it is above the standard three, else a copy that is.
static int above_standard(int descriptor) {
    return descriptor > 2 ? descriptor : fcntl(descriptor, F_DUPFD_CLOEXEC, 3);
}

__attribute__((noreturn)) static void become_program(const struct supervisor_request *request, pid_t supervisor) {
    if (setsid() < 0) fail_child(SUPERVISOR_STEP_SESSION);
    // Should somebody kill the supervisor itself, at least the main process ends with it.
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != supervisor) _exit(127);

    int output = above_standard(request->standard_output);
    int error = above_standard(request->standard_error);
    if (output < 0 || error < 0) fail_child(SUPERVISOR_STEP_STREAMS);
    int input = open("/dev/null", O_RDONLY);
    if (input < 0) fail_child(SUPERVISOR_STEP_STREAMS);
    if (input != 0 && dup2(input, 0) < 0) fail_child(SUPERVISOR_STEP_STREAMS);
    if (dup2(output, 1) < 0 || dup2(error, 2) < 0) fail_child(SUPERVISOR_STEP_STREAMS);
    close_span(3, ~0u);

    if (chdir(request->directory) < 0) fail_child(SUPERVISOR_STEP_DIRECTORY);

    // Ignored signals stay ignored across exec: the agent ignores SIGPIPE, a script must not.
    // The C library refuses to touch the two signals it keeps for itself, hence the call below it: all zero is
    // SIG_DFL without flags, and a mask of signals has 8 bytes.
    unsigned long action[8] = {0};
    for (int number = 1; number < _NSIG; number++) syscall(SYS_rt_sigaction, number, action, NULL, 8);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);

    execve(request->path, request->arguments, request->environment);
    fail_child(SUPERVISOR_STEP_EXEC);
}

static void signal_process(pid_t process, pid_t expected_parent, int number) {
    // A descendant deeper down is reaped by its own parent, so its id may be taken by a stranger between the
    // look and the signal. A pidfd pins the process; its parent then proves that it is still ours.
    int descriptor = (int)syscall(SYS_pidfd_open, process, 0);
    if (descriptor < 0) {
        if (errno == ENOSYS) kill(process, number);
        return;
    }
    if (parent_of(process) == expected_parent) syscall(SYS_pidfd_send_signal, descriptor, number, NULL, 0);
    close(descriptor);
}

/// Asks every process of the tree to end, once.
static void terminate_tree(struct supervisor *supervisor) {
    if (supervisor->ended) return;
    kill(-supervisor->process, SIGTERM);
    int count = descendants_of(supervisor->self, 1, found);
    for (int i = 0; i < count; i++) {
        // Who left the group (setsid) hasn't heard yet; who is in it must not hear twice.
        if (getpgid(found[i]) == supervisor->process) continue;
        pid_t parent = parent_of(found[i]);
        int ours = parent == supervisor->self;
        for (int j = 0; j < count && !ours; j++) ours = found[j] == parent;
        if (ours) signal_process(found[i], parent, SIGTERM);
    }
    // A stopped process acts on the signal only once it goes on.
    kill(-supervisor->process, SIGCONT);
}

/// Kills what can be reached at once. Orphans come to the supervisor, where the next call finds them.
static void kill_tree(struct supervisor *supervisor) {
    // The group's id can't be taken by a stranger while its leader isn't reaped.
    if (!supervisor->ended) kill(-supervisor->process, SIGKILL);
    // Children can't be taken for strangers at all: only the supervisor reaps them.
    int count = descendants_of(supervisor->self, 0, found);
    for (int i = 0; i < count; i++) {
        if (kill(found[i], SIGKILL) == 0) {
            if (supervisor->ended) supervisor->leftovers++;
        } else if (errno == EPERM && supervisor->reported_stuck != found[i]) {
            supervisor->reported_stuck = found[i];
            struct supervisor_report report = {.kind = SUPERVISOR_STUCK, .process = found[i], .error_number = EPERM};
            tell(supervisor, &report);
        }
    }
}

/// Reaps what has ended. Returns 0 once there is no child at all.
static int reap(struct supervisor *supervisor) {
    for (;;) {
        siginfo_t info;
        info.si_pid = 0;
        if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0) return errno == EINTR;
        if (info.si_pid == 0) return 1;
        if (info.si_pid == supervisor->process && !supervisor->ended) {
            // While the leader is a zombie its group's id is still its own.
            kill(-supervisor->process, SIGKILL);
            if (waitpid(info.si_pid, &supervisor->status, 0) > 0) supervisor->ended = 1;
        } else {
            waitpid(info.si_pid, NULL, 0);
        }
    }
}

__attribute__((noreturn)) static void tell_end(struct supervisor *supervisor) {
    struct rusage usage;
    memset(&usage, 0, sizeof usage);
    getrusage(RUSAGE_CHILDREN, &usage);
    struct supervisor_report report = {
        .kind = SUPERVISOR_ENDED,
        .process = supervisor->process,
        .exit_code = WIFEXITED(supervisor->status) ? WEXITSTATUS(supervisor->status) : -1,
        .exit_signal = WIFSIGNALED(supervisor->status) ? WTERMSIG(supervisor->status) : 0,
        .leftovers = supervisor->leftovers,
        .user_microseconds = (int64_t)usage.ru_utime.tv_sec * 1000000 + usage.ru_utime.tv_usec,
        .system_microseconds = (int64_t)usage.ru_stime.tv_sec * 1000000 + usage.ru_stime.tv_usec,
        .max_resident_bytes = (int64_t)usage.ru_maxrss * 1024,
    };
    tell(supervisor, &report);
    _exit(0);
}

__attribute__((noreturn)) static void watch(struct supervisor *supervisor) {
    int killing = 0;
    int listening = 1;
    for (;;) {
        if (!reap(supervisor)) tell_end(supervisor);
        if (supervisor->ended) killing = 1;
        if (killing) kill_tree(supervisor);

        struct pollfd waits[2] = {
            {.fd = supervisor->children, .events = POLLIN},
            {.fd = listening ? supervisor->control : -1, .events = POLLIN},
        };
        // A child's end wakes this up. The time-out is for what couldn't be killed, and for orphans that
        // came in after the look.
        if (poll(waits, 2, killing ? 20 : -1) < 0) continue;
        if (waits[0].revents) {
            struct signalfd_siginfo info[8];
            (void)!read(supervisor->children, info, sizeof info);
        }
        if (waits[1].revents) {
            char order = 0;
            ssize_t length = recv(supervisor->control, &order, 1, MSG_DONTWAIT);
            if (length == 1 && order == SUPERVISOR_TERMINATE) terminate_tree(supervisor);
            if (length == 1 && order == SUPERVISOR_KILL) killing = 1;
            if (length == 0 || (length < 0 && errno != EAGAIN && errno != EINTR)) {
                // The agent is gone.
                listening = 0;
                killing = 1;
            }
        }
    }
}

__attribute__((noreturn)) static void refuse(struct supervisor *supervisor, int step, int error_number) {
    struct supervisor_report report = {.kind = SUPERVISOR_FAILED, .step = step, .error_number = error_number};
    tell(supervisor, &report);
    _exit(0);
}

__attribute__((noreturn)) static void supervise(const struct supervisor_request *request) {
    struct supervisor supervisor = {.request = request, .control = request->control, .children = -1};
    // This memory is a copy of the agent's, credentials and all.
    prctl(PR_SET_DUMPABLE, 0);
    prctl(PR_SET_NAME, "martlet-hold");
    supervisor.self = getpid();

    int keep[] = {request->control, request->standard_output, request->standard_error};
    close_all_but(keep, 3);
    // A group of its own, so that a Ctrl-C for the agent doesn't stop it. Not a session: that would also be a new
    // scheduling group, which a busy machine lets wait for its turn.
    if (setpgid(0, 0) < 0) refuse(&supervisor, SUPERVISOR_STEP_SESSION, errno);
    if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0) refuse(&supervisor, SUPERVISOR_STEP_PREPARE, errno);

    // All signals are blocked since before the fork. SIGCHLD must not be ignored, or children vanish unreaped.
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = SIG_DFL;
    sigaction(SIGCHLD, &action, NULL);
    sigset_t children;
    sigemptyset(&children);
    sigaddset(&children, SIGCHLD);
    supervisor.children = signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK);
    if (supervisor.children < 0) refuse(&supervisor, SUPERVISOR_STEP_PREPARE, errno);

    // vfork: a second copy of the agent's page tables would cost more than all the rest.
    pid_t process = vfork();
    if (process == 0) become_program(request, supervisor.self);
    if (process < 0) refuse(&supervisor, SUPERVISOR_STEP_FORK, errno);
    if (child_step != 0) {
        waitpid(process, NULL, 0);
        refuse(&supervisor, child_step, child_error);
    }
    supervisor.process = process;
    struct supervisor_report report = {.kind = SUPERVISOR_STARTED, .process = process};
    tell(&supervisor, &report);

    // Not even the supervisor may keep the pipes open or a file system busy.
    close(request->standard_output);
    if (request->standard_error != request->standard_output) close(request->standard_error);
    (void)!chdir("/");
    watch(&supervisor);
}

pid_t supervisor_start(const struct supervisor_request *request) {
    // No handler of the agent's may run in the child.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
#if defined(__GLIBC__) && (__GLIBC__ > 2 || (__GLIBC__ == 2 && __GLIBC_MINOR__ >= 34))
    pid_t process = _Fork();  // without the handlers that take malloc's locks
#else
    pid_t process = fork();
#endif
    if (process == 0) supervise(request);
    int error = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return process < 0 ? -error : process;
}
