/* What names and texts may be. Each rule gives NULL when all is well, else the sentence that says what is allowed. */
#ifndef COMMON_RULES_H
#define COMMON_RULES_H

#include "common/span.h"

const char *rules_user(struct span name);
const char *rules_chat(struct span name);
/* Emptiness, UTF-8 and control characters. The length is the desk's to judge: it depends on an option. */
const char *rules_text(struct span text);

#endif
