#pragma once
#include <linux/bug.h>
#include <linux/irqflags.h>
/* With one thread, waiting for a lock would be waiting for oneself. */
typedef struct { bool locked; } spinlock_t;
#define DEFINE_SPINLOCK(name)	spinlock_t name
#define spin_lock_init(lock)	((lock)->locked = false)
#define spin_lock(lock)		do { BUG_ON((lock)->locked); \
				     (lock)->locked = true; } while (0)
#define spin_unlock(lock)	do { BUG_ON(!(lock)->locked); \
				     (lock)->locked = false; } while (0)
#define spin_trylock(lock)	((lock)->locked ? false : \
				 ((lock)->locked = true))
#define spin_lock_irqsave(lock, flags)	\
	do { (flags) = 0; spin_lock(lock); } while (0)
#define spin_unlock_irqrestore(lock, flags) \
	do { (void)(flags); spin_unlock(lock); } while (0)
#define spin_trylock_irqsave(lock, flags) ((flags) = 0, spin_trylock(lock))
#define lockdep_assert_held(lock)	BUG_ON(!(lock)->locked)

/* The console's. */
typedef struct { bool locked; } arch_spinlock_t;
#define arch_spin_trylock(lock)	spin_trylock(lock)
#define arch_spin_unlock(lock)	spin_unlock(lock)
