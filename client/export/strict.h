/* Whether a text is JSON to the letter. cJSON, which takes it apart, lets pass what is none: 01, 1., tabs within strings. */
#ifndef EXPORT_STRICT_H
#define EXPORT_STRICT_H

#include <stdbool.h>

#include "common/span.h"

/* One object and nothing else, blanks around it apart; in valid UTF-8. What cJSON has no room for is refused as well: more than 500
 * levels, and the character \u0000, behind which it sees nothing. */
bool strict_object(struct span text);

#endif
