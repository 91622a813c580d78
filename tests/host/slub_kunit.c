/* The kernel's own suites on the machine of slub_host.c; KTAP on stdout. */
#include <kunit/test.h>
#include "host.h"
#include "slub_host.h"

unsigned long long stress_seed;		/* no command line gives another */

int main(int argc, char **argv)
{
	host_has_cx16 = argc < 2;
	host_console(true);
	host_slub_init();
	return kunit_run_all_tests() != 0;
}
