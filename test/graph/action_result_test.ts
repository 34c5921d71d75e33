// A record goes to a remote cache and comes back as it was, and what is none is not taken for one.
import { assertEquals } from "@std/assert";
import { actionResult, parseActionResult } from "../../graph/action_result.ts";
import type { StoreRecord } from "../../graph/store_record.ts";

const KEY = "0".repeat(64);
const [A, B, C, D] = ["a", "b", "c", "d"].map((digit) => digit.repeat(64));

const RECORD: StoreRecord = {
  outputs: [
    { path: "dist", kind: "folder", sha256: A, size: 12 },
    { path: "out/link", kind: "link", sha256: B, size: 3, mode: 0o644, link: "../a" },
    { path: "out/tool", kind: "file", sha256: C, size: 5, mode: 0o755 },
  ],
  stdout: { base64: "aGk=", size: 2 },
  stderr: { sha256: D, size: 5000, dropped: 7, gapAt: 2500 },
  durationMs: 17,
  lists: [{ sha256: A, size: 9 }],
};

function changed(change: (value: Record<string, unknown>) => void): string {
  const value = JSON.parse(actionResult(KEY, RECORD));
  change(value);
  return JSON.stringify(value);
}

// S5.30
Deno.test("actionResult() has the fields of Bazel's ActionResult, and comes back as it was", () => {
  const text = actionResult(KEY, RECORD), value = JSON.parse(text);
  assertEquals(value.outputFiles, [{
    path: "out/tool",
    digest: { hash: C, sizeBytes: "5" },
    isExecutable: true,
    nodeProperties: { unixMode: 0o755 },
  }]);
  assertEquals(value.outputDirectories, [{ path: "dist", treeDigest: { hash: A, sizeBytes: "12" } }]);
  assertEquals([value.outputSymlinks[0].target, value.exitCode, value.stdoutRaw], ["../a", 0, "aGk="]);
  assertEquals(value.stderrDigest, { hash: D, sizeBytes: "5000" });
  assertEquals(parseActionResult(KEY, text), RECORD);
  const check: StoreRecord = { outputs: [], durationMs: 1 };
  assertEquals(parseActionResult(KEY, actionResult(KEY, check)), check);
});

// S5.32
Deno.test("parseActionResult() believes with a key only what was signed by it for this key of a record", () => {
  const signed = actionResult(KEY, RECORD, "secret");
  assertEquals(parseActionResult(KEY, signed, "secret"), RECORD);
  assertEquals(parseActionResult(KEY, signed), RECORD);
  for (
    const [key, text, secret] of [
      [KEY, signed, "other"],
      [A, signed, "secret"],
      [KEY, actionResult(KEY, RECORD), "secret"],
      [KEY, signed.replace("out/tool", "out/tolo"), "secret"],
      [KEY, signed.replace(/"hmac":"[^"]*"/, '"hmac":null'), "secret"],
    ]
  ) assertEquals(parseActionResult(key, text, secret), "unsigned");
});

// S5.31
Deno.test("parseActionResult() takes no garbage for a record, and nothing that leads out of the folder", () => {
  const bad = [
    "",
    "<html>",
    "null",
    "{}",
    "[1]",
    '{"troupe": {}}',
    changed((value) => value.exitCode = 1),
    changed((value) => delete value.troupe),
    changed((value) => (value.troupe as Record<string, unknown>).form = 2),
    changed((value) => (value.troupe as Record<string, unknown>).order = ["dist"]),
    changed((value) => value.stdoutRaw = "%"),
    ...["../x", "/etc/passwd", "out/../../x", "", "out//x", "./x", "a\0b"].map((path) =>
      changed((value) => {
        (value.outputFiles as { path: string }[])[0].path = path;
        (value.troupe as { order: string[] }).order[2] = path;
      })
    ),
    ...["short", 5, null, "G".repeat(64)].map((hash) =>
      changed((value) => (value.outputFiles as { digest: unknown }[])[0].digest = { hash, sizeBytes: "5" })
    ),
    ...["-1", "x", "1e99"].map((sizeBytes) =>
      changed((value) => (value.outputFiles as { digest: unknown }[])[0].digest = { hash: C, sizeBytes })
    ),
    changed((value) => (value.outputFiles as { nodeProperties: unknown }[])[0].nodeProperties = { unixMode: 0o10000 }),
  ];
  for (const text of bad) assertEquals(parseActionResult(KEY, text), "damaged", text);
});
