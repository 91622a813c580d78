#pragma once
extern unsigned long jiffies;
