/*
 * top_terminal: the terminal of `top`: its modes, its size and its signals. Above top_screen.
 *
 * The terminal is put back at every end: at exit(), at a signal that ends the process, a crash
 * among them, and while the process is stopped. Plain ANSI sequences, as every terminal knows them.
 */
#ifndef TASKMASTER_CLIENT_CLI_TOP_TERMINAL_H
#define TASKMASTER_CLIENT_CLI_TOP_TERMINAL_H

#include "top_screen.h"

#include <stdbool.h>

/* Standard input and output are a terminal that knows cursor movement. */
bool top_terminal_is_there(void);

/* Takes the terminal over. Returns a descriptor, readable after a signal or a change of size; -1
 * after a complaint. */
int top_terminal_open(void);

/* Puts the terminal back. May be called again. */
void top_terminal_close(void);

/* Reads what the descriptor has to tell. Returns the signal that asks for the end, or 0. Afterwards
 * size and screen may be others. */
int top_terminal_signal(void);

/* Columns of standard output, as far as it is a terminal; else `otherwise`. */
int top_terminal_cols(int otherwise);

/* Fits the screen to the terminal. */
void top_terminal_fit(struct top_screen *screen);

/* Shows the screen: only lines that differ from those shown. `all`: every line. */
void top_terminal_show(const struct top_screen *screen, bool all);

#endif
