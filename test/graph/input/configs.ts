/**
 * Owns how tests of the build config ask it: for the config, for the sentences of its diagnostics, or for all that is shown.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { type BuildConfig, parseBuildConfig } from "../../../graph/input/build_config.ts";
import { placeFinder } from "../../../graph/input/config_places.ts";
import { renderDiagnostic, Source } from "../../../graph/input/source.ts";

/** The config of a text without diagnostics. */
export async function good(text: string): Promise<BuildConfig> {
  const { config, diagnostics } = await parseBuildConfig(text);
  assertEquals(diagnostics, []);
  assert(config);
  return config;
}

/** The first lines of all diagnostics in a config; `object` stands for its text. */
export async function messages(object: unknown): Promise<string[]> {
  const text = typeof object === "string" ? object : JSON.stringify(object);
  const { config, diagnostics } = await parseBuildConfig(text);
  assertEquals(config, undefined);
  return diagnostics.map((diagnostic) => diagnostic.message);
}

/** The diagnostics of a config with one task 'a', good but for the given fields. */
export function inTask(fields: Record<string, unknown>): Promise<string[]> {
  return messages({ tasks: [{ name: "a", output_artifact: "out/a", ...fields }] });
}

/** All diagnostics as they are shown. */
export async function shown(text: string): Promise<string> {
  const { diagnostics } = await parseBuildConfig(text);
  const find = placeFinder(text);
  return diagnostics.map((diagnostic) => renderDiagnostic(diagnostic, new Source("build.json", text), find)).join(
    "\n\n",
  );
}
