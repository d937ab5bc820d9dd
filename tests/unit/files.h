/* A folder of its own for a test, and the files in it. Whatever fails here fails the test. */
#ifndef UNIT_FILES_H
#define UNIT_FILES_H

#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"
#include "common/span.h"

enum { FILES_PATH = 256 };

/* Makes a fresh folder and says where. */
void files_open(char path[FILES_PATH]);
/* Removes it with all that is in it. */
void files_close(const char *path);
/* "path/name", good until the next call. */
const char *files_at(const char *path, const char *name);
/* Makes the file, or makes it anew, with these bytes. */
void files_put(const char *path, const char *name, struct span bytes);
/* What is in it, to be freed. */
struct buf files_get(const char *path, const char *name);
bool files_exist(const char *path, const char *name);
void files_assert(const char *path, const char *name, struct span bytes);
/* From here on no file of this process may grow beyond so many bytes. */
void files_limit(size_t bytes);
void files_unlimit(void);

#endif
