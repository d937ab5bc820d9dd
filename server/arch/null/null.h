/* The architecture `null`: answers set_name and swallows the rest, to weigh what measures the others. */
#ifndef NULL_NULL_H
#define NULL_NULL_H

struct arch;
extern const struct arch arch_null;

#endif
