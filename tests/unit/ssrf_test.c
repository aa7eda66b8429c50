/* links: xy_dispatch */
/* What a name resolves to is somebody else's choice. Here the resolver and connect(2) are ours: the resolver says what
 * an attacker's would, and every address a socket is about to be connected to is written down. No packet leaves. */
#include "base/check.h"
#include "base/crypt.h"
#include "base/log.h"
#include "dispatch/client.h"
#include "dispatch/url_guard.h"
#include "tests/check.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <uv.h>

/* ---- the resolver ---- */

#define ANSWERS_MAX 4

/* Answer n is given to question n, the last one to all further ones; each is a list of addresses. */
static struct script {
    const char *addresses[3][ANSWERS_MAX];
    int count;
    _Atomic int asked;
} script;

static struct addrinfo *answer_of(const char *text, int port)
{
    struct addrinfo *one = calloc(1, sizeof *one);
    struct sockaddr_storage *address = calloc(1, sizeof *address);
    struct sockaddr_in *in = (struct sockaddr_in *)address;
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)address;
    CHECK(one != NULL && address != NULL);
    if (inet_pton(AF_INET, text, &in->sin_addr) == 1) {
        in->sin_family = AF_INET;
        in->sin_port = htons((uint16_t)port);
        one->ai_addrlen = sizeof *in;
    } else {
        CHECK(inet_pton(AF_INET6, text, &in6->sin6_addr) == 1);
        in6->sin6_family = AF_INET6;
        in6->sin6_port = htons((uint16_t)port);
        one->ai_addrlen = sizeof *in6;
    }
    one->ai_family = address->ss_family;
    one->ai_socktype = SOCK_STREAM;
    one->ai_protocol = IPPROTO_TCP;
    one->ai_addr = (struct sockaddr *)address;
    return one;
}

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **list)
{
    (void)node, (void)hints;
    int n = atomic_fetch_add(&script.asked, 1);
    const char *const *addresses = script.addresses[n < script.count ? n : script.count - 1];
    struct addrinfo **end = list;
    *list = NULL;
    for (size_t i = 0; i < ANSWERS_MAX && addresses[i] != NULL; i++) {
        *end = answer_of(addresses[i], service != NULL ? (int)strtol(service, NULL, 10) : 0);
        end = &(*end)->ai_next;
    }
    return *list != NULL ? 0 : EAI_NONAME;
}

void freeaddrinfo(struct addrinfo *list)
{
    for (struct addrinfo *next; list != NULL; list = next) {
        next = list->ai_next;
        free(list->ai_addr);
        free(list);
    }
}

/* ---- connect(2) ---- */

static _Atomic int connects, connects_inside;
static _Atomic bool let_through; /* to servers of this test */

int connect(int fd, const struct sockaddr *address, socklen_t len)
{
    if (address->sa_family != AF_INET && address->sa_family != AF_INET6)
        return (int)syscall(SYS_connect, fd, address, len);
    atomic_fetch_add(&connects, 1);
    if (atomic_load(&let_through))
        return (int)syscall(SYS_connect, fd, address, len);
    if (url_guard_denies(address))
        atomic_fetch_add(&connects_inside, 1);
    errno = ECONNREFUSED;
    return -1;
}

/* ---- asking ---- */

struct got {
    struct client_request request;
    enum client_outcome outcome;
    int status, times;
    char words[64];
};

static void on_done(struct client_request *request, const struct client_answer *answer)
{
    struct got *got = request->arg;
    got->outcome = answer->outcome;
    got->status = answer->status;
    got->times++;
    snprintf(got->words, sizeof got->words, "%s", answer->words);
}

/* Twice on one client: the second question to the resolver comes from the same name. */
static void ask(const char *url, bool allow_private, struct got got[2])
{
    uv_loop_t loop;
    CHECK(uv_loop_init(&loop) == 0);
    const struct client_options options = {.loop = &loop, .allow_private = allow_private};
    struct client *client = client_open(&options);
    for (int i = 0; i < 2; i++) {
        got[i] = (struct got){.request = {.method = "POST", .url = url, .body = "{}", .body_len = 2, .guarded = true}};
        got[i].request.done = on_done;
        got[i].request.arg = &got[i];
        client_send(client, &got[i].request);
        while (got[i].times == 0)
            uv_run(&loop, UV_RUN_ONCE);
    }
    client_close(client);
    uv_run(&loop, UV_RUN_DEFAULT);
    CHECK(uv_loop_close(&loop) == 0);
}

static void resolver_says(const char *first, const char *second)
{
    memset(&script, 0, sizeof script);
    script.addresses[0][0] = first;
    script.addresses[1][0] = second;
    script.count = second != NULL ? 2 : 1;
    atomic_store(&connects, 0);
    atomic_store(&connects_inside, 0);
}

static const char *const inside[] = {
    "127.0.0.1",
    "127.8.9.10",
    "0.0.0.0",
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.0.1",
    "169.254.169.254",
    "100.64.0.1",
    "100.100.100.200",
    "192.0.0.170",
    "192.0.2.1",
    "198.18.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:8.8.8.8",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "2002:7f00:1::",
    "2001::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "ff02::1",
    "2001:db8::1",
};

