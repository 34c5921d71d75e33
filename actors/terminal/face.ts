/**
 * Owns the words for how a run shows itself, and the choice of the log that does so.
 * It is told the same events whatever the face; the words are graph/'s, the writing is the reporter's.
 *
 * @module
 */

/**
 * `lines` tells each start and end, the same in a file as in a pipe. `live` lets only scroll by what needs attention, with
 * a view of what runs below it, and is for terminals. `stream` is lines with all that tasks print as it comes, `group` is
 * lines with what each task printed in one block; `github` and `gitlab` are the same for the logs of these.
 */
export type Face = "lines" | "live" | "stream" | "group" | CiFace;

/** Faces for the logs of a CI. */
export type CiFace = "github" | "gitlab";

/** Every face, as they are typed. */
export const FACES = ["lines", "live", "stream", "group", "github", "gitlab"] as const satisfies readonly Face[];

/** Whether it is for the log of a CI; that holds also where little is to be said. */
export function isCi(face: Face | undefined): face is CiFace {
  return face === "github" || face === "gitlab";
}
