// What is read as input: which kind of file it is, and what is no file, or no text, at all.
import { assertEquals, assertThrows } from "@std/assert";
import { isConfig, readInput } from "../../../actors/input/input.ts";
import { TempFolder } from "../temp_folder.ts";
import { InputError } from "../../../graph/input/input_error.ts";

// K3
Deno.test("readInput() opens nothing but regular files", () => {
  using folder = new TempFolder();
  const socket = `${folder.path}/socket`;
  using _listener = Deno.listen({ transport: "unix", path: socket });
  for (const path of [folder.path, socket, "/dev/null"]) {
    const { message } = assertThrows(() => readInput(path, "Task file"), InputError);
    assertEquals(message, `Cannot read task file '${path}': not a regular file`);
  }
});

// K6
Deno.test("readInput() takes UTF-8 and nothing else, and says where that ends", () => {
  using folder = new TempFolder();
  const path = `${folder.path}/t.txt`;
  const read = (bytes: Iterable<number>) => {
    Deno.writeFileSync(path, Uint8Array.from(bytes));
    return readInput(path, "Task file");
  };
  const text = "\ufeffé: echo €𝄞\r\n";
  assertEquals(read(new TextEncoder().encode(text)), text);
  assertEquals(read(new TextEncoder().encode("a: echo \ufffd")), "a: echo \ufffd");
  const wrong: [string, number[]][] = [
    ["line 1, column 15", bytes('a: printf "caf\xe9"\n')],
    ["line 3, column 2", bytes("a\r\nb\nc\xff")],
    ["line 1, column 2", bytes("a\xe2\x82")],
    ["line 1, column 1", bytes("\xff\xfea\0:\0")],
    ["line 1, column 4", [...new TextEncoder().encode("€𝄞"), 0xed, 0xa0, 0x80]],
  ];
  for (const [place, content] of wrong) {
    const { message } = assertThrows(() => read(content), InputError);
    assertEquals(message, `Cannot read task file '${path}': not UTF-8 at ${place}`);
  }

  function bytes(latin: string): number[] {
    return [...latin].map((char) => char.charCodeAt(0));
  }
});

// K43
Deno.test("isConfig() goes by the name, and where that says nothing by how the file begins", () => {
  using folder = new TempFolder();
  const names = ["build.json", "build.jsonc", "BUILD.JSON", "x.txt"];
  assertEquals(names.map(isConfig), [true, true, true, false]);
  const contents = ['{"tasks": []}', "\ufeff \n// why\n{}", "/* why */ {}", "# why\na: echo {}", "", "a: //b"];
  const kinds = contents.map((content, at) => {
    Deno.writeTextFileSync(`${folder.path}/file${at}`, content);
    return isConfig(`${folder.path}/file${at}`);
  });
  assertEquals(kinds, [true, true, true, false, false, false]);
  assertEquals([isConfig(`${folder.path}/none`), isConfig(folder.path)], [false, false]);
});
