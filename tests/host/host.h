/*
 * What a host program does for the kernel code it tests: a console, panic and
 * warnings. Seen from both sides, so it includes neither side's headers.
 */
#pragma once

/* Send the kernel's messages to standard output from now on, or nowhere. */
void host_console(int on);

/* Print and abort, so that a sanitizer or fuzzer keeps what led here. */
__attribute__((format(printf, 1, 2), noreturn))
void host_fail(const char *fmt, ...);

/* @n bytes that look random, the same for the same seed on any host. */
void host_random(unsigned char *data, unsigned long n, unsigned long seed);
