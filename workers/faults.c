#include "workers/faults.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum err job_crash(struct job_tools *tools, const struct json *request, const struct frame *frame,
                   struct job_reply *reply)
{
    (void)tools, (void)request, (void)frame, (void)reply;
    volatile int *volatile nowhere = NULL;
    *nowhere = 1;
    return ERR_BUG;
}

enum err job_hang(struct job_tools *tools, const struct json *request, const struct frame *frame,
                  struct job_reply *reply)
{
    (void)tools, (void)request, (void)frame, (void)reply;
    for (;;) {
        struct timespec moment = {.tv_sec = 1};
        nanosleep(&moment, NULL);
    }
}

enum err job_hog(struct job_tools *tools, const struct json *request, const struct frame *frame,
                 struct job_reply *reply)
{
    (void)tools, (void)request, (void)frame, (void)reply;
    for (;;) {
        char *block = malloc(MIB(16));
        if (block == NULL)
            abort();
        memset(block, 0x5a, MIB(16));
        __asm__ volatile("" : : "r"(block) : "memory"); /* or the compiler drops the block */
    }
}

/* ---- what an attacker would try; each returns -1 and errno when it is refused ---- */

static long try_open(void)
{
    return open("/etc/passwd", O_RDONLY | O_CLOEXEC);
}
static long try_create(void)
{
    return open("xueying-probe", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
}
static long try_unlink(void)
{
    return unlink("xueying-probe");
}
static long try_mkdir(void)
{
    return mkdir("xueying-probe", 0700);
}
static long try_stat(void)
{
    struct stat s;
    return stat("/etc/passwd", &s);
}
static long try_inet_socket(void)
{
    return socket(AF_INET, SOCK_STREAM, 0);
}
static long try_unix_socket(void)
{
    return socket(AF_UNIX, SOCK_STREAM, 0);
}
static long try_memfd(void)
{
    return memfd_create("xueying-probe", 0);
}
static long try_ptrace(void)
{
    return ptrace(PTRACE_ATTACH, getppid(), NULL, NULL);
}
static long try_kill(void)
{
    return kill(getppid(), 0);
}
static long try_setuid(void)
{
    return setuid(0);
}

static long try_exec(void)
{
    char *const nothing[] = {NULL};
    return execve("/bin/true", nothing, nothing);
}

static long try_fork(void)
{
    long pid = syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
    if (pid == 0)
        _exit(0);
    return pid;
}

static long try_executable_memory(void)
{
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return page == MAP_FAILED ? -1 : 0;
}

static long try_read_parent(void)
{
    char byte;
    struct iovec own = {&byte, 1}, theirs = {(void *)&job_probe, 1};
    return process_vm_readv(getppid(), &own, 1, &theirs, 1, 0);
}

static const struct {
    const char *what;
    long (*run)(void);
} attempts[] = {
    {"open", try_open},
    {"create", try_create},
    {"unlink", try_unlink},
    {"mkdir", try_mkdir},
    {"stat", try_stat},
    {"inet_socket", try_inet_socket},
    {"unix_socket", try_unix_socket},
    {"memfd", try_memfd},
    {"exec", try_exec},
    {"fork", try_fork},
    {"ptrace", try_ptrace},
    {"kill", try_kill},
    {"setuid", try_setuid},
    {"executable_memory", try_executable_memory},
    {"read_parent", try_read_parent},
};

enum err job_probe(struct job_tools *tools, const struct json *request, const struct frame *frame,
                   struct job_reply *reply)
{
    (void)tools, (void)request, (void)frame;
    struct buf *b = &reply->json;
    json_object_open(b);
    json_put_text(b, "kind", "probe");
    json_name(b, "attempts");
    json_array_open(b);
    for (size_t i = 0; i < countof(attempts); i++) {
        errno = 0;
        bool refused = attempts[i].run() < 0;
        int why = errno;
        json_object_open(b);
        json_put_text(b, "what", attempts[i].what);
        json_put_bool(b, "refused", refused);
        json_put_int(b, "errno", why);
        json_object_close(b);
    }
    json_array_close(b);
    json_object_close(b);
    return ERR_NONE;
}
