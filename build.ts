/**
 * A door: `deno run -A build.ts config.json` is `troupe build config.json`.
 *
 * @module
 */
import { main } from "./main.ts";

if (import.meta.main) Deno.exit(await main(["build", ...Deno.args]));
