/*
 * Any bytes as ACPI tables. The first byte says where they begin: at the root
 * pointer, with checksums as they are or mended (noise rarely has good ones),
 * or at one of the tables, whose length is cut to what there is.
 */
#include <linux/acpi.h>
#include <linux/kernel.h>
#include <linux/sizes.h>
#include <linux/string.h>
#include <asm/e820/api.h>
#include <asm/mpspec.h>
#include <asm/numa.h>
#include "early_memremap.h"
#include "host.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);
extern void *malloc(size_t size);
extern void free(void *block);

#define BASE	0x1000ULL		/* address of the first byte */

static struct mp_config mp;
static struct numa_topology topo;

static void mend(u8 *bytes, size_t len, u8 *sum)
{
	u8 total = 0;

	*sum = 0;
	while (len--)
		total += *bytes++;
	*sum = -total;
}

/* The table at address @phys, if all of it lies in the image. */
static struct acpi_table_header *table_at(u8 *image, size_t size, u64 phys)
{
	struct acpi_table_header *table;

	if (phys < BASE || phys - BASE + sizeof(*table) > size)
		return NULL;
	table = (void *)(image + (phys - BASE));
	return table->length >= sizeof(*table) &&
	       table->length <= size - (phys - BASE) ? table : NULL;
}

static void mend_root(u8 *image, size_t size, u64 phys, u32 width)
{
	struct acpi_table_header *root = table_at(image, size, phys), *table;
	u32 at;

	if (!root)
		return;
	memcpy(root->signature, width == 8 ? "XSDT" : "RSDT", 4);
	for (at = sizeof(*root); at + width <= root->length; at += width) {
		u64 child = 0;

		memcpy(&child, (u8 *)root + at, width);
		table = table_at(image, size, child);
		if (table && table != root)
			mend((u8 *)table, table->length, &table->checksum);
	}
	mend((u8 *)root, root->length, &root->checksum);
}

static void mend_all(u8 *image, size_t size)
{
	struct acpi_table_rsdp *rsdp = (void *)image;

	if (size < sizeof(*rsdp))
		return;
	mend_root(image, size, rsdp->rsdt_physical_address, 4);
	mend_root(image, size, rsdp->xsdt_physical_address, 8);
	memcpy(rsdp->signature, ACPI_SIG_RSDP, 8);
	rsdp->length = sizeof(*rsdp);
	mend(image, ACPI_RSDP_V1_SIZE, &rsdp->checksum);
	mend(image, sizeof(*rsdp), &rsdp->extended_checksum);
}

static void try_root(u8 *image, size_t size)
{
	static struct acpi_table_list list;
	u32 i;

	host_memory(image, BASE, size);
	acpi_list_tables(BASE, &list);
	for (i = 0; i < list.nr; i++)
		if (list.tables[i].address < BASE || list.tables[i].address -
		    BASE + list.tables[i].length > size)
			host_fail("listed a table outside of memory\n");
	host_memory(NULL, 0, 0);
}

static void try_table(u8 *image, size_t size, u8 what)
{
	struct acpi_table_header *table = (void *)image;
	struct e820_table map = { 1, { { 0, SZ_4G, E820_TYPE_RAM } } };

	if (size < sizeof(*table))
		return;
	table->length = min_t(size_t, size, table->length);
	mp_config_reset(&mp, 0);
	numa_reset(&topo);
	acpi_map_pxm_to_node(&topo, 0);
	acpi_map_pxm_to_node(&topo, 1);
	if (what == 2)
		acpi_parse_madt((void *)table, &mp);
	if (what == 3)
		acpi_parse_slit((void *)table, &topo);
	if (what == 4 && !acpi_parse_srat((void *)table, &mp, &topo) &&
	    !numa_settle(&topo, &map, SZ_4G, &mp) && numa_check(&topo, &mp))
		host_fail("invariant %d\n", numa_check(&topo, &mp));
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	u8 *image;

	if (size < 2)
		return 0;
	host_console(false);
	image = malloc(size - 1);	/* exactly, for the sanitizer's sake */
	memcpy(image, data + 1, size - 1);
	if (data[0] % 5 == 1)
		mend_all(image, size - 1);
	if (data[0] % 5 < 2)
		try_root(image, size - 1);
	else
		try_table(image, size - 1, data[0] % 5);
	free(image);
	return 0;
}
