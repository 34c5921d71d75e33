/**
 * Owns how tests of the build config ask it: for the config, for the sentences of its mistakes, or for all that is shown.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { type BuildConfig, parseBuildConfig } from "../../graph/build_config.ts";
import { placeFinder } from "../../graph/config_places.ts";
import { renderMistake, Source } from "../../graph/source.ts";

/** The config of a text without mistakes. */
export async function good(text: string): Promise<BuildConfig> {
  const { config, mistakes } = await parseBuildConfig(text);
  assertEquals(mistakes, []);
  assert(config);
  return config;
}

/** The first lines of all mistakes in a config; `object` stands for its text. */
export async function messages(object: unknown): Promise<string[]> {
  const text = typeof object === "string" ? object : JSON.stringify(object);
  const { config, mistakes } = await parseBuildConfig(text);
  assertEquals(config, undefined);
  return mistakes.map((mistake) => mistake.message);
}

/** The mistakes of a config with one task 'a', good but for the given fields. */
export function inTask(fields: Record<string, unknown>): Promise<string[]> {
  return messages({ tasks: [{ name: "a", output_artifact: "out/a", ...fields }] });
}

/** All mistakes as they are shown. */
export async function shown(text: string): Promise<string> {
  const { mistakes } = await parseBuildConfig(text);
  const find = placeFinder(text);
  return mistakes.map((mistake) => renderMistake(mistake, new Source("build.json", text), find)).join("\n\n");
}
