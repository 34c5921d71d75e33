import { assertEquals } from "@std/assert";
import { denoScripts, leftOutReason, npmScripts } from "../../../graph/init/scripts.ts";

function reasonFor(name: string, text: string) {
  return leftOutReason({ name, text, command: "" });
}

// S6.15
Deno.test("leftOutReason() knows what may not end, what changes what people wrote, and what only has others run", () => {
  const endless = [["dev", "x"], ["start", "node ."], ["web:serve", "x"], ["t", "vitest --watch"], [
    "x",
    "nodemon a.js",
  ]];
  for (const [name, text] of endless) assertEquals(reasonFor(name, text), "they may not end", name);
  const changing = [["fmt", "x"], ["lint:fix", "x"], ["lint", "eslint --fix ."], ["deploy", "x"], ["f", "deno fmt"]];
  for (const [name, text] of changing) assertEquals(reasonFor(name, text), "they change more than artifacts", name);
  const groups = [
    ["ci", "npm run lint && npm run test"],
    ["all", "deno task a && deno task b"],
    ["p", "run-p lint test:*"],
    ["a", "pnpm run -s b"],
  ];
  for (const [name, text] of groups) assertEquals(reasonFor(name, text), "they have others run", name);
  const tasks = [
    ["build", "tsc -p ."],
    ["test", "npm run build && node --test"],
    ["fmt:check", "deno fmt --check"],
    ["format-check", "prettier --check ."],
    ["starter", "node starter.js"],
    ["typecheck", "tsc --noEmit"],
    ["lint", "eslint . --watch=false"],
  ];
  for (const [name, text] of tasks) assertEquals(reasonFor(name, text), undefined, name);
});

// S6.15
Deno.test("leftOutReason() leaves what has all packages do something to the packages' own tasks", () => {
  const script = { name: "build", text: "turbo run build", command: "" };
  assertEquals(leftOutReason(script, { hasMembers: true }), "they have others run");
  assertEquals(leftOutReason(script), undefined);
});

// S6.15
Deno.test("npmScripts() leaves hooks to npm, and quotes names", () => {
  const scripts = { build: "tsc", prebuild: "rm -rf dist", pretty: "x", "a b": "x", odd: 1 };
  assertEquals(npmScripts(scripts, "pnpm").map(({ name, command }) => [name, command]), [
    ["build", "pnpm run build"],
    ["pretty", "pnpm run pretty"],
    ["a b", "pnpm run 'a b'"],
  ]);
});

// S6.15
Deno.test("denoScripts() takes both forms; one with dependencies runs alone", () => {
  const tasks = {
    a: "deno check .",
    b: { command: "echo 'b'", dependencies: ["a"], description: "B" },
    c: { dependencies: ["a", "b"] },
    d: { command: "deno test" },
    e: 7,
  };
  assertEquals(denoScripts(tasks), [
    { name: "a", text: "deno check .", command: "deno task -q a" },
    {
      name: "b",
      text: "echo 'b'",
      command: `deno task -q --eval 'echo '\\''b'\\'''`,
      description: "B",
      needs: ["a"],
    },
    { name: "c", text: "", command: "deno task -q --eval ''", needs: ["a", "b"], isGroup: true },
    { name: "d", text: "deno test", command: "deno task -q d" },
  ]);
});
