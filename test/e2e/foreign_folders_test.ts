// What lies at an output and is nobody's artifact: no build loses it.
import { assertEquals, assertStringIncludes } from "@std/assert";
import { rigTest } from "../rig.ts";
import { executed } from "./said.ts";

const KEPT = ".troupe/replaced";

// S0.34, S5.1
rigTest(
  "a folder that no build has made is kept where a task makes a folder, and comes back if that fails",
  async (rig) => {
    rig.write("src/main.ts", "by hand");
    rig.write("src/deep/x", "too");
    rig.write("lib/main.ts", "by hand");
    rig.write("build.json", {
      tasks: [
        { name: "told", outputs: ["src/"], command: 'test ! -e fail; code=$?; echo made > "$OUT/made"; exit $code' },
        { name: "untold", outputs: ["lib"], command: "test ! -e fail && mkdir lib && echo made > lib/made" },
      ],
    });
    rig.write("fail", "");
    assertEquals((await rig.build()).code, 1);
    const before = ["build.json", "fail", "lib/main.ts", "src/deep/x", "src/main.ts"];
    const files = () => rig.files().filter((path) => !/^\.build_cache|^taskrun/.test(path));
    assertEquals(files(), before);

    rig.remove("fail");
    const { code, stderr } = await rig.build();
    for (const [name, path] of [["told", "src"], ["untold", "lib"]]) {
      const sentence =
        `No build is known to have made what lies at '${path}', which task '${name}' makes: it is kept as '${KEPT}/${path}'\n`;
      assertStringIncludes(stderr, sentence);
    }
    const after = ["deep/x", "main.ts"].map((path) => `${KEPT}/src/${path}`);
    assertEquals([code, files()], [0, [`${KEPT}/lib/main.ts`, ...after, "build.json", "lib/made", "src/made"]]);
    assertEquals(rig.read(`${KEPT}/src/main.ts`), "by hand");
    assertEquals(rig.read(".troupe/.gitignore"), "*\n");

    // What the tasks have made themselves goes as ever, whatever others have put beside it meanwhile.
    rig.write("src/other", "beside");
    const again = await rig.build(["--force"]);
    assertEquals([again.stderr, executed(again), files().length], ["", ["told", "untold"], 6]);

    // Without the cache nobody knows that any more.
    rig.remove(".build_cache.json");
    const forgotten = await rig.build(["--force"]);
    assertStringIncludes(forgotten.stderr, `it is kept as '${KEPT}/src.2'\n`);
    assertEquals(rig.read(`${KEPT}/src.2/made`), "made\n");
  },
);

// S0.34
rigTest(
  "where a folder cannot be kept, nothing is moved: not through a link, nor over what others have put there",
  async (rig) => {
    rig.write("build.json", { tasks: [{ name: "a", outputs: ["dist/"], command: 'echo made > "$OUT/made"' }] });
    rig.write("dist/hand", "by hand");
    rig.write("elsewhere/theirs", "");
    const ways: Record<string, () => void> = {
      link: () => Deno.symlinkSync("../elsewhere", rig.path(KEPT)),
      file: () => rig.write(KEPT, ""),
      pipe: () => rig.fifo(KEPT),
    };
    Deno.mkdirSync(rig.path(".troupe"));
    for (const [kind, put] of Object.entries(ways)) {
      put();
      const { code, stdout } = await rig.build(["--no-store"]);
      assertEquals(code, 1, kind);
      assertStringIncludes(
        stdout,
        `Cannot prepare artifact 'dist': '${KEPT}', where what lies there is kept, is no folder: remove it`,
      );
      assertEquals([rig.read("dist/hand"), rig.files("elsewhere")], ["by hand", ["elsewhere/theirs"]], kind);
      rig.remove(KEPT);
    }
  },
);
