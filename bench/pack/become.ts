/**
 * Owns what the package's program does where Deno runs it by itself, as `deno task` and `deno x` do: it becomes the Deno that it
 * would have become by a shell, with the option that modules' threads need. Where that cannot be, it is troupe as it stands.
 *
 * @module
 */
import { entryModule } from "../../actors/machine/entry_modules.ts";
import { configAbove } from "../../actors/sandbox/deno_config.ts";

const LIBRARIES = { linux: "libc.so.6", darwin: "libSystem.dylib" } as Readonly<Record<string, string>>;

/** Does not come back when it succeeds. */
function become(program: string, args: readonly string[]): void {
  const text = (word: string) => new TextEncoder().encode(`${word}\0`);
  const words = [program, ...args].map(text);
  const pointers = words.map((word) => Deno.UnsafePointer.value(Deno.UnsafePointer.of(word)));
  const { symbols } = Deno.dlopen(LIBRARIES[Deno.build.os], {
    execv: { parameters: ["buffer", "buffer"], result: "i32" },
  });
  symbols.execv(words[0], new BigUint64Array([...pointers, 0n]));
}

try {
  const program = decodeURIComponent(entryModule("main").pathname);
  // From a program that lies in the project Deno finds the project's configuration, from others it does not.
  const [holder] = program.split("/node_modules/");
  const config = `${Deno.cwd()}/`.startsWith(`${holder}/`) ? undefined : configAbove(Deno.cwd());
  const options = ["-A", "--unstable-worker-options", ...(config === undefined ? [] : [`--config=${config}`])];
  become(Deno.execPath(), ["run", ...options, program, ...Deno.args]);
} catch {
  // Some right is missing, or this is another system.
}
// Imported by name it would be bundled as a part of both, and never be the program.
const { main } = await import(entryModule("main").href) as typeof import("../../main.ts");
Deno.exit(await main(Deno.args));
