/* Any bytes as what a loader left: the first chooses which loader. */
#include <linux/kernel.h>
#include <linux/string.h>
#include <asm/bootinfo.h>
#include <asm/bootparam.h>
#include <asm/e820/api.h>
#include "early_memremap.h"
#include "host.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

static struct boot_params params;

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	static const u32 magic[] = {
		XEN_HVM_START_MAGIC_VALUE, MULTIBOOT2_BOOTLOADER_MAGIC
	};

	if (size < 2)
		return 0;
	host_console(false);
	host_memory(data + 1, 0x1000, size - 1);
	if (!read_boot_params(magic[data[0] & 1], 0x1000, &params)) {
		if (strnlen(params.command_line, COMMAND_LINE_SIZE) ==
		    COMMAND_LINE_SIZE)
			host_fail("the command line has no end\n");
		if (params.nr_data > BOOT_DATA_MAX)
			host_fail("the list of what is in use ran over\n");
		e820__update_table(&params.e820_table);
		if (e820__check(&params.e820_table))
			host_fail("the map is not sound\n");
	}
	host_memory(NULL, 0, 0);
	return 0;
}
