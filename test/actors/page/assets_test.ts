// The page's own files as the one script that they become.
import { assert, assertEquals, assertThrows } from "@std/assert";
import { joined, readAssets, SCRIPTS } from "../../../actors/page/assets.ts";

const FOLDER = new URL("../../../actors/page/browser/", import.meta.url);

// S6.13
Deno.test("every module of the page's script is in it, behind all that it imports, and finds what it asks for", () => {
  const files = [...Deno.readDirSync(FOLDER)].flatMap(({ name }) => /^(\w+)\.js$/.exec(name)?.[1] ?? []);
  assertEquals([...SCRIPTS].sort(), files.sort());
  const exported = new Map<string, Set<string>>();
  for (const name of SCRIPTS) {
    const text = Deno.readTextFileSync(new URL(`${name}.js`, FOLDER));
    for (const [, words, from] of text.matchAll(/^import \{([^}]*)\} from "\.\/(\w+)\.js";$/gm)) {
      for (const word of words.split(",").map((word) => word.trim()).filter((word) => word !== "")) {
        assert(exported.get(from)?.has(word), `${name} imports ${word} from ${from}`);
      }
    }
    assertEquals(
      text.match(/^import /gm)?.length ?? 0,
      text.match(/^import \{[^}]*\} from "\.\/\w+\.js";$/gm)?.length ?? 0,
    );
    exported.set(
      name,
      new Set([...text.matchAll(/^export (?:async )?(?:function|const) (\w+)/gm)].map(([, word]) => word)),
    );
  }
});

// S6.13
Deno.test("modules that have names in common are one script all the same", () => {
  const script = joined([
    ["one", `/** One. */\nconst SAME = 1;\nexport function get() {\n  return SAME;\n}\n`],
    ["two", `import { get } from "./one.js";\nconst SAME = 2;\nexport const sum = get() + SAME;\n`],
    ["three", `import { sum } from "./two.js";\nthrow new Error(String(sum));\n`],
  ]);
  assertThrows(() => new Function(script)(), Error, "3");
});

// S6.13
Deno.test("neither script nor style could end its element, or ask for anything elsewhere", async () => {
  const { markup, style, script } = await readAssets();
  for (const text of [style, script]) {
    assert(!/<\/(?:script|style)|<!--/i.test(text));
    assert(!/https?:\/\/(?!www\.w3\.org\/2000\/svg)|@import|url\((?!#)/.test(text.replaceAll('"url(#tip)"', "")));
  }
  assertEquals([...markup.matchAll(/<!-- (\w+) -->/g)].map(([, name]) => name), [
    ...["policy", "title", "style", "data", "script"],
  ]);
  assert(script.length < 60_000, `${script.length} characters`);
});
