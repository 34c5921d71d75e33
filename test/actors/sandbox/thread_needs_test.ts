import { assertEquals } from "@std/assert";
import { resolve } from "@std/path";
import { keptFlags } from "../../../actors/sandbox/thread_needs.ts";

// K114
Deno.test("keptFlags() keeps what finds the same modules, by paths that hold in any folder, and no rights", () => {
  const flags = [
    ...["deno", "run", "-A", "--allow-read=/x", "--unstable-worker-options", "--import-map", "map.json", "-q"],
    ...["--lock=deno.lock", "--no-npm", "--cert", "/etc/cert.pem", "--preload=file:///p.ts", "--conditions", "dev"],
    ...["--v8-flags=--max-old-space-size=64", "--config", "deno.json", "--inspect", "main.ts"],
  ];
  assertEquals(keptFlags(flags), [
    "--unstable-worker-options",
    `--import-map=${resolve("map.json")}`,
    `--lock=${resolve("deno.lock")}`,
    "--no-npm",
    "--cert=/etc/cert.pem",
    "--preload=file:///p.ts",
    "--conditions=dev",
    "--v8-flags=--max-old-space-size=64",
  ]);
});
