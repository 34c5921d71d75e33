import { assertEquals } from "@std/assert";
import { namesOut, shellWord } from "../../graph/command_text.ts";
import { outputsText, Producers } from "../../graph/outputs.ts";
import { simpleCommand } from "../../graph/simple_command.ts";
import type { DeclaredOutput } from "../../graph/task.ts";

function outputs(...all: [path: string, kind: DeclaredOutput["kind"]][]): { readonly outputs: DeclaredOutput[] } {
  return { outputs: all.map(([path, kind]) => ({ path, kind })) };
}

// S5.1
Deno.test("Producers knows who makes a path, what lies in a folder, and what a glob means", () => {
  const producers = new Producers([
    outputs(["a", "file"], ["dist", "folder"]),
    outputs(["out/x", "path"]),
    outputs(["gen/*.ts", "glob"], ["gen/deep/**/*.js", "glob"]),
    outputs(),
  ]);
  const made = ["a", "dist", "dist/x/y", "out/x", "out/x/y", "gen/a.ts", "gen/deep/b/c.js"];
  assertEquals(made.map((path) => producers.get(path)), [0, 0, 0, 1, 1, 2, 2]);
  for (const path of ["a/b", "dis", "distant", "out", "gen", "gen/a.js", "gen/x/a.ts"]) {
    assertEquals(producers.get(path), undefined, path);
  }
  assertEquals([...producers.paths()], ["a", "dist", "out/x"]);
});

Deno.test("outputsText() is what lines show", () => {
  assertEquals(outputsText(outputs(["a", "file"]).outputs), "a");
  assertEquals(outputsText(outputs(["a", "path"], ["b", "folder"]).outputs), "a, b/");
  assertEquals(outputsText([]), "none");
});

// S5.3
Deno.test("a command that names the places of its outputs is known by that", () => {
  for (const text of ['cp a "$OUT"', "cp a $OUT_2", "eval set -- $OUTS", "x ${OUT}"]) {
    assertEquals(namesOut(text), true);
  }
  for (const text of ["cp a dist", "cp a $OUTPUT", "cp $LAYOUT x", "cp a $OUT_x"]) assertEquals(namesOut(text), false);
});

// S5.3
Deno.test("simpleCommand() takes a numbered variable for itself, not for one that it begins with", () => {
  const given = { OUT: "/o", OUT_1: "/one" };
  assertEquals(simpleCommand('cp a "$OUT_1" $OUT ${OUT_1}', given)?.argv, ["cp", "a", "/one", "/o", "/one"]);
  for (const text of ["cp a $OUT_2", 'cp a "$OUT_2"', "cp a $OUTx", 'cp a "$OUTx"']) {
    assertEquals(simpleCommand(text, given), undefined, text);
  }
});

Deno.test("shellWord() is one word to a shell", () => {
  for (const path of ["/a/b-1", "two words", "it's", "$HOME", "*"]) {
    const { stdout } = new Deno.Command("sh", { args: ["-c", `printf %s ${shellWord(path)}`] }).outputSync();
    assertEquals(new TextDecoder().decode(stdout), path);
  }
});