TEST(a_name_that_resolves_to_the_inside_is_not_connected_to)
{
    struct got got[2];
    for (size_t i = 0; i < countof(inside); i++) {
        resolver_says(inside[i], NULL);
        ask("https://hook.example.com/", false, got);
        for (int n = 0; n < 2; n++) {
            if (got[n].outcome != CLIENT_NOT_SENT || atomic_load(&connects) != 0)
                TEST_FAIL("%s was connected to", inside[i]);
            EQ_TEXT("the address is not public", got[n].words);
        }
        TRUE(atomic_load(&script.asked) > 0); /* it was our resolver that was asked */
    }
}

/* The first answer is public, so whoever looks only once lets the name through; the next one is not. */
TEST(a_name_that_changes_its_mind_is_looked_at_again)
{
    struct got got[2];
    for (size_t i = 0; i < countof(inside); i++) {
        resolver_says("203.0.114.7", inside[i]);
        ask("https://rebind.example.com/", false, got);
        EQ_INT(0, atomic_load(&connects_inside));
        EQ_INT(CLIENT_NOT_SENT, got[0].outcome);
        EQ_INT(CLIENT_NOT_SENT, got[1].outcome);
        TRUE(atomic_load(&connects) > 0);
    }
}

/* Both at once: the public one refuses, so the next address of the same answer is tried. */
TEST(one_address_of_several_is_enough_to_be_careful)
{
    struct got got[2];
    for (size_t i = 0; i < countof(inside); i++) {
        resolver_says("203.0.114.7", NULL);
        script.addresses[0][1] = inside[i];
        script.addresses[0][2] = "2606:4700::1111";
        ask("https://mixed.example.com/", false, got);
        EQ_INT(0, atomic_load(&connects_inside));
        EQ_INT(CLIENT_NOT_SENT, got[0].outcome);
    }
}

TEST(calls_that_wait_are_guarded_like_those_that_do_not)
{
    struct arena *arena = arena_new(MIB(1));
    struct client_answer answer;
    const struct client_request request = {.method = "GET", .url = "https://hook.example.com:8443/x", .guarded = true};
    for (size_t i = 0; i < countof(inside); i++) {
        resolver_says(inside[i], NULL);
        client_call(&request, NULL, arena, &answer);
        EQ_INT(CLIENT_NOT_SENT, answer.outcome);
        EQ_INT(0, atomic_load(&connects));
    }
    arena_free(arena);
}

/* ---- a server that wants us to go on somewhere else ---- */

static struct trap {
    pthread_t thread;
    int listener, port, status;
    _Atomic int visits;
} redirector, target;

static void *trap_main(void *arg)
{
    struct trap *trap = arg;
    char bytes[4096], answer[256];
    for (;;) {
        int fd = accept(trap->listener, NULL, NULL);
        if (fd < 0)
            return NULL;
        atomic_fetch_add(&trap->visits, 1);
        if (recv(fd, bytes, sizeof bytes, 0) > 0) {
            int len = snprintf(answer, sizeof answer,
                               "HTTP/1.1 %d Moved\r\nLocation: http://127.0.0.1:%d/secret\r\nContent-Length: 0\r\n"
                               "Connection: close\r\n\r\n",
                               trap->status, target.port);
            (void)!send(fd, answer, (size_t)len, MSG_NOSIGNAL);
        }
        close(fd);
    }
}

static void trap_up(struct trap *trap, int status)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    trap->status = status;
    atomic_store(&trap->visits, 0);
    trap->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(bind(trap->listener, (struct sockaddr *)&address, sizeof address) == 0 && listen(trap->listener, 16) == 0);
    CHECK(getsockname(trap->listener, (struct sockaddr *)&address, &len) == 0);
    trap->port = ntohs(address.sin_port);
    CHECK(pthread_create(&trap->thread, NULL, trap_main, trap) == 0);
}

static void trap_down(struct trap *trap)
{
    shutdown(trap->listener, SHUT_RDWR);
    pthread_join(trap->thread, NULL);
    close(trap->listener);
}

TEST(no_redirect_is_followed_and_no_proxy_of_the_environment_is_used)
{
    static const int statuses[] = {301, 302, 303, 307, 308};
    struct got got[2];
    char url[64], proxy[64];
    atomic_store(&let_through, true);
    trap_up(&target, 200);
    snprintf(proxy, sizeof proxy, "http://127.0.0.1:%d", target.port);
    static const char *const names[] = {"http_proxy", "https_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"};
    for (size_t i = 0; i < countof(names); i++)
        setenv(names[i], proxy, 1);
    for (size_t i = 0; i < countof(statuses); i++) {
        trap_up(&redirector, statuses[i]);
        resolver_says("127.0.0.1", NULL);
        snprintf(url, sizeof url, "http://127.0.0.1:%d/hook", redirector.port);
        ask(url, true, got);
        EQ_INT(CLIENT_ANSWERED, got[0].outcome);
        EQ_INT(statuses[i], got[0].status);
        EQ_INT(2, atomic_load(&redirector.visits));
        trap_down(&redirector);
    }
    EQ_INT(0, atomic_load(&target.visits));
    for (size_t i = 0; i < countof(names); i++)
        unsetenv(names[i]);
    trap_down(&target);
    atomic_store(&let_through, false);
}

int main(void)
{
    crypt_start();
    log_open(2, LOG_ERROR_LEVEL);
    signal(SIGPIPE, SIG_IGN);
    return tests_run();
}
