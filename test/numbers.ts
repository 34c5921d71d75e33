/**
 * Owns the question which requirements lost their tests: the numbers that tests name (`// S0.21`, `// K3`) at an earlier
 * revision and not any more, and how many assertions there were and are. It runs no test.
 *
 *     deno run -A test/numbers.ts [REVISION]      default main
 *
 * @module
 */
import { dirname, fromFileUrl } from "@std/path";

const ROOT = dirname(dirname(fromFileUrl(import.meta.url)));

interface Named {
  readonly numbers: ReadonlySet<string>;
  readonly tests: number;
  readonly assertions: number;
}

/** What the tests name at a revision; in the working tree unless one is told. */
function namedAt(revision?: string): Named {
  const args = [
    "grep",
    "-h",
    "-E",
    "\\b[SK][0-9]|assert|Test\\(|\\.test\\(",
    ...revision === undefined ? [] : [revision],
  ];
  const { success, stdout, stderr } = new Deno.Command("git", { args: [...args, "--", "test"], cwd: ROOT })
    .outputSync();
  const decoder = new TextDecoder();
  if (!success) throw new Error(decoder.decode(stderr));
  const text = decoder.decode(stdout);
  const count = (pattern: RegExp) => text.match(pattern)?.length ?? 0;
  return {
    numbers: new Set(text.match(/\b(?:S\d+\.\d+[a-z]?|K\d+)\b/g)),
    tests: count(/^ *(?:Deno\.test|rigTest)\(/gm),
    assertions: count(/\bassert\w*\(/g),
  };
}

if (import.meta.main) {
  const before = namedAt(Deno.args[0] ?? "main"), now = namedAt();
  const lost = [...before.numbers.difference(now.numbers)];
  for (const number of lost) console.log(`${number} is named by no test any more`);
  for (const what of ["tests", "assertions"] as const) console.log(`${what}: ${before[what]} before, ${now[what]} now`);
  console.log(`numbers: ${before.numbers.size} before, ${now.numbers.size} now, ${lost.length} lost`);
  Deno.exit(lost.length === 0 ? 0 : 1);
}
