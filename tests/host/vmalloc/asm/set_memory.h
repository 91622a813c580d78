#pragma once
/* No area of the model has rights of its own. */
#define direct_map_is_default(page)		((void)(page), true)
#define set_direct_map_invalid_noflush(page)	((void)(page))
#define set_direct_map_default_noflush(page)	((void)(page))
