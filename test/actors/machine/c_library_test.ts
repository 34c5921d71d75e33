// Functions of the C library, by their addresses and compiled.
import { assert, assertEquals } from "@std/assert";
import { openCLibrary } from "../../../actors/machine/c_library.ts";

const SIGNATURES = {
  getpid: { parameters: [], result: "i32" },
  lengthOf: { name: "strlen", parameters: ["buffer"], result: "usize" },
  waiting: { name: "usleep", parameters: ["u32"], result: "i32", nonblocking: true },
} as const satisfies Deno.ForeignLibraryInterface;

const ignore = Deno.build.os !== "linux";

Deno.test({
  name: "functions of the C library do the same by their addresses as compiled, also for who has them already",
  ignore,
  fn: async () => {
    using library = openCLibrary(SIGNATURES);
    assert(library !== undefined);
    const { functions } = library;
    const answers = async () => {
      const length = functions.lengthOf(new TextEncoder().encode("seven ä\0"));
      return [functions.getpid(), length, await functions.waiting(1)];
    };
    const before = await answers(), slow = functions.getpid;
    assertEquals(before, [Deno.pid, 8n, 0]);
    library.compile();
    assert(functions.getpid !== slow);
    assertEquals(await answers(), before);
    assertEquals(slow(), Deno.pid);
  },
});

Deno.test({
  name: "a function that the C library does not have is no reason to fail",
  ignore,
  fn: () => {
    assertEquals(openCLibrary({ ...SIGNATURES, nosuch: { parameters: [], result: "i32" } }), undefined);
  },
});
