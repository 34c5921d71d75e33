// Random templates against the same tasks written out by a plain loop.
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { readExpanded } from "../../../graph/expand/read.ts";
import { checkBuildConfig } from "../../../graph/input/build_config.ts";
import { rounds, seedFor } from "../../random.ts";

const NAMES = ["a.c", "b b.c", "d/e.tar.gz", "Makefile", ".x", "d/$f"];
const LITERALS = ["x", "-", "/", "'", '"', "}", "{ ", "{a,b}", "{{", "${{"] as const;

/** A text as it is written, and as it reads for some values. */
interface Text {
  readonly written: string;
  readonly made: (values: Readonly<Record<string, string>>) => string;
}

function text(names: readonly string[]): fc.Arbitrary<Text> {
  const literal = fc.constantFrom(...LITERALS).map((one): Text => ({
    written: one,
    made: () => one.replace("{{", "{"),
  }));
  const placeholder = fc.constantFrom(...names).map((name): Text => ({
    written: `{${name}}`,
    made: (values) => values[name],
  }));
  return fc.array(fc.oneof(literal, placeholder), { maxLength: 5 }).map((parts) => ({
    // A brace right before a placeholder would be another one.
    written: parts.map(({ written }) => written).join("."),
    made: (values: Readonly<Record<string, string>>) => parts.map(({ made }) => made(values)).join("."),
  })).filter(({ written }) => !/\{\{[^{}]*\}\}/.test(written));
}

function valuesOf(path: string): Record<string, string> {
  const name = path.split("/").at(-1)!, [, stem, ext] = /^(.+?)(\.[^.]*)?$/.exec(name)!;
  const dir = path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : ".";
  return { path, dir, name, stem, ext: ext ?? "" };
}

/** One template, and the tasks that it stands for. */
const template = fc.record({
  files: fc.option(fc.subarray(NAMES), { nil: undefined }),
  matrix: fc.dictionary(
    fc.constantFrom("m", "n-1", "o_"),
    fc.uniqueArray(fc.constantFrom("1", "two", "3 3"), { minLength: 1 }),
    {
      maxKeys: 2,
    },
  ),
}).filter(({ files, matrix }) => files !== undefined || Object.keys(matrix).length > 0).chain(({ files, matrix }) => {
  const names = [...(files === undefined ? [] : ["path", "dir", "name", "stem", "ext"]), ...Object.keys(matrix)];
  return fc.record({
    files: fc.constant(files),
    matrix: fc.constant(matrix),
    names: fc.constant(names),
    content: text(names),
    env: text(names),
  });
});

// S5.13, S5.12
Deno.test("templates come to what a plain loop writes out", () => {
  let accepted = 0;
  const property = fc.property(
    fc.array(template, { minLength: 1, maxLength: 3 }),
    fc.boolean(),
    (templates, hasDefaults) => {
      const defaults = hasDefaults ? { env: { BY_DEFAULT: "{path}" } } : {};
      const matches = new Map<number, readonly string[]>();
      const written: Record<string, unknown>[] = [], plain: Record<string, unknown>[] = [];
      templates.forEach(({ files, matrix, names, content, env }, at) => {
        if (files !== undefined) matches.set(at, files);
        const own = names.map((name) => `{${name}}`).join(":");
        written.push({
          ...(files === undefined ? {} : { for_each: `${at}/*` }),
          ...(Object.keys(matrix).length === 0 ? {} : { matrix }),
          name: `t${at}:${own}`,
          output: `out/${at}/${own.replaceAll("{path}", "{stem}")}`,
          content: content.written,
          env: { E: env.written },
          tags: ["plain"],
        });
        let all: Record<string, string>[] = files === undefined ? [{}] : files.map(valuesOf);
        for (const [name, values] of Object.entries(matrix)) {
          all = all.flatMap((before) => values.map((value) => ({ ...before, [name]: value })));
        }
        for (const values of all) {
          const filled = names.map((name) => values[name]).join(":");
          plain.push({
            name: `t${at}:${filled}`,
            output: `out/${at}/${names.map((name) => values[name === "path" ? "stem" : name]).join(":")}`,
            content: content.made(values),
            env: { ...defaults.env, E: env.made(values) },
            tags: ["plain"],
          });
        }
      });
      const last = (dependencies: readonly string[]) => ({
        name: "last",
        output: "last",
        dependencies,
        env: defaults.env ?? {},
      });
      const value = {
        ...(hasDefaults ? { defaults } : {}),
        tasks: [...written, { name: "last", output: "last", dependencies: ["t*"] }],
      };
      const expanded = readExpanded({ index: 0, folder: "", value, included: [], matches });
      const reference = checkBuildConfig({ tasks: [...plain, last(plain.map(({ name }) => name as string))] });
      const messages = ({ diagnostics }: Pick<typeof expanded, "diagnostics">) =>
        diagnostics.map(({ message }) => message);
      assertEquals(messages(expanded), messages(reference));
      assertEquals(expanded.config?.tasks, reference.config?.tasks);
      if (reference.config !== undefined) accepted++;
    },
  );
  fc.assert(property, { seed: seedFor("templates"), numRuns: rounds(1000) });
  assert(accepted > rounds(1000) / 4, `only ${accepted}`);
});
