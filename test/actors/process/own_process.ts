/**
 * Owns tests of what a whole process has, such as its descriptors: other test files run in the same one.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";

/** Runs a program in a process of its own, and answers with the JSON that it prints. */
export async function inOwnProcess(
  url: string,
  ...args: readonly string[]
  // deno-lint-ignore no-explicit-any
): Promise<any> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", fromFileUrl(url), ...args],
    stdin: "null",
  }).output();
  assertEquals(code, 0, new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout));
}

/** How many descriptors this process has open. */
export function openDescriptors(): number {
  return [...Deno.readDirSync("/proc/self/fd")].length;
}
