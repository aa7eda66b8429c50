/* role — what an account may do. */
#ifndef XY_ROLE_H
#define XY_ROLE_H

/* Bits; an account has a set of them. A route names the set that may use it. */
enum role {
    ROLE_STUDENT = 1 << 0,
    ROLE_REVIEWER = 1 << 1,
    ROLE_IDENTITY_REVIEWER = 1 << 2,
    ROLE_SENIOR = 1 << 3,
    ROLE_RETOUCHER = 1 << 4,
    ROLE_SERVICE = 1 << 5,
    ROLE_BATCH = 1 << 6,
    ROLE_SCHOOL = 1 << 7,
    ROLE_ADMINISTRATOR = 1 << 8,
    ROLE_AUDITOR = 1 << 9,
    ROLE_ANYONE = 1 << 30 /* route: no login needed */
};
#define ROLE_STAFF                                                                                                     \
    (ROLE_REVIEWER | ROLE_IDENTITY_REVIEWER | ROLE_SENIOR | ROLE_RETOUCHER | ROLE_SERVICE | ROLE_BATCH | ROLE_SCHOOL | \
     ROLE_ADMINISTRATOR | ROLE_AUDITOR)

#endif
