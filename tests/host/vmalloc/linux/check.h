#pragma once
#define DEFINE_CHECK(function) \
	const char *(*const check_##function)(void) = function

extern unsigned int checks_held;
