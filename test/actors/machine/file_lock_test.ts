import { assert, assertEquals } from "@std/assert";
import { letGo } from "../../../actors/machine/file_lock.ts";

// S5.23
Deno.test({
  name: "letGo() unlocks a file also where a process that is being started still has it",
  ignore: Deno.build.os !== "linux",
  fn() {
    const c = Deno.dlopen("libc.so.6", {
      dup: { parameters: ["i32"], result: "i32" },
      close: { parameters: ["i32"], result: "i32" },
    });
    const path = Deno.makeTempFileSync({ prefix: "troupe-test-" });
    try {
      const file = Deno.openSync(path, { read: true, write: true });
      assert(file.tryLockSync(true));
      const open = [...Deno.readDirSync("/proc/self/fd")].find(({ name }) => isOpen(name, path))!;
      const copy = c.symbols.dup(Number(open.name)); // as a fork makes it
      letGo(file);
      using other = Deno.openSync(path, { read: true, write: true });
      const isFree = other.tryLockSync(true);
      assertEquals(c.symbols.close(copy), 0);
      assert(isFree);
    } finally {
      c.close();
      Deno.removeSync(path);
    }
  },
});

function isOpen(descriptor: string, path: string): boolean {
  try {
    return Deno.readLinkSync(`/proc/self/fd/${descriptor}`) === path;
  } catch {
    return false;
  }
}
