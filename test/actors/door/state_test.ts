// The file that remembers a build with nothing to do, whole and damaged, and the program that goes by it.
import { assert, assertEquals } from "@std/assert";
import config from "../../../deno.json" with { type: "json" };
import { type State, STATE_FILE, stateBytes, stateIn, WORDS } from "../../../actors/door/state.ts";
import { isAsBefore, Looker } from "../../../actors/door/look.ts";
import { Rig, rigTest } from "../../rig.ts";
import { randomFrom, rounds, seedFor } from "../../random.ts";

function stateOf(folder: string, file: string, answer: Partial<State["answer"]> = {}): State {
  using looker = new Looker(folder);
  const words = new Uint32Array(WORDS), paths = new TextEncoder().encode(`${file}\0`);
  assert(looker.look(paths, "itself", words, 0));
  const counts = { itself: 1, target: 0, entries: 0, place: 0, nothing: 0 };
  const asked = { versions: ["1", "2"], args: ["build"], cwd: folder, isTerminal: false, variables: [] };
  const said = { ...asked, text: ["It took ", "s\n"], ...answer };
  return { answer: said, folder, isExact: looker.isExact, counts, paths, words };
}

// S7.3
Deno.test("a state is read as it was written, and as none when a byte of it is another or missing", async () => {
  await using project = new Rig();
  project.write("äöü", "1");
  const state = stateOf(project.folder, "äöü"), bytes = stateBytes(state);
  assertEquals(stateIn(bytes.slice(), () => true), state);
  assertEquals(stateIn(bytes.slice(), () => false), undefined);
  const read = (bytes: Uint8Array<ArrayBuffer>) => {
    try {
      const state = stateIn(bytes, () => true);
      return state !== undefined && isAsBefore(state) ? state : undefined;
    } catch (error) {
      assert(error instanceof SyntaxError || error instanceof RangeError, String(error));
    }
  };
  const random = randomFrom(seedFor("door state"));
  for (let round = 0; round < rounds(2000); round++) {
    const other = bytes.slice();
    // The last two words are those of a folder's entries, and this is none.
    other[random.below(other.length - 8)] ^= 1 << random.below(8);
    assertEquals(read(other), undefined);
  }
  for (let length = 0; length < bytes.length; length++) assertEquals(read(bytes.slice(0, length)), undefined);
});

// S7.3, S7.5b
rigTest("troupe says what it remembers as long as all is as it was, and builds when it is not", async (rig) => {
  rig.write("build.json", { tasks: [{ name: "t", output_artifact: "out", content: "x" }] });
  rig.write("seen", "1");
  rig.write(
    STATE_FILE,
    stateBytes(stateOf(rig.folder, "seen", {
      versions: [config.version, Deno.version.deno],
      variables: [["SEEN", null]],
      text: ["Remembered: ", "\n"],
    })),
  );
  const ask = async (args: readonly string[] = [], env: Record<string, string> = {}) =>
    (await rig.build(args, { env })).stdout.split("\n")[0].replace(/\d+\.\d\d/, "N");
  const built = "Task 't' skipped: cache hit (artifact: out)";
  assertEquals(await ask(), "Remembered: N");
  assertEquals(await ask([], { TROUPE_NEW: "1" }), "Worker 1: Started task 't' (dependencies: none)");
  assertEquals(await ask([], { SEEN: "1" }), built);
  assertEquals(await ask(["--verbose"]), built);
  assertEquals(await ask(), "Remembered: N");
  rig.remove("seen");
  assertEquals(await ask(), built);
});
