/**
 * Owns what a member does that was to be given a task which others have registered otherwise than it knows it: its input is
 * read anew, as it may have been edited, and it joins again. Where that changes nothing, it is the member that must go.
 *
 * @module
 */
import { basename } from "@std/path/posix/basename";
import type { Reporter } from "../terminal/reporter.ts";
import type { JoinEnd, MembershipContext } from "./member_run.ts";
import { quote } from "../../graph/text.ts";

/** What differs when it joins again. */
export type Rejoined = Pick<MembershipContext, "startsOver" | "membership">;

/** How a member joins, and joins again. */
export interface Rejoining<Input> {
  /** Undefined when it has to be done once more. */
  readonly join: (input: Input, how: Rejoined) => Promise<JoinEnd | undefined>;
  /** Reads the input anew. */
  readonly reload: () => Promise<Input>;
  readonly startsOver: boolean;
  readonly reporter: Reporter;
}

/** Joins, and joins again for as long as that helps. The answer has the counts of all that it did. */
export async function joinAgain<Input extends { readonly source: string }>(
  first: Input,
  { join, reload, reporter, startsOver }: Rejoining<Input>,
): Promise<JoinEnd> {
  const counts = { executed: 0, hits: 0, failed: 0 };
  const seen = new Set<string>();
  let input = first, how: Rejoined = { startsOver };
  while (true) {
    try {
      const end = await join(input, how);
      if (end === undefined) continue;
      for (const key of ["executed", "hits", "failed"] as const) counts[key] += end.counts[key];
      const { outdated, membership } = end;
      how = { startsOver: false, membership };
      if (outdated === undefined || membership === undefined) return { ...end, counts, outdated: undefined };
      const key = JSON.stringify([outdated.id, outdated.fingerprint]);
      const task = `Task ${quote(outdated.id)}`, name = quote(basename(input.source));
      if (seen.has(key)) {
        reporter.error(`${task} is to other members not what it is in ${name}: this one leaves`);
        await membership[Symbol.asyncDispose]();
        return { ...end, counts };
      }
      seen.add(key);
      reporter.error(`${task} is to other members not what it was in ${name}: reading it again`);
      input = await reload();
    } catch (error) {
      await how.membership?.[Symbol.asyncDispose]().catch(() => {}); // the first error is the one to tell
      throw error;
    }
  }
}
