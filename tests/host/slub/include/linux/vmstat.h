/* What nodes have is counted, and not for each processor. */
#pragma once
#include <linux/mmzone.h>

void mod_node_page_state(struct pglist_data *pgdat, enum node_stat_item item,
			 long delta);
unsigned long global_node_page_state(enum node_stat_item item);
