/* Run the kernel's self-test suites that are linked in; KTAP on stdout. */
#include <kunit/test.h>
#include "host.h"

int main(void)
{
	host_console(true);
	return kunit_run_all_tests() != 0;
}
