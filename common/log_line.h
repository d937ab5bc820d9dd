/* Records of the log as lines of JSON. The log's writer alone calls this: it keeps the date's text between calls. */
#ifndef COMMON_LOG_LINE_H
#define COMMON_LOG_LINE_H

#include <cjson/cJSON.h>

#include "common/log_internal.h"

/* A line's object without its data; *data is where that goes. NULL, both, without memory. */
cJSON *log_line_begin(int64_t wall, enum log_level level, const char *stage, const char *message, cJSON **data);
/* The line's text, to be freed; NULL when there is no memory. The object is gone afterwards. */
char *log_line_end(cJSON *line);
/* Both, for a record of the ring; a line that can't be whole is none. */
char *log_line(const struct log_record *record);

#endif
