/**
 * Owns the choice between a terminal's comforts and plain text, and the making of a reporter to match.
 *
 * @module
 */
import { Reporter } from "../actors/reporter.ts";

/** What is known of where the lines go. */
export interface Screen {
  readonly lines: "stdout" | "stderr";
  /** A terminal that may be coloured and redrawn. */
  readonly isLive: boolean;
}

/** Looks at the stream for lines: never live with `NO_COLOR` or `CI` set, or on a dumb terminal. */
export function detectScreen(lines: "stdout" | "stderr"): Screen {
  const isSet = (name: string) => (Deno.env.get(name) ?? "") !== "";
  const isLive = Deno[lines].isTerminal() && !isSet("NO_COLOR") && !isSet("CI") && Deno.env.get("TERM") !== "dumb";
  return { lines, isLive };
}

/** A reporter for the screen; colour is loaded only where it is shown. */
export async function createReporter(screen: Screen): Promise<Reporter> {
  if (!screen.isLive) return new Reporter({ lines: screen.lines });
  const { paint } = await import("../actors/live_view.ts");
  return new Reporter({ lines: screen.lines, paint });
}
