/**
 * Owns the choice between a terminal's comforts and plain text, and the making of a reporter to match.
 *
 * @module
 */
import type { CiFace } from "../actors/terminal/face.ts";
import { type Guard, Reporter, type Tone } from "../actors/terminal/reporter.ts";
import { later } from "../actors/machine/later.ts";

/** What is known of where the lines go. */
export interface Screen {
  readonly lines: "stdout" | "stderr";
  /** A terminal that may be redrawn. */
  readonly isLive: boolean;
  readonly hasColor: boolean;
}

/** Gives a text the colour of its tone. */
export type Paint = (text: string, tone: Tone) => string;

/**
 * Looks at the stream for lines: never live with `CI` set or on a dumb terminal. What is live has colour but with `NO_COLOR`,
 * and everything has with `FORCE_COLOR`, which is the stronger of the two, as other tools have it.
 */
export function detectScreen(lines: "stdout" | "stderr"): Screen {
  const isSet = (name: string) => (Deno.env.get(name) ?? "") !== "";
  const isLive = Deno[lines].isTerminal() && !isSet("CI") && Deno.env.get("TERM") !== "dumb";
  const forced = Deno.env.get("FORCE_COLOR") ?? "";
  const hasColor = forced === "" ? isLive && !isSet("NO_COLOR") : forced !== "0" && forced !== "false";
  return { lines, isLive, hasColor };
}

/** A reporter for the screen; `isRead`: by GitHub, for commands; default where GitHub says so. */
export async function createReporter(screen: Screen, isRead = detectCi() === "github"): Promise<Reporter> {
  return new Reporter({
    lines: screen.lines,
    paint: await paintFor(screen),
    guard: isRead ? await guard() : undefined,
  });
}

async function guard(): Promise<Guard> {
  const { guardedJson, guardedLines } = await later<typeof import("../graph/report/github.ts")>(
    "../graph/report/github.ts",
    import.meta.url,
  );
  return { lines: guardedLines, json: guardedJson };
}

/** The CI in whose log all is shown, if it is one that is known. */
export function detectCi(): CiFace | undefined {
  if (Deno.env.get("GITHUB_ACTIONS") === "true") return "github";
  return Deno.env.get("GITLAB_CI") === "true" ? "gitlab" : undefined;
}

/** What gives texts their colour, loaded only where there is a screen for it. */
export async function paintFor({ isLive, hasColor }: Screen): Promise<Paint | undefined> {
  if (!isLive && !hasColor) return undefined;
  const { enableColor, paint } = await later<typeof import("../actors/terminal/live_view.ts")>(
    "../actors/terminal/live_view.ts",
    import.meta.url,
  );
  enableColor(hasColor);
  return hasColor ? paint : undefined;
}
