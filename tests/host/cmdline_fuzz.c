/*
 * Any bytes as a command line. Names and values must lie in the line and be
 * terminated there; without quotes, the pieces must be those between blanks.
 */
#include <linux/ctype.h>
#include <linux/kernel.h>
#include <linux/glob.h>
#include <linux/kstrtox.h>
#include <linux/moduleparam.h>
#include <linux/string.h>
#include "host.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);
extern void *malloc(size_t size);
extern void free(void *block);

static char *line;			/* the one being cut */
static size_t line_size;
static const char *plain;		/* what is left of a line without quotes */

static void expect_inside(const char *text)
{
	size_t at = text - line;

	if (text < line || at >= line_size ||
	    strnlen(text, line_size - at) == line_size - at)
		host_fail("a piece runs over the end of the line\n");
}

/* The next piece between blanks of @plain must be @param or @param=@val. */
static void expect_piece(const char *param, const char *val)
{
	size_t len = 0, name = strlen(param);

	while (isspace(*plain))
		plain++;
	while (plain[len] && !isspace(plain[len]))
		len++;
	if (len != name + (val ? 1 + strlen(val) : 0) ||
	    memcmp(plain, param, name) ||
	    (val && (plain[name] != '=' ||
		     memcmp(plain + name + 1, val, strlen(val)))))
		host_fail("not the piece between the blanks: %s\n", param);
	plain += len;
}

static int take(char *param, char *val, const char *doing, void *arg)
{
	unsigned long long number;
	bool on;
	char *end;

	expect_inside(param);
	if (val)
		expect_inside(val);
	if (plain)
		expect_piece(param, val);
	if (val) {
		memparse(val, &end);
		expect_inside(end);
		kstrtoull(val, 0, &number);
		kstrtobool(val, &on);
		glob_match(val, param);
	}
	return 0;
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	char *copy, *rest;

	host_console(false);
	line_size = size + 1;
	line = malloc(line_size);
	copy = malloc(line_size);
	memcpy(line, data, size);
	line[size] = '\0';
	memcpy(copy, line, line_size);
	plain = strchr(copy, '"') ? NULL : copy;
	rest = parse_args("fuzz", line, NULL, take);
	if (rest)
		expect_inside(rest);
	free(line);
	free(copy);
	return 0;
}
