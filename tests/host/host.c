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

/* One thread prints: the console needs no lock. */
bool __weak console_enter(unsigned long *flags);
void __weak console_leave(bool entered, unsigned long flags);

bool __weak console_enter(unsigned long *flags)
{
	*flags = 0;
	return true;
}

void __weak console_leave(bool entered, unsigned long flags)
{
	(void)entered, (void)flags;
}

#if __has_include(<linux/percpu-defs.h>)
#include <linux/percpu.h>
#include <linux/spinlock.h>
#ifdef HOST_PERCPU
/* A machine of one processor, unless a test makes it more. */
unsigned int __weak host_cpu;
unsigned long __weak __per_cpu_offset[NR_CPUS];
DEFINE_PER_CPU(struct spin_stat, spin_stat) __weak;
bool __weak spin_unfair;
struct cpumask __weak __cpu_possible_mask = { 1 };
struct cpumask __weak __cpu_present_mask = { 1 };
struct cpumask __weak __cpu_online_mask = { 1 };
unsigned int __weak nr_cpu_ids = 1;
DEFINE_PER_CPU(unsigned int, cpu_number) __weak;

void __weak queued_spin_lock_slowpath(arch_spinlock_t *lock)
{
	panic("a lock is taken that is taken: %p", lock);
}
#endif
#endif

/* xorshift64, Marsaglia 2003 */
void host_random(u8 *data, unsigned long n, unsigned long seed)
{
	u64 state = seed * 0x9e3779b97f4a7c15ULL;

	while (n--) {
		state ^= state << 13;
		state ^= state >> 7;
		state ^= state << 17;
		*data++ = state >> 24;
	}
}
