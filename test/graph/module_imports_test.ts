// What a module imports, by its text.
import { assertEquals } from "@std/assert";
import { importsOf } from "../../graph/module_imports.ts";

Deno.test("importsOf() finds specifiers of all kinds, each once, in order", () => {
  assertEquals(
    importsOf(`
      import def, { type A, b as c } from "./a.ts";
      import * as all from './b.ts';
      import "./c.ts";
      import type { T } from "./types.ts";
      export { d } from "./d.ts";
      export * from "./e.ts";
      import data from "./data.json" with { type: "json" };
      const late = await import("./f.ts");
      import again from "./a.ts";
      import npm from "npm:left@1";
    `),
    ["./a.ts", "./b.ts", "./c.ts", "./types.ts", "./d.ts", "./e.ts", "./data.json", "./f.ts", "npm:left@1"],
  );
});

Deno.test("importsOf() finds nothing in comments, texts and expressions, and nothing that is computed", () => {
  assertEquals(
    importsOf(`
      // import "./a.ts";
      /* import "./b.ts"; */
      const text = 'import "./c.ts"';
      const template = \`import "./d.ts"\`;
      await import("./e" + ".ts");
      await import(name);
      console.log(import.meta.url);
      export const from = "x";
    `),
    [],
  );
  assertEquals(importsOf(""), []);
});

Deno.test("importsOf() reads escapes as the language does", () => {
  assertEquals(importsOf(String.raw`import "./\u0061.ts"; export * from './b\'s.ts';`), ["./a.ts", "./b's.ts"]);
});

Deno.test("importsOf() guesses where a text is no module, rather than miss an import", () => {
  const found = importsOf(
    'import { a } from "./a.ts";\nexport * from "./b.ts";\nimport("./c.ts");\nimport "./d.ts";\n"}}}{',
  );
  assertEquals(found, ["./a.ts", "./b.ts", "./c.ts", "./d.ts"]);
});

Deno.test("importsOf() reads TypeScript with types, generics and regular expressions", () => {
  assertEquals(
    importsOf(`
      import { a } from "./a.ts";
      export function f<T extends string = "x">(value: T): asserts value is T { if (/["'}]/.test(value)) return; }
      abstract class C { declare readonly x: number; private y?: string; constructor(private readonly z = <T,>(t: T) => t) {} }
      const x = { a } satisfies Record<string, unknown>;
      export type { U } from "./u.ts";
    `),
    ["./a.ts"], // a type alone is not loaded
  );
});
