// After any edits of headers troupe does the steps that ninja would do, on the same project with a real compiler.
import { assertEquals, assertStringIncludes } from "@std/assert";
import { HeaderProject, updateFiles } from "../../fixtures/c_headers/project.ts";
import { randomFrom, rounds, seedFor } from "../random.ts";
import { type Rig, rigTest } from "../rig.ts";
import { executed } from "./said.ts";

const lacking = ["cc", "ninja"].filter((program) => !isHere(program));
if (lacking.length > 0) console.log(`Not compared with ninja: ${lacking.join(" and ")} not found`);

function isHere(program: string): boolean {
  try {
    return new Deno.Command(program, { args: ["--version"], stdout: "null", stderr: "null" }).outputSync().success;
  } catch {
    return false;
  }
}

/** Runs a program in a folder of the project's, and answers with what it printed. */
async function said(rig: Rig, cwd: string, [program, ...args]: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await rig.spawn(program, args, { cwd }).ended;
  assertEquals(code, 0, stdout + stderr);
  return stdout;
}

/** The steps that ninja would do, sorted. */
async function ninjaSteps(rig: Rig): Promise<string[]> {
  const text = await said(rig, "ninja", ["ninja", "-n"]);
  return [...text.matchAll(/\] STEP (.+)$/gm)].map(([, step]) => step).sort();
}

// S5.7
rigTest("build does what ninja would do after random edits, moves, deletions and shadowing of headers", async (rig) => {
  const seed = seedFor("headers");
  const project = new HeaderProject(randomFrom(seed));
  let files = project.files();
  rig.write("ninja/x", "");
  rig.write("troupe/x", "");
  for (const folder of ["ninja", "troupe"]) updateFiles(rig.path(folder), new Map(), files);
  const first = await rig.ask(["build"], { cwd: "troupe" });
  assertEquals({ code: first.code, ran: executed(first).length }, { code: 0, ran: 34 });
  await said(rig, "ninja", ["ninja"]);
  for (let round = 0; round < rounds(30); round++) {
    const edits = Array.from({ length: 1 + round % 3 }, () => project.edit());
    const next = project.files();
    for (const folder of ["ninja", "troupe"]) updateFiles(rig.path(folder), files, next);
    files = next;
    const expected = await ninjaSteps(rig);
    const looked = await rig.ask(["build", "--dry-run"], { cwd: "troupe" });
    const built = await rig.ask(["build"], { cwd: "troupe" });
    const would = [...looked.stdout.matchAll(/^Task '(.+)' would run: /gm)].map(([, name]) => name).sort();
    const where = `seed ${seed}, round ${round}: ${edits.join("; ")}`;
    assertEquals({ code: built.code, would, ran: executed(built) }, { code: 0, would: expected, ran: expected }, where);
    await said(rig, "ninja", ["ninja"]);
    assertEquals(await said(rig, "troupe", ["build/app"]), await said(rig, "ninja", ["build/app"]), where);
    assertEquals(executed(await rig.ask(["build"], { cwd: "troupe" })), [], where);
  }
}, { ignore: lacking.length > 0 });

// S5.7
rigTest("names of headers that make writes otherwise are found as the compiler writes them", async (rig) => {
  const names = ["my header.h", "a#b.h", "c$d.h", "e\\f.h", "g:h.h", "ünï.h", "%i(j).h", "k\\ l.h", "m=n;o&p.h"];
  names.forEach((name, at) => rig.write(`inc/${name}`, `#define N${at} 1\n`));
  rig.write("a.c", names.map((name) => `#include "${name}"\n`).join("") + "int a = N0;\n");
  rig.write("build.json", {
    tasks: [{
      name: "a",
      source_files: ["a.c"],
      output_artifact: "out/a.o",
      command: 'cc -Iinc -MMD -MP -MF "$DEPFILE" -c a.c -o "$OUT"',
      depfile: "$DEPFILE",
    }],
  });
  assertEquals((await rig.ask(["build"])).code, 0);
  for (const [at, name] of names.entries()) {
    rig.write(`inc/${name}`, `#define N${at} 2\n`);
    const { stdout } = await rig.ask(["build", "--verbose"]);
    assertStringIncludes(stdout, `Task 'a' must run: input changed: inc/${name}\n`);
    assertEquals(executed(await rig.ask(["build"])), []);
  }
}, { ignore: lacking.includes("cc") });
