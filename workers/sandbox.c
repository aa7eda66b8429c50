#include "workers/sandbox.h"

#include "base/check.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED true /* their shadow memory needs terabytes of address space */
#else
#define SANITIZED false
#endif

/* Every file system right of the running kernel's Landlock: bits 0..n-1 by ABI version. */
static uint64_t landlock_rights(long abi)
{
    static const int bits[] = {0, 13, 14, 15, 15, 16};
    int n = abi >= (long)countof(bits) ? bits[countof(bits) - 1] : bits[abi];
    return (UINT64_C(1) << n) - 1;
}

bool sandbox_thread(void)
{
    CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (abi < 1)
        return false;
    struct landlock_ruleset_attr rights = {.handled_access_fs = landlock_rights(abi)};
    int ruleset = (int)syscall(SYS_landlock_create_ruleset, &rights, sizeof rights, 0);
    if (ruleset < 0)
        return false;
    bool held = syscall(SYS_landlock_restrict_self, ruleset, 0) == 0; /* no rule: nothing is allowed */
    close(ruleset);
    return held;
}

static bool allow_all(scmp_filter_ctx filter)
{
    static const int calls[] = {
        SCMP_SYS(read),
        SCMP_SYS(write),
        SCMP_SYS(readv),
        SCMP_SYS(writev),
        SCMP_SYS(sendto),
        SCMP_SYS(recvfrom),
        SCMP_SYS(poll),
        SCMP_SYS(ppoll),
        SCMP_SYS(close),
        SCMP_SYS(lseek),
        SCMP_SYS(fstat),
        SCMP_SYS(munmap),
        SCMP_SYS(mremap),
        SCMP_SYS(madvise),
        SCMP_SYS(brk),
        SCMP_SYS(futex),
        SCMP_SYS(exit),
        SCMP_SYS(exit_group),
        SCMP_SYS(clock_gettime),
        SCMP_SYS(gettimeofday),
        SCMP_SYS(clock_nanosleep),
        SCMP_SYS(nanosleep),
        SCMP_SYS(rt_sigprocmask),
        SCMP_SYS(rt_sigaction),
        SCMP_SYS(rt_sigreturn),
        SCMP_SYS(sigaltstack),
        SCMP_SYS(sched_yield),
        SCMP_SYS(sched_getaffinity),
        SCMP_SYS(getpid),
        SCMP_SYS(gettid),
        SCMP_SYS(getrandom),
        SCMP_SYS(restart_syscall),
        SCMP_SYS(set_robust_list),
        SCMP_SYS(rseq),
        SCMP_SYS(pread64),
    };
    bool good = true;
    for (size_t i = 0; i < countof(calls); i++)
        good = good && seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 0) == 0;
    return good;
}

/* Calls that are fine with some arguments only. */
static bool allow_some(scmp_filter_ctx filter)
{
    const uint64_t own_pid = (uint64_t)getpid();
    const uint64_t thread_flags = CLONE_VM | CLONE_THREAD | CLONE_SIGHAND;
    return /* memory is never executable */
        seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)) == 0 &&
        seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)) ==
            0 &&
        /* libvips starts helper threads; glibc falls back to clone when clone3 (unreadable here) does not exist */
        seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
                         SCMP_A0(SCMP_CMP_MASKED_EQ, thread_flags, thread_flags)) == 0 &&
        seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0) == 0 &&
        /* abort() */
        seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1, SCMP_A0(SCMP_CMP_EQ, own_pid)) == 0 &&
        /* sandbox_cpu_renew */
        seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), 2, SCMP_A0(SCMP_CMP_EQ, 0),
                         SCMP_A1(SCMP_CMP_EQ, RLIMIT_CPU)) == 0 &&
        seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(getrusage), 1, SCMP_A0(SCMP_CMP_EQ, 0)) == 0;
}

static bool filter_calls(void)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    if (filter == NULL)
        return false;
    bool held = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1) == 0 && allow_all(filter) && allow_some(filter) &&
                seccomp_load(filter) == 0;
    seccomp_release(filter);
    return held;
}

static size_t address_space_used(void)
{
    FILE *file = fopen("/proc/self/statm", "re");
    unsigned long long pages = 0;
    if (file != NULL) {
        if (fscanf(file, "%llu", &pages) != 1)
            pages = 0;
        fclose(file);
    }
    return (size_t)pages * (size_t)sysconf(_SC_PAGESIZE);
}

static bool limit(int resource, size_t value)
{
    struct rlimit limits = {.rlim_cur = value, .rlim_max = value};
    return setrlimit((__rlimit_resource_t)resource, &limits) == 0;
}

/* A log that is a regular file could not be written any more; no new file can be opened in any case. */
static bool log_is_file(void)
{
    struct stat log;
    return fstat(STDERR_FILENO, &log) == 0 && S_ISREG(log.st_mode);
}

void sandbox_cpu_renew(void)
{
    struct rusage spent;
    if (getrusage(RUSAGE_SELF, &spent) != 0)
        return;
    rlim_t now_s = (rlim_t)(spent.ru_utime.tv_sec + spent.ru_stime.tv_sec);
    struct rlimit limits = {.rlim_cur = now_s + SANDBOX_CPU_S, .rlim_max = RLIM_INFINITY};
    (void)setrlimit(RLIMIT_CPU, &limits); /* the parent's own limit may be lower: then that one holds */
}

void sandbox_process(size_t memory_bytes, struct sandbox_state *state, char warning[SANDBOX_WARNING_BYTES])
{
    size_t used_bytes = address_space_used(); /* from /proc: before Landlock */
    CHECK(prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0);
    bool plain = (log_is_file() || limit(RLIMIT_FSIZE, 0)) && limit(RLIMIT_CORE, 0) && limit(RLIMIT_NOFILE, 32);
    CHECK(plain); /* lowering a limit is always allowed */
    sandbox_cpu_renew();
    *state = (struct sandbox_state){.landlock = sandbox_thread()};
    state->memory_limit = !SANITIZED && used_bytes > 0 && limit(RLIMIT_AS, used_bytes + memory_bytes);
    state->seccomp = filter_calls();
    warning[0] = '\0';
    if (!state->landlock || !state->seccomp || (!state->memory_limit && !SANITIZED))
        snprintf(warning, SANDBOX_WARNING_BYTES, "the worker runs without:%s%s%s", state->landlock ? "" : " landlock",
                 state->seccomp ? "" : " seccomp", state->memory_limit || SANITIZED ? "" : " memory-limit");
}
