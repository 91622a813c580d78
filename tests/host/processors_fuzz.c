/* A fuzz target: the first byte chooses the model, the rest are operations. */
#include <linux/kernel.h>
#include "host.h"
#include "processors_model.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	host_console(0);
	if (!size)
		return 0;
	if (data[0] & 1)
		percpu_operations(data + 1, size - 1);
	else
		lock_graph_operations(data + 1, size - 1);
	return 0;
}
