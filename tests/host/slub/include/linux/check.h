#pragma once
/* Host programs call the checks themselves. */
#define DEFINE_CHECK(function) \
	const void *const check_##function##_ = (const void *)(function)

extern unsigned int checks_held;
