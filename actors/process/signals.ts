/**
 * Owns the names of the signals that end, stop and continue this process and what it starts.
 * It holds no code.
 *
 * @module
 */

/** Signals that end a run in good order. */
export type StopSignal = "SIGINT" | "SIGTERM" | "SIGHUP";

/** What a command is ended by: asked to in the words in which troupe was, or made to. */
export type EndSignal = StopSignal | "SIGKILL";

/** What a command is sent: also to stand still, politely or not, and to go on. */
export type JobSignal = EndSignal | "SIGTSTP" | "SIGSTOP" | "SIGCONT";
