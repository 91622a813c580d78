/* libFuzzer's way into the model of the page tables. */
#include <linux/types.h>
#include "host.h"
#include "page_tables_model.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	host_console(0);
	if (size <= 512)
		page_tables_model_run(data, size, 8);
	return 0;
}
