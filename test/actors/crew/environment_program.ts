/** A program of options_test.ts: constructs crews while it changes its environment. */
import { Crew } from "../../../actors/crew/crew.ts";

Deno.env.set("TROUPE_IDENTIFIER", "from outside");
const crew = new Crew([]);
Deno.env.set("TROUPE_IDENTIFIER", "later");
const { identifier } = crew;
Deno.env.set("TROUPE_MAX_FAILED_RETRIES", "x");
let refused: string | undefined;
try {
  new Crew([]);
} catch (error) {
  refused = (error as Error).name;
}
console.log(JSON.stringify({ identifier, refused }));
