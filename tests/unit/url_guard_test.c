/* links: xy_base */
#include "base/check.h"
#include "dispatch/url_guard.c"
#include "tests/check.h"

static const char *const refused[] = {
    /* not a URL for us */
    "",
    "example.com",
    "ftp://example.com/",
    "file:///etc/passwd",
    "gopher://example.com/",
    "javascript:alert(1)",
    "https://",
    "https:///path",
    "https://user@example.com/",
    "https://user:pass@example.com/",
    "https://example.com:0/",
    "https://example.com:65536/",
    "https://example.com:/",
    "https://example.com:443x/",
    "https://exa mple.com/",
    "https://example.com\\@10.0.0.1/",
    "https://example.com/\n",
    "https://%31%30.0.0.1/",
    "https://ex\xc3\xa4mple.com/",
    "https://example..com/",
    "https://.example.com/",
    "https://example.com../",
    "https://exam_ple.com/",
    /* plain http and other ports */
    "http://example.com/",
    "https://example.com:80/",
    "https://example.com:22/",
    "https://example.com:6379/",
    /* names that can only be inside */
    "https://localhost/",
    "https://LOCALHOST/",
    "https://localhost./",
    "https://a.localhost/",
    "https://intranet/",
    "https://printer.local/",
    "https://metadata.google.internal/",
    "https://db.lan/",
    "https://1.0.0.127.in-addr.arpa/",
    /* IPv4 in every spelling resolvers understand */
    "https://127.0.0.1/",
    "https://127.0.0.1./",
    "https://127.1/",
    "https://127.0.1/",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0x7f.0.0.1/",
    "https://0X7F.1/",
    "https://0177.0.0.1/",
    "https://017700000001/",
    "https://127.0.0.01/",
    "https://0/",
    "https://0.0.0.0/",
    "https://1.2.3.4.5/",
    "https://256.1.1.1/",
    "https://10.0.0.1/",
    "https://10.255.255.255/",
    "https://100.64.0.1/",
    "https://100.100.100.200/",
    "https://169.254.169.254/latest/meta-data",
    "https://172.16.0.1/",
    "https://172.31.255.255/",
    "https://192.0.0.8/",
    "https://192.0.2.1/",
    "https://192.88.99.1/",
    "https://192.168.1.1/",
    "https://198.18.0.1/",
    "https://198.19.255.255/",
    "https://198.51.100.7/",
    "https://203.0.113.9/",
    "https://224.0.0.1/",
    "https://239.255.255.250/",
    "https://240.0.0.1/",
    "https://255.255.255.255/",
    "https://8.8.8.8.0x1/",
    "https://example.com.0x7f/",
    /* IPv6 */
    "https://[::1]/",
    "https://[::]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:7f00:1]/",
    "https://[::127.0.0.1]/",
    "https://[64:ff9b::7f00:1]/",
    "https://[64:ff9b:1::1]/",
    "https://[100::1]/",
    "https://[2001::1]/",
    "https://[2001:db8::1]/",
    "https://[2002:7f00:1::]/",
    "https://[2001:2::1]/",
    "https://[3fff::1]/",
    "https://[5f00::1]/",
    "https://[fc00::1]/",
    "https://[fd12:3456::1]/",
    "https://[fe80::1]/",
    "https://[fe80::1%25eth0]/",
    "https://[fec0::1]/",
    "https://[ff02::1]/",
    "https://[::1",
    "https://[]/",
    "https://[1::2::3]/",
    "https://[example]/",
};

static const char *const allowed[] = {
    "https://example.com",
    "https://example.com/",
    "https://EXAMPLE.com./hook?a=b#c",
    "https://example.com:443/",
    "https://example.com:8443/a/b",
    "HTTPS://example.com/",
    "https://xn--fsq.example.cn/",
    "https://8.8.8.8/",
    "https://100.63.255.255/",
    "https://100.128.0.1/",
    "https://172.32.0.1/",
    "https://192.0.1.1/",
    "https://198.20.0.1/",
    "https://[2606:4700::1111]/",
    "https://[2a00:1450:4001:830::200e]:8443/x",
    "https://1.example.com/",
    "https://example.com?x=http://127.0.0.1/",
    "https://a-b.example.com/@me",
};

TEST(what_is_not_public_is_refused)
{
    char why[256];
    _Static_assert(countof(refused) >= 60, "reliability.md 3.6 asks for 60 literals");
    for (size_t i = 0; i < countof(refused); i++) {
        why[0] = '\0';
        if (url_guard(refused[i], false, why) != ERR_BAD_FIELD || why[0] == '\0')
            TEST_FAIL("let through: %s", refused[i]);
    }
}

TEST(public_addresses_are_allowed)
{
    char why[256] = "";
    for (size_t i = 0; i < countof(allowed); i++)
        if (url_guard(allowed[i], false, why) != ERR_NONE)
            TEST_FAIL("refused: %s: %s", allowed[i], why);
}

TEST(tests_may_reach_loopback_but_nothing_else_changes)
{
    char why[256];
    EQ_INT(ERR_NONE, url_guard("http://127.0.0.1:8080/hook", true, why));
    EQ_INT(ERR_BAD_FIELD, url_guard("ftp://127.0.0.1/", true, why));
    EQ_INT(ERR_BAD_FIELD, url_guard("http://user@127.0.0.1/", true, why));
}

TEST(a_url_is_taken_apart)
{
    struct url_parts parts;
    char why[256];
    EQ_INT(ERR_NONE, url_parse("HTTPS://Example.COM.:8443/a/b?c=d", &parts, why));
    TRUE(parts.https);
    EQ_TEXT("example.com", parts.host);
    EQ_INT(8443, parts.port);
    EQ_TEXT("/a/b?c=d", parts.path);
    EQ_INT(ERR_NONE, url_parse("http://[2606:4700::1111]", &parts, why));
    TRUE(parts.host_is_ipv6);
    EQ_INT(80, parts.port);
    EQ_TEXT("", parts.path);
}

static bool denies(const char *text)
{
    struct sockaddr_storage any = {.ss_family = AF_INET};
    struct sockaddr_in *in = (struct sockaddr_in *)&any;
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&any;
    if (inet_pton(AF_INET, text, &in->sin_addr) != 1) {
        any.ss_family = AF_INET6;
        CHECK(inet_pton(AF_INET6, text, &in6->sin6_addr) == 1);
    }
    return url_guard_denies((const struct sockaddr *)&any);
}

TEST(the_address_a_name_resolves_to_is_judged_again)
{
    TRUE(denies("127.0.0.1"));
    TRUE(denies("169.254.169.254"));
    TRUE(denies("::ffff:8.8.8.8")); /* mapped: never handed out by a resolver for a public host */
    TRUE(denies("fd00::1"));
    TRUE(!denies("8.8.8.8"));
    TRUE(!denies("2606:4700::1111"));
    struct sockaddr_storage other = {.ss_family = AF_UNIX};
    TRUE(url_guard_denies((const struct sockaddr *)&other));
}

int main(void)
{
    return tests_run();
}
