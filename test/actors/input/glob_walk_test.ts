// A walk that is interrupted: by what vanishes while it goes on, and by whoever wants it to end.
import { assertEquals, assertRejects } from "@std/assert";
import { Breath } from "../../../actors/process/breath.ts";
import { GlobWalk } from "../../../actors/input/glob_walk.ts";
import { Stop, StoppedError } from "../../../actors/process/stop_listener.ts";
import { Glob } from "../../../graph/glob.ts";
import { TempFolder } from "../temp_folder.ts";

function project(): TempFolder {
  const folder = new TempFolder();
  for (const name of ["a", "b", "c"]) Deno.writeTextFileSync(`${folder.folder(name)}/x.c`, "");
  return folder;
}

// K1
Deno.test("GlobWalk passes by folders that are gone when their turn comes", async () => {
  using folder = project();
  const take = () => {
    for (const name of ["a", "b"]) if (folder.has(name)) Deno.removeSync(folder.file(name), { recursive: true });
    return Promise.resolve();
  };
  const walk = new GlobWalk(folder.path, { isDue: true, take });
  const { paths, closed, oddities } = await walk.find(new Glob("**/*.c"));
  assertEquals([[...paths], closed.size, oddities.size], [["c/x.c"], 0, 0]);
});

// K21
Deno.test("GlobWalk gives way after each folder if that is due, and ends when it is stopped", async () => {
  using folder = project();
  let count = 0;
  const take = () => ++count === 3 ? Promise.reject(new StoppedError("SIGINT")) : Promise.resolve();
  const walk = new GlobWalk(folder.path, { isDue: true, take });
  await assertRejects(() => walk.find(new Glob("**/*.c")), StoppedError);
  assertEquals(count, 3);
});

// K21
Deno.test("Breath is due after a while, and a stop that comes in it ends the work", async () => {
  const stop = new Stop();
  const breath = new Breath(stop);
  assertEquals(breath.isDue, false);
  while (!breath.isDue);
  await breath.take();
  assertEquals(breath.isDue, false);
  setTimeout(() => stop.ask("SIGTERM"), 0);
  const { signal } = await assertRejects(() => breath.take(), StoppedError);
  assertEquals(signal, "SIGTERM");
});
