/* One thread plays all processors, so a lock that is taken is a mistake. */
#pragma once
#include <linux/bug.h>
#include <linux/irqflags.h>
#include <linux/spinlock_types.h>

extern unsigned int host_locks;		/* how many are held */

static inline void spin_lock(spinlock_t *lock)
{
	BUG_ON(lock->locked);
	lock->locked = 1;
	host_locks++;
}

static inline void spin_unlock(spinlock_t *lock)
{
	BUG_ON(!lock->locked);
	lock->locked = 0;
	host_locks--;
}

static inline bool spin_trylock(spinlock_t *lock)
{
	if (lock->locked)
		return false;
	spin_lock(lock);
	return true;
}

static inline bool spin_is_locked(spinlock_t *lock)
{
	return lock->locked;
}

#define spin_lock_init(lock)	((lock)->locked = 0)
#define spin_lock_irqsave(lock, flags) do {				\
	local_irq_save(flags);						\
	spin_lock(lock);						\
} while (0)
#define spin_unlock_irqrestore(lock, flags) do {			\
	spin_unlock(lock);						\
	local_irq_restore(flags);					\
} while (0)
#define lockdep_assert_held(lock)	BUG_ON(!(lock)->locked)
