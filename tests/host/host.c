/*
 * The host's side of kernel code under test. kernel/printk.c and lib/vsprintf.c
 * are the kernel's own (their C library namesakes renamed, see build.sh); this
 * is what stands in for the serial port and for the end of the machine.
 */
#include <linux/bug.h>
#include <linux/console.h>
#include <linux/kallsyms.h>
#include <linux/kernel.h>
#include "host.h"

/* From the C library, whose headers do not mix with the kernel's. */
extern ssize_t write(int fd, const void *data, size_t size);
extern void abort(void) __noreturn;

static void host_write(struct console *console, const char *text,
		       unsigned int n)
{
	(void)console;
	while (n) {
		ssize_t done = write(1, text, n);

		if (done <= 0)
			abort();
		text += done;
		n -= done;
	}
}

static void host_write_nothing(struct console *console, const char *text,
			       unsigned int n)
{
	(void)console, (void)text, (void)n;
}

void host_console(int on)
{
	static struct console console = { .name = "host" };

	console.write = on ? host_write : host_write_nothing;
	register_console(&console);
}

void host_fail(const char *fmt, ...)
{
	va_list args;

	host_console(true);
	va_start(args, fmt);
	vprintk(fmt, args);
	va_end(args);
	abort();
}

void panic(const char *fmt, ...)
{
	va_list args;

	host_console(true);
	printk("panic: ");
	va_start(args, fmt);
	vprintk(fmt, args);
	va_end(args);
	printk("\n");
	abort();
}

static unsigned int warnings;

unsigned int warn_count(void)
{
	return warnings;
}

void __warn(const char *file, int line, const char *function,
	    const char *fmt, ...)
{
	va_list args;

	warnings++;
	printk(KERN_WARNING "WARNING: at %s:%d %s()\n", file, line, function);
	va_start(args, fmt);
	vprintk(fmt, args);
	va_end(args);
}

/* Addresses have no names here: %pS and its like print the number. */
int sprint_symbol(char *buf, unsigned long address)
{
	return scnprintf(buf, 20, "%#lx", address);
}

int sprint_symbol_no_offset(char *buf, unsigned long address)
{
	return sprint_symbol(buf, address);
}

int sprint_backtrace(char *buf, unsigned long address)
{
	return sprint_symbol(buf, address);
}
