/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_CONTROL_CONTROL_H
#define POLICYD_CONTROL_CONTROL_H

#include <stdbool.h>

/* Both return an exit status, after a message if it is not 0. config: the path
 * of the file with which the policyd runs. */

/* control_status - print its state: as text, or as one JSON object. 1: none
 * runs, or its state needs attention. */
int control_status(const char *config, bool json);

/* control_reload - have it reload, wait for the result, and print it. */
int control_reload(const char *config);

#endif
