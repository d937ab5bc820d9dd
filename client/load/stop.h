/* The signals that ask a run to end. */
#ifndef LOAD_STOP_H
#define LOAD_STOP_H

/* From here on SIGINT, SIGTERM and SIGHUP are heard, and a second one ends the program. SIGPIPE is ignored. */
void stop_listen(void);
/* The signal that came; 0: none. */
int stop_heard(void);

#endif
