/* libFuzzer's way into the model test. */
#include <linux/types.h>
#include "host.h"
#include "page_allocator_model.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	host_console(0);
	if (size <= 4096)
		page_allocator_model_run(data, size);
	return 0;
}
